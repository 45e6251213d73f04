"""Where a person or a customer is reached: addresses and numbers, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access import fields
from crm.joining import comma
from crm.models.checked import CheckedTogether
from customers.models import tidy
from customers.models.contact import Contact
from customers.models.customer import Customer

# Of these the record itself has one, in the field of that name: the first one.
IN_A_FIELD = ("email", "phone")
KEY = 320


class ContactPointQuerySet(models.QuerySet["ContactPoint"]):
    def of(self, record: Contact | Customer) -> Self:
        return self.filter(**{record.kind: record})

    def of_address(self, address: str) -> Self:
        """A mail address, whoever has it."""
        return self.filter(key=f"email:{tidy.email(address)}")

    def further(self) -> Self:
        return self.filter(is_primary=False)


class ContactPoint(CheckedTogether):
    """One email, phone, postal address or social handle of a contact or a customer.

    The first email and phone stand in the record's own fields, where everything reads them. A row stands beside them
    as soon as there is more to say: a label, an opt-out, that it is invalid. actions/contact_points.py keeps both
    in step.
    """

    class Type(models.TextChoices):
        EMAIL = "email", _("email")
        PHONE = "phone", _("phone")
        ADDRESS = "address", _("postal address")
        HANDLE = "handle", _("social handle")

    class Network(models.TextChoices):
        WECHAT = "wechat", _("WeChat")
        LINKEDIN = "linkedin", _("LinkedIn")
        WHATSAPP = "whatsapp", _("WhatsApp")
        OTHER = "other", pgettext_lazy("social network", "other")

    class Label(models.TextChoices):
        WORK = "work", pgettext_lazy("label of an address", "work")
        PRIVATE = "private", pgettext_lazy("label of an address", "private")
        MOBILE = "mobile", pgettext_lazy("label of an address", "mobile")
        BILLING = "billing", pgettext_lazy("label of an address", "billing")
        DELIVERY = "delivery", pgettext_lazy("label of an address", "delivery")
        OTHER = "other", pgettext_lazy("label of an address", "other")

    class Validity(models.TextChoices):
        UNKNOWN = "unknown", pgettext_lazy("address", "not checked")
        VALID = "valid", pgettext_lazy("address", "valid")
        INVALID = "invalid", pgettext_lazy("address", "invalid")

    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="points")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, related_name="points")
    type = models.CharField(_("type"), max_length=8, choices=Type.choices)
    network = models.CharField(_("network"), max_length=8, choices=Network.choices, blank=True)
    label = models.CharField(_("label"), max_length=8, choices=Label.choices, blank=True)
    value = models.CharField(_("value"), max_length=254)  # of a postal address: street and number
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    key = models.CharField(max_length=KEY, editable=False)  # the same place in the same words: see `key_of`
    is_primary = models.BooleanField(_("first one"), default=False)
    opted_out_at = models.DateTimeField(_("opted out"), null=True, blank=True)
    validity = models.CharField(_("validity"), max_length=7, choices=Validity.choices, default=Validity.UNKNOWN)
    invalid_since = models.DateTimeField(_("invalid since"), null=True, blank=True)
    added_at = models.DateTimeField(_("added"))

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("address or number")
        verbose_name_plural = _("addresses and numbers")
        ordering = ["type", "-is_primary", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=True) ^ Q(customer__isnull=True), name="contact_point_is_of_one"
            ),
            models.UniqueConstraint(fields=["contact", "key"], name="contact_point_once_at_a_contact"),
            models.UniqueConstraint(fields=["customer", "key"], name="contact_point_once_at_a_customer"),
            models.UniqueConstraint(
                fields=["contact", "type"], condition=Q(is_primary=True), name="contact_has_one_first_of_a_type"
            ),
            models.UniqueConstraint(
                fields=["customer", "type"], condition=Q(is_primary=True), name="customer_has_one_first_of_a_type"
            ),
            models.CheckConstraint(
                condition=Q(validity="invalid", invalid_since__isnull=False)
                | (~Q(validity="invalid") & Q(invalid_since__isnull=True)),
                name="contact_point_invalid_has_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(type="handle") & ~Q(network="")) | (~Q(type="handle") & Q(network="")),
                name="contact_point_handle_has_a_network",
            ),
            models.CheckConstraint(condition=~Q(value=""), name="contact_point_says_something"),
        ]
        # A mail that comes back is somebody's, whoever has the address.
        indexes = [models.Index(fields=["key"], name="contact_point_key")]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        self.value = FORMS.get(self.type, tidy.one_line)(self.value)
        self.postal_code, self.city = tidy.one_line(self.postal_code), tidy.one_line(self.city)
        self.country = tidy.one_line(self.country)
        if self.type == self.Type.EMAIL:
            try:
                validate_email(self.value)
            except ValidationError as error:
                raise ValidationError({"value": error.messages}) from None
        self.key = key_of(self.type, self.value, self.network, (self.postal_code, self.city, self.country))

    @property
    def record(self) -> Contact | Customer:
        found = self.contact if self.contact_id else self.customer
        assert found is not None
        return found

    @property
    def is_in_a_field(self) -> bool:
        return self.type in IN_A_FIELD

    @property
    def is_marked(self) -> bool:
        """Whether something is known of it that must not be forgotten when it is no longer used."""
        return self.opted_out_at is not None or self.validity == self.Validity.INVALID

    @property
    def is_invalid(self) -> bool:
        return self.validity == self.Validity.INVALID

    @property
    def text(self) -> str:
        """As people read it: +44 20 7946 0958; Mill Lane 5, LS1 4AP Leeds, United Kingdom."""
        if self.type == self.Type.PHONE:
            return tidy.phone_for_reading(self.value)
        if self.type == self.Type.ADDRESS:
            place = " ".join(filter(None, [self.postal_code, self.city]))
            return comma().join(filter(None, [self.value, place, self.country]))
        return self.value

    @property
    def href(self) -> str:
        """Where a click leads."""
        scheme = {"email": "mailto:", "phone": "tel:"}.get(self.type)
        return f"{scheme}{self.value}" if scheme else ""

    @property
    def icon(self) -> str:
        icons: dict[str, str] = {"email": "mail", "phone": "phone", "address": "map-pin", "handle": "at"}
        return icons[self.type]


FORMS: dict[str, Any] = {ContactPoint.Type.EMAIL: tidy.email, ContactPoint.Type.PHONE: tidy.phone}


def key_of(type: str, value: str, network: str = "", place: Iterable[str] = ()) -> str:
    """What two entries of one address have in common, whoever wrote them."""
    parts = [network, value, *place] if type in ("address", "handle") else [value]
    return f"{type}:{'|'.join(part for part in parts if part).casefold()}"[:KEY]


def in_fields(record: Contact | Customer) -> list[ContactPoint]:
    """The email and the phone that stand in the record's fields, unsaved."""
    return [
        ContactPoint(**{record.kind: record}, type=type, value=value, key=key_of(type, value), is_primary=True)
        for type in IN_A_FIELD
        if (value := getattr(record, type))
    ]


def all_of(record: Any) -> list[ContactPoint]:
    """Everything by which the record is reached, the first of each type first; unsaved where a field says it all.

    Of those whose type is hidden from the reader nothing is said, not even that there is one.
    """
    closed = fields.hidden(record.kind)
    rows = [point for point in record.points.all() if point.type not in closed]
    known = {point.key for point in rows}
    rows += [point for point in in_fields(record) if point.key not in known and point.type not in closed]
    order = list(ContactPoint.Type.values)
    return sorted(rows, key=lambda point: (order.index(point.type), not point.is_primary, point.pk or 0))


def points_of(record: Any) -> Iterable[ContactPoint]:
    """The further ones: those read together with other records', where somebody did."""
    read: Iterable[ContactPoint] | None = getattr(record, "points_read", None)
    if read is None:
        return record.points.all() if record.pk else ()
    return read


def values_of(record: Any, type: str) -> list[str]:
    """Every email, or phone, of a record: that of its field and the further ones."""
    further = [point.value for point in points_of(record) if point.type == type]
    return list(dict.fromkeys([getattr(record, type), *further]))
