"""A lead that is nobody's is given to somebody: by the first rule that fits and has a person free, else the fallback.

One lead after the other, under one lock: two that come in at the same moment see each other's outcome.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from crm.access.permissions import Reach, Verb
from crm.actions import journal
from crm.models import RoleGrant, Team, User
from customers.sales.actions import lead_changes
from customers.sales.models import Giving, Lead, LeadReceiver, LeadRule, LeadSettings

LOCK = zlib.crc32(b"lead-assignment")


@dataclass(frozen=True)
class Gift:
    """Who gets it, and why: what `why` holds is kept with the lead and shown there."""

    owner: User | None
    team: Team | None
    why: dict[str, Any]


@transaction.atomic
def assign(lead: Lead, *, by: User | None, at: datetime) -> Lead:
    """Give it by the rules. One that is somebody's, or closed, stays as it is; where nobody is free it waits."""
    _one_after_the_other()
    lead = lead_changes.lock(lead)
    if lead.owner_id is not None or not lead.is_open or lead.is_in_bin:
        return lead
    gift = _by_rules(lead, at) or _by_form(lead, at) or _by_fallback(lead, at)
    if gift is None:
        return lead
    if gift.owner is None and (gift.team, gift.why) == (lead.team, lead.given):
        return lead  # it waits where it was
    told = {"owner": [None, _named(gift.owner)], "team": [_named(lead.team), _named(gift.team)], "why": gift.why}
    was = journal.columns_of(lead)
    lead.owner, lead.team, lead.given = gift.owner, gift.team or lead.team, gift.why
    journal.note(lead, was, ["owner", "team", "given"])
    lead = lead_changes.store(lead, "assigned", told, by=by, at=at)
    if gift.owner is not None:
        _note_turn(gift.owner, at)
        if gift.owner != by:
            lead_changes.tell_owner(lead, at=at)
    return lead


def assign_many(leads: Iterable[Lead], *, by: User | None, at: datetime) -> int:
    """Each in a transaction of its own, undone as one; returns how many found somebody."""
    given = 0
    with journal.recording(kind=Lead.kind, message=gettext_noop("Given by the rules"), by=by, at=at):
        for lead in leads:
            if lead.owner_id is None:
                given += assign(lead, by=by, at=at).owner_id is not None
    return given


def rules_that_fit(lead: Lead, now: datetime) -> list[LeadRule]:
    """In their order. A rule without conditions fits every lead."""
    rules = list(LeadRule.objects.active().select_related("person", "team").prefetch_related("conditions"))
    if not rules:
        return []
    asked = {f"rule_{rule.pk}": _holds(rule, now) for rule in rules}
    answers: dict[str, Any] = Lead._base_manager.filter(pk=lead.pk).values(**asked).get()  # type: ignore[assignment]
    return [rule for rule in rules if answers[f"rule_{rule.pk}"]]


def _holds(rule: LeadRule, now: datetime) -> Case:
    every = Q()
    for condition in rule.conditions.all():
        every &= condition.holds(now)
    return Case(When(every, then=Value(True)), default=Value(False)) if every else Case(default=Value(True))


def _by_rules(lead: Lead, now: datetime) -> Gift | None:
    passed: list[str] = []
    for rule in rules_that_fit(lead, now):
        gift = _give(rule, {"rule": rule.name}, now)
        if gift is not None:
            return Gift(gift.owner, gift.team, gift.why | ({"passed": passed} if passed else {}))
        passed.append(rule.name)  # nobody there is free
    return None


def _by_form(lead: Lead, now: datetime) -> Gift | None:
    form = lead.form
    if form is None or not form.in_turn:
        return None
    people = _free(User.objects.active().filter(team=form.team), now)
    return _chosen(people, Giving.TURN, {"form": form.name})


def _by_fallback(lead: Lead, now: datetime) -> Gift | None:
    """What came with a team waits there; the rest goes where the settings say."""
    if lead.team_id is not None:
        return None
    return _give(LeadSettings.in_force(), {"fallback": True}, now)


def _give(rule: LeadRule | LeadSettings, why: dict[str, Any], now: datetime) -> Gift | None:
    if rule.person is not None:
        people = _free(User.objects.active().filter(pk=rule.person.pk), now)
        return _chosen(people, "", why)
    if rule.team is None:
        return None
    if rule.giving == Giving.WAIT:
        return Gift(None, rule.team, why | {"how": Giving.WAIT})
    below = rule.with_teams_below if isinstance(rule, LeadRule) else False
    teams = Team.objects.below([rule.team]) if below else [rule.team]
    return _chosen(_free(User.objects.active().filter(team__in=teams), now), rule.giving, why)


def _chosen(people: QuerySet[User], giving: str, why: dict[str, Any]) -> Gift | None:
    order = ("open", "turn", "pk") if giving == Giving.LOAD else ("turn", "pk")
    person: Any = people.order_by(*order).first()
    if person is None:
        return None
    found = {"how": str(giving), "open": person.open}
    if person.capacity is not None:
        found["capacity"] = person.capacity
    return Gift(person, person.team, why | found)


def _free(people: QuerySet[User], now: datetime) -> QuerySet[User]:
    """Those who may work on leads, are here today and can take one more; with their open leads and their turn."""
    granted = RoleGrant.objects.filter(kind=Lead.kind, verb=Verb.EDIT, reach__gt=Reach.NONE)
    able = people.filter(Q(is_superuser=True) | Q(pk__in=User.roles.through.objects.filter(
        role__in=granted.values("role")).values("user")))  # fmt: skip
    here = able.exclude(pk__in=LeadReceiver.objects.absent(_day(now)).values("person"))
    turn = Coalesce(_of_receiver("turn"), Value(0))
    counted = here.annotate(capacity=_of_receiver("capacity"), turn=turn, open=_open_leads())
    return counted.filter(Q(capacity=None) | Q(open__lt=F("capacity"))).select_related("team")


def _of_receiver(column: str) -> Subquery:
    return Subquery(LeadReceiver.objects.filter(person=OuterRef("pk")).values(column))


def _open_leads() -> Any:
    theirs = Lead.objects.alive().open().filter(owner=OuterRef("pk")).order_by().values("owner")
    return Coalesce(Subquery(theirs.annotate(number=Count("pk")).values("number")), Value(0))


def _note_turn(person: User, at: datetime) -> None:
    last = LeadReceiver.objects.aggregate(last=Max("turn"))["last"] or 0
    LeadReceiver.objects.update_or_create(person=person, defaults={"turn": last + 1, "given_at": at})


def _one_after_the_other() -> None:
    """Until the transaction ends, nobody else gives a lead away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _named(record: Any) -> dict[str, Any] | None:
    return {"id": record.pk, "label": str(record)} if record is not None else None


def _day(now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
