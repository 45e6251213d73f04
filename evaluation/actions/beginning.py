"""Taking the demo organisation away, so that a real one can begin where it stood: docs/demo.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from crm import events
from crm.access import kinds
from crm.models import Event, EventLink, Role, Team, User, Webhook
from crm.purging import purging
from customers.models import PoolRule
from customers.sales.models import LeadRule, LeadSettings
from evaluation.actions import beginning_tables as tables

FILLED, BEGUN = "team.demo_filled", "team.begun"  # the last of the two says whether this is a demo
MADE = (".created", ".recorded", ".received", ".made")  # how events end that say that a record came to be
PATIENCE = "20s"  # for pages and jobs that are at the records; then nothing is done, and somebody tries again


@dataclass(frozen=True)
class Line:
    code: str
    names: tuple[Any, Any]  # of one, of several
    count: int

    @property
    def label(self) -> Any:
        return self.names[self.count != 1]


@dataclass(frozen=True)
class Outlook:
    """What would go and what would stay, counted now."""

    organisation: Team
    goes: list[Line]
    histories: int  # rows that belong to what goes
    people: list[User]
    teams: list[Team]
    keeps: list[User]
    teams_kept: list[Team]
    stays: list[Line]
    added: list[Line]  # among what goes, entered since the demo was filled
    outsiders: list[tuple[User, list[Line]]]  # who is not of the demo and has records: with them, nothing goes


def filled() -> Event | None:
    """The event that filled the demo this organisation is; none where it is, or has become, a real one."""
    last = Event.objects.filter(type__in=[FILLED, BEGUN]).order_by("pk").last()
    return last if last is not None and last.type == FILLED else None


def is_demo() -> bool:
    return filled() is not None


def outlook(*, reset: bool = False) -> Outlook:
    event = filled()
    if event is None:
        raise ValidationError(_("This is no demo organisation (any more): nothing is taken away."))
    keeps = [user for user in User.objects.order_by("pk") if user.is_staff or user.date_joined != event.at]
    if not any(user.is_staff for user in keeps):
        raise ValidationError(_("There is no active administrator who could sign in afterwards."))
    stays = _teams_that_stay(event, keeps)
    goes, histories = _counted()
    added, outsiders = _entered_since(event)
    return Outlook(
        organisation=Team.objects.get(pk=event.subject_id),
        goes=goes,
        histories=histories,
        people=list(User.objects.exclude(pk__in=[user.pk for user in keeps]).order_by("pk")),
        teams=list(Team.objects.exclude(pk__in=stays).order_by("path_names")),
        keeps=keeps,
        teams_kept=list(Team.objects.filter(pk__in=stays).order_by("path_names")),
        stays=[] if reset else _configured(),
        added=added,
        outsiders=outsiders,
    )


def begin(*, by: User | None, at: datetime, reset: bool = False, name: str = "") -> Outlook:
    """Take away the records and people of the demo. What is configured stays, or is installed anew with `reset`.

    One transaction. `name` is what the organisation is called from now on; as the demo's where it is empty.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('yardstick.begin'))")
        seen = outlook(reset=reset)
        if seen.outsiders:
            raise ValidationError(_("People who are not of the demo have records here: nothing is taken away."))
        log = _log_that_stays(seen.keeps)
        roles = {user: list(user.roles.values_list("code", flat=True)) for user in seen.keeps}
        with purging():
            _empty(reset)
            _let_people_go(seen)
        _write_log(log)
        if reset:
            _install_again(roles)
        _rename(seen.organisation, name)
        gone = {line.code: line.count for line in seen.goes} | {"histories": seen.histories}
        gone |= {"person": len(seen.people), "team": len(seen.teams)}
        events.record(BEGUN, seen.organisation, by=by, at=at, data={"removed": gone, "reset": reset})
        transaction.on_commit(cache.clear)
        transaction.on_commit(lambda: _forget_logins(seen.keeps))
    return seen


def _counted() -> tuple[list[Line], int]:
    """Records by what they are called, most first, and how many rows of theirs there are besides."""
    named = {kind.model: kind for kind in kinds.all_kinds() if kind.model is not None}
    lines, others = [], 0
    for model in tables.models_of(tables.RECORDS):
        count = model._base_manager.count()
        if count and model in named:
            lines.append(Line(named[model].code, _names(named[model]), count))
        else:
            others += count
    return sorted(lines, key=lambda line: -line.count), others


def _names(kind: kinds.Kind) -> tuple[Any, Any]:
    return kind.label, kind.label_plural


def _configured() -> list[Line]:
    counted = ((model._meta, model._base_manager.count()) for model in tables.models_of(tables.NAMED))
    return [
        Line(meta.label_lower, (meta.verbose_name, meta.verbose_name_plural), count) for meta, count in counted if count
    ]


