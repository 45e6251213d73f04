"""A number's parts and why it changed, as far as the reader's access goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.access import kinds
from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.models import Customer
from customers.sales.models import Campaign
from evaluation import engine, kpis
from evaluation.engine import Explanation, Result, Scope, judgement, judgement_words, scopes, wording
from evaluation.formulas import drivers
from evaluation.formulas.periods import Period
from evaluation.kpis import Aggregation, Kpi, Unit
from evaluation.kpis.declaration import Driver
from evaluation.views import scoping
from evaluation.views.used_values import record_name

MOST_PARTS = 50
TENTH = 0.1
WORTH_SAYING = 0.05  # five points


@dataclass(frozen=True)
class Part:
    name: str
    url: str
    value: str
    interval: str
    n: int
    quality: list[str]


@dataclass(frozen=True)
class Branch:
    """A driver of a product: what it is, and what a tenth better of it alone would do."""

    name: Any
    value: str
    step: str
    effect: str
    then: str


@dataclass(frozen=True)
class Breakdown:
    """`left_out`: parts that are not the reader's to see, or beyond the number shown."""

    dimension: str
    label: Any
    choices: list[dict[str, Any]]
    parts: list[Part]
    left_out: int


def breakdown(kpi: Kpi, scope: Scope, period: Period, user: User, asked: str, now: datetime) -> Breakdown | None:
    """The number per part of a declared dimension, in one statement; None where there is no dimension left."""
    allowed = [name for name in kpi.dimensions if name != scope.kind or name == "team"]
    if asked and asked not in allowed:
        raise Http404(_("This KPI cannot be broken down like that."))
    if not allowed:
        return None
    dimension = asked or allowed[0]
    found = [one for one in engine.by(kpi, dimension, period, scope, now=now) if one.scope != scope]
    seen = visible(dimension, found, user)
    links = are_linked(dimension, user)
    choices = [
        {
            "label": scopes.KINDS[name],
            "url": scoping.query(scope, period, by=name) + "#parts",
            "active": name == dimension,
        }
        for name in allowed
    ]
    shown = [_part(one, kpi, period, links=links) for one in seen[:MOST_PARTS]]
    return Breakdown(dimension, scopes.KINDS[dimension], choices, shown, len(found) - len(shown))


def visible(dimension: str, found: list[Result], user: User) -> list[Result]:
    """Those of the most records first. Numbers of teams, people and customers out of reach are left out; nobody's and
    a channel's are not."""
    return sorted(_within_sight(dimension, found, user), key=lambda one: -one.n)


def are_linked(dimension: str, user: User) -> bool:
    """Whether each part has a page that the person may open."""
    return user.access.reach("measurement", Verb.VIEW) == Reach.ALL or dimension in ("team", "person")


