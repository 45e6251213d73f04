from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Reach, Verb
from crm.access.querysets import Rule
from crm.models import Team, User
from customers.models.customer import Customer, CustomerQuerySet

# The reason of what was released by itself: kept in these words, and told in those of whoever reads it.
QUIET = gettext_noop("No contact for %(days)s days.")
QUIET_KEPT = re.compile(r"No contact for (\d+) days\.")


def told(reason: str) -> str:
    """Why a customer is in the pool; what a person wrote is told as it was written."""
    quiet = QUIET_KEPT.fullmatch(reason)
    return gettext(QUIET) % {"days": quiet[1]} if quiet else reason


class PoolQuerySet(CustomerQuerySet):
    """Customers that nobody owns. Who sees and claims them is granted on the kind "pool", not on customers."""

    def alive(self) -> Self:
        return super().alive().unowned()

    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """The pool of the person's team, or of those below too; the company's is everybody's who may use a pool."""
        reach = access.reach("pool", verb)
        if reach == Reach.NONE:
            return []
        if reach == Reach.ALL:
            return [Rule("all", _("the role reaches all records of this kind"), Q())]
        rules = [Rule("company", _("it is in the company's pool"), Q(team=None))]
        if reach == Reach.TEAM and access.team_id:
            rules.append(Rule("team", _("it belongs to the person's team"), Q(team=access.team_id)))
        if reach == Reach.SUBTREE and access.subtree_ids:
            reason = _("it belongs to the person's team or one below")
            rules.append(Rule("subtree", reason, Q(team__in=access.subtree_ids)))
        return rules


class PooledCustomer(Customer):
    """A customer as the pool shows it: to be claimed by whoever may."""

    kind: ClassVar[str] = "pool"
    owner_field: ClassVar[str | None] = None

    objects: ClassVar[Any] = PoolQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = _("customer in the pool")
        verbose_name_plural = _("customers in the pool")


class PoolMoveQuerySet(models.QuerySet["PoolMove"]):
    def claims_of(self, person: User, since: datetime) -> Self:
        return self.filter(type=PoolMove.Type.CLAIMED, person=person, at__gte=since)

    def releases_of(self, customer: Customer, person: User, since: datetime) -> Self:
        released = PoolMove.Type.RELEASED, PoolMove.Type.TAKEN_BACK
        return self.filter(customer=customer, person=person, type__in=released, at__gt=since)


class PoolMove(models.Model):
    """A customer came into the pool or out of it. Rows are only ever added."""

    class Type(models.TextChoices):
        CLAIMED = "claimed", _("claimed")
        RELEASED = "released", _("released to the pool")
        TAKEN_BACK = "taken_back", _("back in the pool by itself")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="pool_moves")
    type = models.CharField(_("what"), max_length=10, choices=Type.choices)
    at = models.DateTimeField(_("when"))
    # Who has it from then on, or had it until then.
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("pool"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("why"), max_length=200, blank=True)

    objects: ClassVar[Any] = PoolMoveQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["customer", "-at"], name="pool_move_customer"),
            models.Index(fields=["person", "at"], name="pool_move_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(type="released") | ~Q(reason=""), name="pool_move_release_has_a_reason"
            ),
            # Back by itself means by nobody.
            models.CheckConstraint(
                condition=Q(type="taken_back", by=None) | ~Q(type="taken_back"), name="pool_move_by_itself_is_by_nobody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.at:%Y-%m-%d}"
