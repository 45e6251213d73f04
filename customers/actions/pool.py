"""Into the pool and out of it again. A claim is a race: one gets the customer, the others are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from crm.actions import journal, records
from crm.actions.notifications import notify
from crm.models import Team, User
from customers.actions import customers
from customers.models import Customer, PoolMove, PoolRule, PoolRules, pool_release
from customers.models.pool import QUIET


@dataclass(frozen=True)
class Room:
    """How much a person may still claim; None where there is no limit."""

    has: int
    capacity: int | None
    claimed_today: int
    claims_per_day: int | None

    @property
    def left(self) -> int | None:
        limits = [(self.capacity, self.has), (self.claims_per_day, self.claimed_today)]
        free = [max(limit - used, 0) for limit, used in limits if limit is not None]
        return min(free) if free else None


def room_of(person: User, rule: PoolRule, now: datetime) -> Room:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Room(
        has=Customer.objects.alive().owned_by(person).count(),
        capacity=rule.capacity,
        claimed_today=PoolMove.objects.claims_of(person, since=midnight).count(),
        claims_per_day=rule.claims_per_day,
    )


@transaction.atomic
def claim(customer: Customer, *, by: User, at: datetime) -> Customer:
    """The customer is `by`'s from now on, in their team, unless somebody was faster or there is no room for it."""
    # The person first: who claims twice at once is counted twice. Then the customer, whom two may want.
    User._base_manager.select_for_update(no_key=True).get(pk=by.pk)
    rule = PoolRules().of(by.team_id)
    _refuse_too_many(room_of(by, rule, at))
    locked = Customer._base_manager.select_for_update(of=("self",)).get(pk=customer.pk)
    if locked.is_in_bin or locked.owner_id is not None:
        raise ValidationError(_("Somebody was faster: %(customer)s is no longer in the pool.") % {"customer": locked})
    _refuse_again(locked, by, rule, at)
    pool = locked.team
    team = by.team or pool
    claimed = records.update(locked, {"owner": by, "team": team}, by=by, at=at, event="claimed")
    customers.note_standing(claimed, by=by, at=at)
    _note(claimed, PoolMove.Type.CLAIMED, person=by, pool=pool, by=by, at=at)
    return claimed


def claim_many(wanted: Iterable[Customer], *, by: User, at: datetime) -> int:
    """Claims one after the other until there is no more room; returns how many it got. Those that others got are left.

    Nobody gets a part without being told why: where it got none, the reason is raised. Undone as one: they are in the
    pool again, and stay among what was claimed that day.
    """
    got, refusal = 0, None
    with journal.recording(kind=Customer.kind, message=gettext_noop("Claimed from the pool"), by=by, at=at):
        for customer in wanted:
            try:
                with transaction.atomic():
                    claim(customer, by=by, at=at)
                got += 1
            except ValidationError as error:
                refusal = error
    if refusal is not None and not got:
        raise refusal
    return got


@transaction.atomic
def release(customer: Customer, *, reason: str, by: User | None, at: datetime, to_company: bool = False) -> Customer:
    """Nobody's any longer: it goes to the pool of its team, or to that of the whole company.

    What is still open stays with whoever has it. One that nobody owns stays where it is.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the customer goes to the pool.")})
    return _let_go(customer, PoolMove.Type.RELEASED, reason.strip(), None if to_company else customer.team, by, at)


def release_many(given: QuerySet[Customer], *, reason: str, by: User, at: datetime, to_company: bool = False) -> int:
    """One by one, those that are `by`'s to give away; undone as one: they are whose they were."""
    theirs = given.filter(pk__in=Customer.objects.releasable_by(by).order_by().values("pk"))
    with journal.recording(kind=Customer.kind, message=gettext_noop("Released to the pool"), by=by, at=at):
        return sum(
            release(each, reason=reason, by=by, at=at, to_company=to_company).owner_id is None for each in theirs
        )


def release_quiet(now: datetime) -> int:
    """Everybody's customers without contact for longer than the rules allow go back; doing it again does nothing."""
    done = 0
    rules = PoolRules()
    for rule in rules.releasing():
        for quiet in pool_release.quiet(rule, rules.teams_of(rule), now, before=timedelta(0)):
            done += _take_back(quiet, rule, rules, now)
    return done


def announce(team: int | None, at: datetime) -> None:
    """By the rule that counts for the team from now on: what it finds overdue is warned of before it is released."""
    PoolRule.objects.filter(pk=PoolRules().of(team).pk).update(releases_since=at)


def announce_moved_team(team: int, left: int | None, at: datetime) -> None:
    """A team that became part of another one may have come under the rule of that one."""
    rules = PoolRules()
    if rules.of(team).team_id != team and rules.of(team) != rules.of(left):  # not under one of its own all along
        announce(team, at)


