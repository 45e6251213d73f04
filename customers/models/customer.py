from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule
from crm.models import Record
from crm.models.configured_code import CodeField
from crm.models.custom_field import custom_values_field, custom_values_index
from crm.models.indexes import for_sorting
from crm.models.prepared import Prepared
from crm.models.record import RecordQuerySet
from crm.search.normalise import sort_key
from customers.models import tidy
from customers.models.churn_reason import ChurnReason
from customers.models.collaborator import Collaborator
from customers.models.source_channel import SourceChannel
from customers.models.tag import tags_field


class HealthBand(models.TextChoices):
    """A health score from 0 to 100 in words; the bounds are those that lists filter by."""

    # The words of the score itself (evaluation.models.health), so that list and page say the same.
    GOOD = "good", _("healthy")
    FAIR = "fair", _("watch")
    POOR = "poor", _("at risk")

    @property
    def bounds(self) -> tuple[int, int]:
        """Lowest and highest score of the band."""
        return {self.GOOD: (70, 100), self.FAIR: (40, 69), self.POOR: (0, 39)}[self]

    @classmethod
    def of(cls, score: int | None) -> HealthBand | None:
        if score is None:
            return None
        return next(band for band in cls if band.bounds[0] <= score)


_collaborations = Prepared(lambda user: Collaborator.objects.filter(user=user).values_list("customer_id"))
_collaborations_to_edit = Prepared(
    lambda user: Collaborator.objects.filter(user=user, may_edit=True).values_list("customer_id")
)


def _ids(asked: Prepared, access: Access) -> list[int]:
    return [pk for (pk,) in asked(access.user.pk or 0)]


class CustomerQuerySet(RecordQuerySet):
    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Collaborators work on one customer of somebody else's, or read it."""
        rules = super().extra_rules(access, verb)
        if verb in (Verb.VIEW, Verb.EDIT, Verb.EXPORT):
            # Ids, not a subquery: the planner can then combine the indexes of all rules.
            if verb == Verb.EDIT:
                ids = access.ids("collaborations to edit", lambda: _ids(_collaborations_to_edit, access))
            else:
                ids = self.ids_shared_with(access)
            if ids:
                rules.append(Rule("collaborator", _("the person collaborates on the customer"), Q(pk__in=ids)))
        return rules

    def ids_shared_with(self, access: Access) -> list[int]:
        return access.ids("collaborations", lambda: _ids(_collaborations, access))

    def active(self) -> Self:
        return self.filter(lifecycle=Customer.Lifecycle.ACTIVE)

    def won_back(self) -> Self:
        """Active again after they had left."""
        return self.active().filter(won_back_at__isnull=False)

    def with_person(self, contact: Any) -> Self:
        """Where somebody works today."""
        return self.filter(contact_links__contact=contact, contact_links__ended_on=None)

    def unowned(self) -> Self:
        return self.filter(owner__isnull=True)

    def restorable_by(self, user: Any) -> Self:
        """One that was merged comes back by undoing the merge, with what was its own."""
        return super().restorable_by(user).filter(merged_into=None)

    def merged_away(self) -> Self:
        return self.filter(merged_into__isnull=False)

    def releasable_by(self, user: Any) -> Self:
        """Owned by somebody: who has it, or whoever may assign it, puts it into the pool."""
        return self.shareable_by(user).filter(owner__isnull=False)

    def shareable_by(self, user: Any) -> Self:
        """Whose owner, or whoever may assign it, decides who works on it too; a collaborator does not."""
        return self.permitted(user, Verb.ASSIGN) | self.editable_by(user).filter(owner=user)