def _entered_since(event: Event) -> tuple[list[Line], list[tuple[User, list[Line]]]]:
    """Records that the demo did not bring and that are still there: of its people and of nobody; and of others."""
    named = {kind.code: kind for kind in kinds.all_kinds() if kind.model in tables.models_of(tables.RECORDS)}
    made = reduce(or_, (Q(type__endswith=ending) for ending in MADE))
    since = Event.objects.filter(made, pk__gt=event.pk, at__gt=event.at, subject_kind__in=named)
    entered: dict[str, dict[int, int | None]] = {}
    for kind, record, person in since.order_by("pk").values_list("subject_kind", "subject_id", "by"):
        entered.setdefault(kind, {}).setdefault(record, person)
    ours = set(User.objects.filter(date_joined=event.at).values_list("pk", flat=True))
    counts: dict[int | None, Counter[str]] = {}
    for kind, people in entered.items():
        for record in _there(named[kind].model, people):
            maker = people[record]
            counts.setdefault(None if maker in ours else maker, Counter())[kind] += 1
    lines = {
        person: [Line(kind, _names(named[kind]), count) for kind, count in counter.most_common()]
        for person, counter in counts.items()
    }
    return lines.pop(None, []), [(person, lines[person.pk]) for person in User.objects.filter(pk__in=lines)]


def _there(model: Any, ids: Iterable[int]) -> list[int]:
    """What was moved to the bin is nobody's loss."""
    rows = model._base_manager.filter(pk__in=list(ids))
    if any(field.name == "deleted_at" for field in model._meta.concrete_fields):
        rows = rows.filter(deleted_at=None)
    return list(rows.values_list("pk", flat=True))


def _teams_that_stay(event: Event, keeps: list[User]) -> set[int]:
    """The organisation itself, teams an administrator added since, those of people who stay; and all above them."""
    since = Event.objects.filter(type="settings.created", data__model="crm.team", pk__gt=event.pk)
    wanted = {event.subject_id, *(int(one.data["id"]) for one in since)}
    wanted |= {user.team_id for user in keeps if user.team_id}
    return {pk for team in Team.objects.filter(pk__in=wanted) for pk in team.path}


def _log_that_stays(keeps: list[User]) -> list[Event]:
    """What was configured, and what happened to those who stay: by themselves or by the program."""
    ids = [user.pk for user in keeps]
    ours = Q(type__startswith="settings.", by__in=ids) | Q(subject_kind=User.kind, subject_id__in=ids)
    return list(Event.objects.filter(Q(by=None) | Q(by__in=ids), ours | Q(type__in=[FILLED, BEGUN])).order_by("pk"))


def _write_log(log: list[Event]) -> None:
    Event.objects.bulk_create(log)
    EventLink.objects.bulk_create(
        EventLink(event=event, kind=event.subject_kind, object_id=event.subject_id, at=event.at) for event in log
    )


def _empty(reset: bool) -> None:
    going = tables.models_of(tables.RECORDS)
    if reset:
        going += [*tables.models_of(tables.CONFIGURATION), User.roles.through]
    at_once = tables.to_truncate(going)
    connection.check_constraints()  # what is still to be checked would be in the way
    quoted = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in at_once)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {quoted}")
    for model in going:
        if model not in at_once:
            model._base_manager.all().delete()


def _let_people_go(seen: Outlook) -> None:
    """What is told about them goes on without them: their teams' work is the organisation's."""
    people, teams = [user.pk for user in seen.people], [team.pk for team in seen.teams]
    Team.objects.filter(manager__in=people).update(manager=None)
    LeadRule.objects.filter(person__in=people).delete()
    LeadSettings.objects.filter(person__in=people).update(person=None, team=seen.organisation)
    Webhook.objects.filter(sees_as__in=people).delete()
    PoolRule.objects.filter(team__in=teams).delete()
    for model in tables.models_of(tables.CONFIGURATION):
        for field in model._meta.concrete_fields:
            if field.related_model is Team:
                rows: Any = model._base_manager.filter(**{f"{field.name}__in": teams})
                rows.update(**{field.name: seen.organisation})
    User.objects.filter(pk__in=people).delete()
    for team in reversed(seen.teams):  # in the order of the tree: those below first
        team.delete()


def _install_again(roles: dict[User, list[str]]) -> None:
    """As the first migrate did; those who stay get the shipped roles they had, and administrators theirs."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
    shipped = {role.code: role for role in Role.objects.all()}
    for user, codes in roles.items():
        administered = user.is_staff and not user.is_superuser
        wanted = {*codes, "administrator"} if administered else set(codes)
        user.roles.set([shipped[code] for code in sorted(wanted & shipped.keys())])


def _rename(team: Team, name: str) -> None:
    team.refresh_from_db()
    if name.strip():
        team.name = name.strip()
        team.full_clean()
        team.save()


def _forget_logins(keeps: list[User]) -> None:
    """`manage.py up` prints them at every start: only those that are still there."""
    path = settings.VAR_DIR / "demo-logins.json"
    if not path.exists():
        return
    known = {user.email for user in keeps}
    logins = [login for login in json.loads(path.read_text()) if login["email"] in known]
    path.write_text(json.dumps(logins, ensure_ascii=False, indent=1))
