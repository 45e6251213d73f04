from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule
from crm.models import Record
from crm.models.record import RecordQuerySet


class CustomerQuerySet(RecordQuerySet):
    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Collaborators work on one customer of somebody else's."""
        rules = super().extra_rules(access, verb)
        if verb in (Verb.VIEW, Verb.EDIT, Verb.EXPORT):
            # Ids, not a subquery: the planner can then combine the indexes of all rules.
            ids = list(Collaborator.objects.filter(user=access.user.pk).values_list("customer_id", flat=True))
            if ids:
                rules.append(Rule("collaborator", _("the person collaborates on the customer"), Q(pk__in=ids)))
        return rules

    def active(self) -> Self:
        return self.filter(lifecycle=Customer.Lifecycle.ACTIVE)

    def prospects(self) -> Self:
        return self.filter(lifecycle=Customer.Lifecycle.PROSPECT)

    def unowned(self) -> Self:
        return self.filter(owner__isnull=True)


class Customer(Record):
    """The organisation or person we sell to and serve."""

    kind: ClassVar[str] = "customer"

    class Form(models.TextChoices):
        ORGANISATION = "organisation", _("organisation")
        PERSON = "person", _("person")

    class Lifecycle(models.TextChoices):
        PROSPECT = "prospect", _("prospect")
        ACTIVE = "active", _("active")
        CHURNED = "churned", _("churned")

    class Tier(models.TextChoices):
        A = "A", _("A: key customer")
        B = "B", _("B: growing customer")
        C = "C", _("C: regular customer")

    class Channel(models.TextChoices):
        REFERRAL = "referral", _("referral")
        WEBSITE = "website", _("website")
        CAMPAIGN = "campaign", _("campaign")
        EVENT = "event", _("event")
        OUTBOUND = "outbound", _("outbound")
        PARTNER = "partner", _("partner")
        OTHER = "other", _("other")

    name = models.CharField(_("name"), max_length=200)
    sort_name = models.CharField(max_length=200, editable=False)  # folded and accent-free; Chinese by its pinyin
    form = models.CharField(_("form"), max_length=12, choices=Form.choices, default=Form.ORGANISATION)
    lifecycle = models.CharField(
        _("lifecycle"), max_length=10, choices=Lifecycle.choices, default=Lifecycle.PROSPECT
    )
    tier = models.CharField(_("tier"), max_length=1, choices=Tier.choices, blank=True)
    channel = models.CharField(_("source channel"), max_length=12, choices=Channel.choices, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    number = models.CharField(_("registration number"), max_length=60, blank=True)
    website = models.URLField(_("website"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    founded = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = models.DecimalField(_("annual revenue"), max_digits=18, decimal_places=2, null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries", verbose_name=_("subsidiary of")
    )
    notes = models.TextField(_("notes"), blank=True)
    # Written by evaluation through `actions.customers.rate`, so that lists can filter by it.
    health = models.PositiveSmallIntegerField(_("health"), null=True, blank=True, editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), null=True, blank=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=~Q(pk=models.F("parent")), name="customer_is_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(health__isnull=True) | Q(health__lte=100), name="customer_health_at_most_100"
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="customer_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="customer_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="customer_team", condition=Q(deleted_at=None)),
            models.Index(fields=["sort_name", "id"], name="customer_sort_name", condition=Q(deleted_at=None)),
            models.Index(fields=["created_at", "id"], name="customer_created", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())

    def save(self, *args: Any, **kwargs: Any) -> None:
        from crm.search.normalise import sort_key

        self.sort_name = sort_key(self.name)[:200]
        super().save(*args, **kwargs)


class Collaborator(models.Model):
    """Somebody who may work on one customer without owning it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return str(self.user)