class Customer(Record):
    """The organisation or person we sell to and serve."""

    kind: ClassVar[str] = "customer"

    class Form(models.TextChoices):
        ORGANISATION = "organisation", _("organisation")
        PERSON = "person", pgettext_lazy("form of a customer", "person")

    class Lifecycle(models.TextChoices):
        PROSPECT = "prospect", _("prospect")
        ACTIVE = "active", pgettext_lazy("lifecycle", "active")
        CHURNED = "churned", _("churned")

    class Tier(models.TextChoices):
        A = "A", _("A: key customer")
        B = "B", _("B: growing customer")
        C = "C", _("C: regular customer")

    class LocatedBy(models.TextChoices):
        """Who said where it is; without coordinates of its own it is where its city is."""

        ENTERED = "entered", pgettext_lazy("coordinates", "entered")
        IMPORTED = "imported", pgettext_lazy("coordinates", "imported")

    name = models.CharField(_("name"), max_length=200)
    sort_name = models.CharField(max_length=200, editable=False)  # folded and accent-free; Chinese by its pinyin
    form = models.CharField(_("form"), max_length=12, choices=Form.choices, default=Form.ORGANISATION)
    lifecycle = models.CharField(_("lifecycle"), max_length=10, choices=Lifecycle.choices, default=Lifecycle.PROSPECT)
    churn_reason = models.ForeignKey(
        ChurnReason, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("why it left"),
    )  # fmt: skip
    won_back_at = models.DateTimeField(_("won back"), null=True, blank=True, editable=False)  # the last time
    tier = models.CharField(_("tier"), max_length=1, choices=Tier.choices, blank=True)
    channel = CodeField(_("source channel"), max_length=12, of=SourceChannel, blank=True)
    # Once known, where a customer came from is kept for ever: see models/source.py.
    campaign = models.CharField(_("campaign"), max_length=120, blank=True, default="", db_default="")
    first_contact_on = models.DateField(_("first contact"), null=True, blank=True)
    referred_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="referred", db_index=False,
        verbose_name=_("referred by"),
    )  # fmt: skip
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    number = models.CharField(_("registration number"), max_length=60, blank=True)
    website = models.URLField(_("website"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    # Given by somebody. Most customers have none and are where their city is: see models/position.py.
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    located_by = models.CharField(
        _("coordinates known by"), max_length=8, choices=LocatedBy.choices, blank=True, default="", db_default="",
        editable=False,
    )  # fmt: skip
    founded = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = models.DecimalField(_("annual revenue"), max_digits=18, decimal_places=2, null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries", verbose_name=_("subsidiary of")
    )
    # Nobody there is written to, but for answers to what they asked themselves: see models/writing.py.
    do_not_contact = models.BooleanField(_("do not contact"), default=False, db_default=False)
    do_not_contact_reason = models.CharField(_("why not"), max_length=200, blank=True, default="", db_default="")
    tags = tags_field()
    notes = models.TextField(_("notes"), blank=True)
    custom = custom_values_field()
    # Written by evaluation through `actions.customers.rate`, so that lists can filter by it.
    health = models.PositiveSmallIntegerField(_("health"), null=True, blank=True, editable=False)
    # Recency, frequency and value of the orders, 1 to 5 each, as three digits; written by sales, see models/rfm.py.
    rfm = models.PositiveSmallIntegerField("RFM", null=True, blank=True, editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), null=True, blank=True, editable=False)
    # In the bin, and what was its own is that customer's: see actions/merging.py.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged", db_index=False
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="customer_email_is_lower_case"),
            models.CheckConstraint(condition=~Q(pk=models.F("parent")), name="customer_is_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(pk=models.F("referred_by")), name="customer_is_not_referred_by_itself"),
            models.CheckConstraint(
                condition=Q(lifecycle="churned", churn_reason__isnull=False)
                | (~Q(lifecycle="churned") & Q(churn_reason=None)),
                name="customer_churned_has_a_reason",
                violation_error_message=_("Say why the customer left: only one that left has a reason."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(deleted_at__isnull=False) & ~Q(pk=models.F("merged_into"))),
                name="customer_merged_is_in_the_bin",
            ),
            models.CheckConstraint(
                condition=Q(health__isnull=True) | Q(health__lte=100), name="customer_health_at_most_100"
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None, located_by="")
                | Q(latitude__isnull=False, longitude__isnull=False, located_by__in=["entered", "imported"]),
                name="customer_position_is_whole",
                violation_error_message=_("Latitude and longitude go together: give both or neither."),
            ),
            models.CheckConstraint(
                condition=Q(latitude=None) | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="customer_position_is_on_earth",
                violation_error_message=_("A latitude is between -90 and 90, a longitude between -180 and 180."),
            ),
        ]
        indexes = [
            *for_sorting("customer", sometimes=("last_activity_at", "health", "rfm")),
            models.Index(fields=["-updated_at", "-id"], name="customer_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="customer_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="customer_team", condition=Q(deleted_at=None)),
            models.Index(fields=["sort_name", "id"], name="customer_sort_name", condition=Q(deleted_at=None)),
            # The pool in its order: of an owner that is none, `customer_owner` gives no order.
            models.Index(fields=["-updated_at", "-id"], name="customer_pool", condition=Q(deleted_at=None, owner=None)),
            models.Index(fields=["created_at", "id"], name="customer_created", condition=Q(deleted_at=None)),
            # A file names customers by their numbers, some hundred at a time.
            models.Index(fields=["number"], name="customer_number", condition=Q(deleted_at=None)),
            models.Index(fields=["referred_by"], name="customer_referred", condition=Q(referred_by__isnull=False)),
            models.Index(fields=["merged_into"], name="customer_merged", condition=Q(merged_into__isnull=False)),
            # How many there are of a filter is told up to 10,000: without these, as many rows are read as there are.
            models.Index(fields=["lifecycle"], name="customer_lifecycle", condition=Q(deleted_at=None)),
            models.Index(fields=["tier"], name="customer_tier", condition=Q(deleted_at=None)),
            # The map: each city once, and who is there.
            models.Index(fields=["city", "country"], name="customer_city", condition=Q(deleted_at=None) & ~Q(city="")),
            models.Index(
                fields=["latitude", "longitude"],
                name="customer_position",
                condition=Q(deleted_at=None, latitude__isnull=False),
            ),
            GinIndex(fields=["tags"], name="customer_tags", condition=Q(deleted_at=None)),
            custom_values_index("customer_custom"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.email, self.phone = tidy.one_line(self.name), tidy.email(self.email), tidy.phone(self.phone)
        self.campaign = tidy.one_line(self.campaign)
        self.do_not_contact_reason = tidy.one_line(self.do_not_contact_reason) if self.do_not_contact else ""
        if self.pk and self.referred_by_id == self.pk:
            raise ValidationError({"referred_by": _("A customer cannot have been referred by itself.")})
        if self.parent_id and self.pk and self._is_above(self.parent_id):
            raise ValidationError({"parent": _("A customer cannot be a subsidiary of one of its own subsidiaries.")})

    def _is_above(self, customer_id: int) -> bool:
        """Whether this customer is `customer_id` or stands somewhere above it."""
        seen: set[int] = set()
        above: int | None = customer_id
        while above and above not in seen:
            if above == self.pk:
                return True
            seen.add(above)
            above = Customer._base_manager.filter(pk=above).values_list("parent_id", flat=True).first()
        return False

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_name = sort_key(self.name)[:200]
        super().save(*args, **kwargs)

    @property
    def rfm_text(self) -> str:
        """The three digits as people read them: recency, frequency, value."""
        return "-".join(str(self.rfm)) if self.rfm else ""

    @property
    def is_churned(self) -> bool:
        return self.lifecycle == self.Lifecycle.CHURNED

    @property
    def is_won_back(self) -> bool:
        """Active again after it had left."""
        return self.lifecycle == self.Lifecycle.ACTIVE and self.won_back_at is not None

    @property
    def phone_for_reading(self) -> str:
        return tidy.phone_for_reading(self.phone)

    @property
    def health_band(self) -> HealthBand | None:
        return HealthBand.of(self.health)
