from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.access import fields
from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule
from crm.joining import bracketed
from crm.models import Record
from crm.models.custom_field import custom_values_field, custom_values_index
from crm.models.indexes import for_sorting
from crm.models.record import RecordQuerySet
from crm.search.normalise import sort_key
from customers.models import tidy
from customers.models.customer import Customer
from customers.models.tag import tags_field


class ContactQuerySet(RecordQuerySet):
    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Whoever may see one of the person's customers may see the person."""
        rules = super().extra_rules(access, verb)
        if verb in (Verb.VIEW, Verb.EXPORT):
            seen = Customer.objects.all().scope_through("customer", access, beside=True)
            # One question for each reason (theirs, their team's): an index alone answers it.
            reasons = [Q(each) for each in seen.children] if seen.connector == Q.OR else [seen] if seen else []
            links: list[Any] = [
                Exists(CustomerContact.objects.filter(each, contact=OuterRef("pk"))) for each in reasons
            ]
            if links:
                rules.append(Rule("customer", _("one of their customers can be seen"), Q.create(links, Q.OR)))
        return rules

    def of_customer(self, customer: Customer) -> Self:
        """The people there, and those who left."""
        return self.filter(customers=customer)

    def working_at(self, customer: Any) -> Self:
        """The people there today: whom one calls and writes to. `customer` may be a queryset."""
        name = "customer_links__customer__in" if isinstance(customer, models.QuerySet) else "customer_links__customer"
        return self.filter(**{name: customer}, customer_links__ended_on=None)

    def with_email(self, address: str) -> Self:
        """By any of their addresses."""
        wanted = tidy.email(address)
        points: Any = self.model._meta.get_field("points").related_model
        further = points.objects.of_address(wanted).values("contact")
        return self.filter(Q(email=wanted) | Q(pk__in=further))


class Contact(Record):
    """A person at one or more customers, with a role at each."""

    kind: ClassVar[str] = "contact"

    name = models.CharField(_("name"), max_length=120)
    sort_name = models.CharField(max_length=120, editable=False)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)  # of mails and surveys
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    do_not_contact_reason = models.CharField(_("why not"), max_length=200, blank=True, default="", db_default="")
    tags = tags_field()
    notes = models.TextField(_("notes"), blank=True)
    custom = custom_values_field()
    customers: models.ManyToManyField[Customer, CustomerContact] = models.ManyToManyField(
        Customer, through="CustomerContact", related_name="contacts"
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="contact_has_a_name"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="contact_email_is_lower_case"),
        ]
        indexes = [
            *for_sorting("contact", "created_at"),
            models.Index(fields=["-updated_at", "-id"], name="contact_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="contact_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="contact_team", condition=Q(deleted_at=None)),
            models.Index(fields=["sort_name", "id"], name="contact_sort_name", condition=Q(deleted_at=None)),
            models.Index(fields=["email"], name="contact_email"),
            GinIndex(fields=["tags"], name="contact_tags", condition=Q(deleted_at=None)),
            custom_values_index("contact_custom"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.email, self.phone = tidy.one_line(self.name), tidy.email(self.email), tidy.phone(self.phone)
        self.do_not_contact_reason = tidy.one_line(self.do_not_contact_reason) if self.do_not_contact else ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_name = sort_key(self.name)[:120]
        super().save(*args, **kwargs)

    @property
    @fields.uncovered
    def has_email(self) -> bool:
        """Also for whoever may write to the person without seeing where."""
        return bool(self.email)

    @property
    def phone_for_reading(self) -> str:
        return tidy.phone_for_reading(self.phone)


class CustomerContact(models.Model):
    """That a person works at, or is, a customer, and as what."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contact_links", verbose_name=_("customer"))
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="customer_links", verbose_name=_("contact"))
    role = models.CharField(_("role"), max_length=80, blank=True)
    is_main = models.BooleanField(_("main contact"), default=False)
    started_on = models.DateField(_("since"), null=True, blank=True)
    # The last day there, once it has come: who left stays in the history and is not offered any more.
    ended_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["-is_main", F("ended_on").desc(nulls_first=True), "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gte=F("started_on")),
                name="contact_leaves_after_coming",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(is_main=False), name="contact_who_left_is_not_the_main_one"
            ),
            models.UniqueConstraint(fields=["customer", "contact"], name="contact_once_at_a_customer"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_main=True), name="customer_has_one_main_contact"
            ),
        ]

    def __str__(self) -> str:
        return bracketed(self.contact, self.role) if self.role else str(self.contact)

    @property
    def has_ended(self) -> bool:
        return self.ended_on is not None