def warn_owners(now: datetime) -> int:
    """Tell each owner, once, which customers will go back to the pool soon; returns how many were told of."""
    told = 0
    rules = PoolRules()
    for rule in rules.releasing():
        for quiet in pool_release.quiet(rule, rules.teams_of(rule), now, before=timedelta(days=rule.warn_days)):
            notify(
                quiet.customer.owner,
                gettext_noop("%(customer)s goes to the pool on %(day)s unless you are in touch with them."),
                values={"customer": quiet.customer.name, "day": timezone.localtime(quiet.due).date().isoformat()},
                url=reverse("customer-detail", args=[quiet.customer.pk]),
                # A contact moves the day, and that is worth a warning of its own.
                key=f"pool-warning-{quiet.customer.pk}-{quiet.due:%Y%m%d}",
                at=now,
            )
            told += 1
    return told


@transaction.atomic
def _take_back(quiet: pool_release.Quiet, rule: PoolRule, rules: PoolRules, now: datetime) -> int:
    locked = Customer._base_manager.select_for_update(of=("self",)).get(pk=quiet.customer.pk)
    owner = locked.owner
    # Asked again under the lock: somebody may have called, or handed it over, since it was found.
    if owner is None or owner != quiet.customer.owner or not pool_release.is_quiet(locked, rules, now):
        return 0
    sentence = QUIET % {"days": rule.release_after_days}
    _let_go(locked, PoolMove.Type.TAKEN_BACK, sentence, locked.team, None, now)
    notify(
        owner,
        gettext_noop("%(customer)s is in the pool again: no contact for %(days)s days."),
        values={"customer": locked.name, "days": rule.release_after_days},
        url=reverse("pool-list"),
        key=f"pool-taken-back-{locked.pk}-{now:%Y%m%d}",
        at=now,
    )
    return 1


def _let_go(
    customer: Customer, how: PoolMove.Type, reason: str, pool: Team | None, by: User | None, at: datetime
) -> Customer:
    locked = Customer._base_manager.select_for_update(of=("self",)).get(pk=customer.pk)
    owner: Any = locked.owner
    if owner is None or locked.is_in_bin:
        return locked
    event = "released" if how == PoolMove.Type.RELEASED else "taken_back"
    freed = records.update(locked, {"owner": None, "team": pool}, by=by, at=at, event=event)
    customers.note_standing(freed, by=by, at=at)
    _note(freed, how, person=owner, pool=pool, by=by, at=at, reason=reason)
    if how == PoolMove.Type.RELEASED and by != owner:
        notify(
            owner,
            gettext_noop("%(by)s put %(customer)s into the pool: %(reason)s"),
            values={"by": str(by or ""), "customer": freed.name, "reason": reason},
            url=reverse("pool-list"),
            key=f"pool-released-{freed.pk}-{freed.version}",
            at=at,
        )
    return freed


def _note(
    customer: Customer,
    how: PoolMove.Type,
    *,
    person: User,
    pool: Team | None,
    by: User | None,
    at: datetime,
    reason: str = "",
) -> None:
    PoolMove.objects.create(customer=customer, type=how, person=person, team=pool, by=by, at=at, reason=reason[:200])


def foretold_claim(wanted: QuerySet[Customer], *, user: User, now: datetime) -> list[str]:
    """How many of these there is room for, before one is left without."""
    room = room_of(user, PoolRules().of(user.team_id), now).left
    if room is None or room >= wanted.count():
        return []
    said = ngettext(
        "Only %(count)s of them: that is how many you may still claim.",
        "Only %(count)s of them: that is how many you may still claim.",
        room,
    )
    return [said % {"count": room}]


def foretold_release(given: QuerySet[Customer], *, user: User, now: datetime) -> list[str]:
    theirs = Customer.objects.releasable_by(user).order_by().values("pk")
    left = given.exclude(pk__in=theirs).count()
    said = ngettext(
        "%(count)s of them stays: it is not yours to give away, or in the pool already.",
        "%(count)s of them stay: they are not yours to give away, or in the pool already.",
        left,
    )
    return [said % {"count": left}] if left else []


def _refuse_too_many(room: Room) -> None:
    if room.capacity is not None and room.has >= room.capacity:
        sentence = ngettext(
            "You have %(has)s customer, as many as you may. Release one first.",
            "You have %(has)s customers, as many as you may. Release one first.",
            room.has,
        )
        raise ValidationError(sentence % {"has": room.has})
    if room.claims_per_day is not None and room.claimed_today >= room.claims_per_day:
        sentence = ngettext(
            "You claimed %(count)s customer today, as many as you may in a day.",
            "You claimed %(count)s customers today, as many as you may in a day.",
            room.claimed_today,
        )
        raise ValidationError(sentence % {"count": room.claimed_today})


def _refuse_again(customer: Customer, by: User, rule: PoolRule, at: datetime) -> None:
    """Whoever let it go leaves it to the others for a while."""
    since = at - timedelta(days=rule.reclaim_after_days)
    if rule.reclaim_after_days and PoolMove.objects.releases_of(customer, by, since).exists():
        sentence = _("You had %(customer)s yourself: for %(days)s days the others may claim it first.")
        raise ValidationError(sentence % {"customer": customer, "days": rule.reclaim_after_days})
