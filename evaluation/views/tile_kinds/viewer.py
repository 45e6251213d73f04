"""Who looks at a tile: what it asks is always asked as them, never as whoever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.access.permissions import Verb
from crm.models import User
from evaluation import kpis
from evaluation.engine import Result, Scope, asking, bounded, scopes, stored, wording
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import Measurement, closed
from evaluation.models.tile import When
from evaluation.views import scoping
from evaluation.views.segment_tiles import MILLISECONDS


class NothingToShow(Exception):
    """Part of a tile is gone or not this viewer's to see; the message says which, in a sentence."""


@dataclass(frozen=True)
class Viewer:
    request: HttpRequest
    user: User
    now: datetime


@dataclass(frozen=True)
class Asked:
    """The number a tile is about, for whoever looks at it today."""

    kpi: Kpi
    scope: Scope
    period: Period
    now: datetime

    @classmethod
    def of(cls, said: Mapping[str, Any], viewer: Viewer) -> Asked:
        if not viewer.user.access.may(Measurement.kind, Verb.VIEW):
            raise NothingToShow(_("Your role shows you no numbers."))
        try:
            kpi = kpis.get(said.get("kpi", ""))
        except kpis.UnknownKpi:
            raise NothingToShow(_("This KPI does not exist any more.")) from None
        if closed.is_closed(kpi):
            raise NothingToShow(_("It is made of amounts, and your role does not show them."))
        scope = _scope(said.get("scope", ""), viewer.user)
        try:
            scopes.check(kpi, scope.kind)
            scope = _narrowed(kpi, scope, said.get("segment", ""), viewer.user)
        except scopes.ScopeError:
            raise NothingToShow(_("This KPI cannot be measured for this scope.")) from None
        return cls(kpi, scope, _period(said.get("period", ""), viewer.now), viewer.now)

    @property
    def url(self) -> str:
        return reverse("kpi-detail", args=[self.kpi.code]) + scoping.query(self.scope, self.period)

    @property
    def about(self) -> dict[str, Any]:
        """What every tile about a number says beside it."""
        return {
            "kpi": self.kpi,
            "url": self.url,
            "scope_name": wording.scope_name(self.scope),
            "segment": self.scope.within,
            "period_name": wording.period_name(self.period),
        }

    def course(self, wanted: Sequence[Period]) -> list[Result]:
        """As it was stored; what is not kept, or hardly, is computed: for so long and no longer."""
        if self.scope.within is None:  # of a segment nothing is kept
            course = stored.courses(self.scope, wanted, codes=[self.kpi.code]).get(self.kpi.code)
            if course is not None and course.is_measured and course.measured >= 2:
                return course.results
        found = bounded.series(self.kpi, self.scope, wanted, now=self.now, milliseconds=MILLISECONDS)
        return found if found is not None else late()


def late() -> Any:
    raise NothingToShow(_("It could not be computed in time. Its own page takes the time it needs."))


def _period(code: str, now: datetime) -> Period:
    when = When(code) if code in When.values else When.MONTH
    return when.period_on(scoping.today(now))


def _scope(code: str, user: User) -> Scope:
    found: Scope | None
    if code == "me":
        found = scopes.of_person(user)
    elif code == "my_team":
        found = scopes.of_team(user.team) if user.team else None
    else:
        found = asking.scope_of(user, "" if code == "widest" else code)
    if found is None or not scopes.reachable(user, found):
        raise NothingToShow(_("These numbers are not yours to see, or what they were about is gone."))
    return found


def _narrowed(kpi: Kpi, scope: Scope, segment: str, user: User) -> Scope:
    if not segment:
        return scope
    found = asking.segment_of(user, segment)
    if found is None:
        raise NothingToShow(_("There is no such segment, or it is not yours to see."))
    return asking.narrowed(user, kpi, scope, found)