def _within_sight(dimension: str, found: list[Result], user: User) -> list[Result]:
    if user.access.reach("measurement", Verb.VIEW) == Reach.ALL and dimension != "customer":
        return found
    keys = [one.scope.key for one in found if one.scope.key is not None]
    if dimension == "customer":
        visible = set(Customer.objects.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
    elif dimension == "campaign":
        visible = set(Campaign.objects.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
    elif dimension in ("team", "person"):
        visible = _within_reach(dimension, keys, user)
    else:
        return found
    return [one for one in found if one.scope.key is None or one.scope.key in visible]


def _within_reach(dimension: str, keys: list[Any], user: User) -> set[Any]:
    """As `scopes.reachable`, for many at once."""
    reach = user.access.reach("measurement", Verb.VIEW)
    team_ids = {Reach.SUBTREE: user.access.subtree_ids, Reach.TEAM: [user.team_id]}.get(Reach(reach), [])
    if dimension == "team":
        teams = Team.objects.filter(pk__in=keys)  # scoped: by reach
        return set(teams.filter(pk__in=team_ids).values_list("pk", flat=True))
    found = set(User.objects.filter(pk__in=keys, team_id__in=team_ids).values_list("pk", flat=True))  # scoped: by reach
    return found | {user.pk}


def _part(one: Result, kpi: Kpi, period: Period, *, links: bool) -> Part:
    url = ""
    if links and one.scope.key is not None:
        url = reverse("kpi-detail", args=[kpi.code]) + scoping.query(one.scope, period)
    value = wording.shown(one)
    quality = judgement_words.quality(kpi, judgement.quality(one))
    return Part(wording.scope_name(one.scope), url, value, wording.interval(one), one.n, quality)


def partner(result: Result, now: datetime) -> dict[str, str]:
    """What the KPI's partner says of the cohorts of the twelve months until then, where it says something else."""
    if not result.kpi.partner or result.value is None:
        return {}
    kpi, last = kpis.get(result.kpi.partner), min(result.period.last, scoping.today(now))
    year = Period(last - timedelta(days=364), last)
    found = engine.value(kpi, result.scope, year, now=now)
    if found.value is None or abs(float(found.value) - float(result.value)) <= WORTH_SAYING:
        return {}
    said = {
        "name": kpi.name,
        "value": wording.figure(kpi, found.value),
        "difference": wording.difference(kpi, float(found.value) - float(result.value)),
        "n": found.n,
    }
    text = _("%(name)s of the twelve months until then: %(value)s of %(n)s, %(difference)s.") % said
    return {"text": text, "url": reverse("kpi-detail", args=[kpi.code]) + scoping.query(result.scope, year)}


def beside(result: Result, now: datetime) -> list[dict[str, str]]:
    """The KPIs that say it in another way, of the same scope and period."""
    shown = []
    for kpi in map(kpis.get, result.kpi.beside):
        if result.scope.is_company or result.scope.kind in kpi.dimensions:
            found = engine.value(kpi, result.scope, result.period, now=now)
            url = reverse("kpi-detail", args=[kpi.code]) + scoping.query(result.scope, result.period)
            shown.append({"name": str(kpi.name), "value": wording.shown(found), "url": url})
    return shown


def tree(result: Result) -> list[Branch]:
    """The drivers of a product, and how it answers to each: exactly, not "10 % each"."""
    found = []
    for driver, value in zip(result.kpi.drivers, result.drivers, strict=True):
        step = -TENTH if driver.divides else TENTH
        effect = drivers.sensitivity(step, driver.divides)
        shown = wording.figure(replace(result.kpi, unit=driver.unit), _rounded(driver, value), result.currency)
        then = None if result.value is None else float(result.value) * (1 + effect)
        after = wording.figure(result.kpi, then, result.currency)
        found.append(Branch(driver.name, shown, wording.relative(step), wording.relative(effect), after))
    return found


def _rounded(driver: Driver, value: Any) -> Any:
    return value if value is None or driver.unit != Unit.COUNT else round(float(value), 1)


def effects(kpi: Kpi, found: Explanation) -> list[tuple[str, str]]:
    """The change in words: what the parts themselves did, their weights, and parts that came and went."""
    if found.drivers:
        return [(str(one.name), wording.difference(kpi, effect)) for one, effect in found.drivers]
    if found.effects is None:
        return []
    share = kpi.aggregation not in (Aggregation.SUM, Aggregation.COUNT)
    names = [
        (_("The parts themselves") if share else _("What one record is worth"), found.effects.rate),
        (_("Their weights") if share else _("How many records there are"), found.effects.mix),
        (_("Parts that came in"), found.effects.entered),
        (_("Parts that are gone"), found.effects.left),
    ]
    return [(name, wording.difference(kpi, value)) for name, value in names]


def movers(kpi: Kpi, found: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "label": record_name(one.label, one.kind),
            "kind": kinds.get(one.kind).label,
            "url": kinds.get(one.kind).url_for(one.id),
            "effect": wording.difference(kpi, one.effect) if one.effect is not None else "",
        }
        for one in found.movers
    ]
