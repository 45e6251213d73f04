"""Who is credited with what of a sale, and over which days.

A *split* says it for one kind, revenue or overlay, from a day on, for ever or until another day; splits are only ever
added. For a day that several are about, the one recorded last counts. A split without shares says that everything goes
to the owner again; so it does where there is no split. Of what was won, the split of the day it was won counts: with
none, everything goes to whoever held the opportunity then, and no handover changes that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.models import Team, User
from crm.web import formats
from customers.sales.models.currency import CENT
from customers.sales.models.forecast_period import local_day
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.stage_change import StageChange

ALL = Decimal(1)


class CreditSplitQuerySet(models.QuerySet["CreditSplit"]):
    def on(self, day: date) -> Self:
        """Those that are about a day."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)

    def latest_first(self) -> Self:
        return self.order_by("-pk")


class CreditSplit(models.Model):
    class Kind(models.TextChoices):
        REVENUE = "revenue", _("revenue")  # adds up to 100 %
        OVERLAY = "overlay", _("overlay")  # who helped besides; adds up to anything

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="credit_splits")
    kind = models.CharField(_("kind of credit"), max_length=7, choices=Kind.choices)
    valid_from: date = models.DateField(_("first day"))  # type: ignore[assignment]
    valid_until: date | None = models.DateField(_("last day"), null=True, blank=True)  # type: ignore[assignment]
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    recorded_at = models.DateTimeField(_("recorded"))

    objects: ClassVar[Any] = CreditSplitQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["revenue", "overlay"]), name="credit_split_kind_is_one"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="credit_split_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["opportunity", "kind", "-id"], name="credit_split_latest")]

    def __str__(self) -> str:
        return f"{self.opportunity}: {self.get_kind_display()}"


class CreditShare(models.Model):
    """A person's part of a split, and the team they were in when it was recorded."""

    split = models.ForeignKey(CreditSplit, models.CASCADE, related_name="shares")
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    share = models.DecimalField(_("share"), max_digits=5, decimal_places=4)

    objects: Any = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["split", "person"], name="credit_share_once_a_person"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="credit_share_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.share}"


@dataclass(frozen=True)
class Credit:
    """What one person is credited with on a day."""

    person: User | None
    share: Decimal
    amount: Decimal | None


@dataclass(frozen=True)
class Credited:
    """Of one kind; `split` is None where nobody said anything and the owner has everything."""

    split: CreditSplit | None
    credits: list[Credit]


def day_of(opportunity: Opportunity, today: date) -> date:
    """The day whose splits count: the one it was closed on, or today."""
    return local_day(opportunity.closed_at) if opportunity.closed_at else today


def credited(opportunity: Opportunity, kind: str, day: date) -> Credited:
    """Who has it on a day, in whole cents that add up to the amount where the shares add up to 100 %."""
    related = opportunity.credit_splits.filter(kind=kind).prefetch_related("shares__person")
    split = related.on(day).latest_first().first()
    shares = list(split.shares.all()) if split else []
    if shares:
        amounts = parts(opportunity.amount, [one.share for one in shares])
        given = [Credit(one.person, one.share, amount) for one, amount in zip(shares, amounts, strict=True)]
        return Credited(split, given)
    if kind != CreditSplit.Kind.REVENUE:
        return Credited(split, [])
    return Credited(split, [Credit(_owner(opportunity), ALL, opportunity.amount)])


def parts(amount: Decimal | None, shares: Sequence[Decimal]) -> list[Decimal | None]:
    """Each share of an amount in whole cents: the difference of two rounded sums, so that nothing is lost between them.
    The database does the same (evaluation/kpis/credit.py)."""
    if amount is None:
        return [None] * len(shares)
    rounded, upto = [Decimal(0)], Decimal(0)
    for share in shares:
        upto += share
        rounded.append((amount * upto).quantize(CENT, rounding=ROUND_HALF_UP))
    return [after - before for before, after in pairwise(rounded)]


def stays_with_customers(customers: Any, *, user: Any, now: datetime) -> list[str]:
    """The same of customers: of their opportunities that the person may see."""
    theirs = Opportunity.objects.visible_to(user).filter(customer__in=customers.order_by().values("pk"))
    return stays_credited(theirs, user=user, now=now)


def stays_credited(opportunities: Any, *, user: Any, now: datetime) -> list[str]:
    """What a handover of these opportunities does not move, in words."""
    closed = opportunities.filter(closed_at__isnull=False).count()
    still_open = opportunities.filter(closed_at=None).order_by()
    splits = CreditSplit.objects.on(local_day(now)).filter(opportunity__in=still_open, kind=CreditSplit.Kind.REVENUE)
    counting = splits.order_by("opportunity_id", "-pk").distinct("opportunity_id")
    divided = CreditShare.objects.filter(split__in=counting.values("pk")).values("split").distinct().count()
    said = []
    if closed:
        text = ngettext(
            "%(count)s opportunity is closed: what was won stays credited to whoever won it.",
            "%(count)s opportunities are closed: what was won stays credited to whoever won it.",
            closed,
        )
        said.append(text % {"count": formats.number(closed)})
    if divided:
        text = ngettext(
            "The credit of %(count)s opportunity is divided: it stays with the people named there.",
            "The credit of %(count)s opportunities is divided: it stays with the people named there.",
            divided,
        )
        said.append(text % {"count": formats.number(divided)})
    return said


def _owner(opportunity: Opportunity) -> User | None:
    """Who has it; of what is closed, who had it then."""
    if opportunity.closed_at is None:
        return opportunity.owner
    closing = StageChange.objects.filter(opportunity=opportunity, at=opportunity.closed_at).entries()
    row = closing.select_related("owner").order_by("-pk").first()
    return row.owner if row else opportunity.owner
