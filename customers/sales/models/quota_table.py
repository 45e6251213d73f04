"""The quotas of a year by the tree of teams, month → quarter → year, and how far everybody has come.

**Below** a team is the sum of the quotas of its people and of the teams right under it; what counts of a team is its
own quota for that month, and where it has none, what is below it. Where both are there and differ, that is shown.

**Attainment** of a period to date is what was won in it, as `forecast_figures` says, over its whole quota; **due** is
the part of the quota that would be reached by now at an even pace within each month: whole months that are over, and of
the current one the share of its days that are over or running. **Pace** is what was won over what is due. Without a
quota, or with one of 0, there is nothing to divide by: not defined, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.conf import settings

from crm.models import Team, User
from crm.web import formats
from customers.sales.models.currency import CENT
from customers.sales.models.forecast_figures import won_by
from customers.sales.models.forecast_period import MONTH, Period

Months = list[Decimal | None]


@dataclass
class Attainment:
    """What was won of what was to be won in a period, until today."""

    label: str
    won: Decimal
    quota: Decimal | None
    due: Decimal | None

    @property
    def share(self) -> Decimal | None:
        return self.won / self.quota if self.quota else None

    @property
    def pace(self) -> Decimal | None:
        return self.won / self.due if self.due else None


@dataclass
class Line:
    """A team or a person: twelve quotas, what is below, and what was won in each month."""

    subject: Any
    depth: int
    own: Months = field(default_factory=lambda: [None] * 12)
    below: Months = field(default_factory=lambda: [None] * 12)
    won: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * 12)

    @property
    def is_team(self) -> bool:
        return isinstance(self.subject, Team)

    @property
    def indent(self) -> str:
        return f"ps-{min(self.depth + 2, 5)}"

    @property
    def months(self) -> Months:
        """What counts of each."""
        return [below if own is None else own for own, below in zip(self.own, self.below, strict=True)]

    @property
    def quarters(self) -> list[tuple[Months, Decimal | None]]:
        """The months of each quarter, and their sum."""
        return [(self.months[at : at + 3], total(self.months[at : at + 3])) for at in range(0, 12, 3)]

    @property
    def year(self) -> Decimal | None:
        return total(self.months)

    @property
    def has_figures(self) -> bool:
        return self.year is not None or any(self.won)

    @property
    def gap(self) -> Decimal | None:
        """How far the people's quotas are above the team's own, where both are said; in the months that both are."""
        both = [(o, b) for o, b in zip(self.own, self.below, strict=True) if o is not None and b is not None]
        return sum((below - own for own, below in both), Decimal(0)) if both else None

    def attained(self, today: date, year: int) -> list[Attainment]:
        """Of this month, this quarter and this year; of a year that is over or still to come only the year."""
        if today.year != year:
            return [self._attained(range(12), today, formats.year(year), year)]
        now = today.month - 1
        quarter = range(now // 3 * 3, now // 3 * 3 + 3)
        month, named = Period.of(MONTH, today), Period.of("quarter", today)
        return [
            self._attained(range(now, now + 1), today, month.label, year),
            self._attained(quarter, today, named.label, year),
            self._attained(range(12), today, formats.year(year), year),
        ]

    def _attained(self, places: range, today: date, label: str, year: int) -> Attainment:
        quotas = [self.months[place] for place in places]
        shares = [share_over(date(year, place + 1, 1), today) for place in places]
        said = any(quota is not None for quota in quotas)
        due = sum(((quota or Decimal(0)) * share for quota, share in zip(quotas, shares, strict=True)), Decimal(0))
        won = sum((self.won[place] for place in places), Decimal(0))
        return Attainment(label, won, total(quotas), due.quantize(CENT) if said else None)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is said; None where nothing is."""
    said = [amount for amount in amounts if amount is not None]
    return sum(said, Decimal(0)) if said else None


def share_over(month: date, today: date) -> Decimal:
    """Which part of a month's days is over or running."""
    period = Period.of(MONTH, month)
    if today > period.end:
        return Decimal(1)
    return Decimal((today - period.start).days + 1) / period.end.day if today >= period.start else Decimal(0)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount in parts by weight, in whole cents that add up to it: the cents left over go to the largest remainders,
    of equal ones to the first. The weights are not negative, and not all 0."""
    whole = sum(weights)
    exact = [amount * weight / whole for weight in weights]
    parts = [part.quantize(CENT, rounding=ROUND_DOWN) for part in exact]
    left = int((amount - sum(parts)) / CENT)
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[:left]:
        parts[place] += CENT
    return parts


def pattern_of(subject: Team | User, year: int, zone: tzinfo) -> list[Decimal]:
    """What was won in each month of a year: by a person, or by a team with those below it."""
    return (
        _won("team", _below(subject), year, zone)
        if isinstance(subject, Team)
        else _won("owner", [subject.pk], year, zone)
    )


def table(teams: Sequence[Team], people: Sequence[User], seen: Any, *, year: int, zone: tzinfo) -> list[Line]:
    """The lines in the order of the tree, each team before its people; `seen` are the quotas the reader may see.

    Without teams, the people alone: those of whoever may read no more than their own.
    """
    quotas = list(seen.of_year(year).filter(currency=settings.CURRENCY).select_related("owner"))
    known = {person.pk: person for person in people} | {one.owner_id: one.owner for one in quotas if one.owner_id}
    months = _months(year)
    won_people = won_by("owner", known, months, zone)
    won_teams = won_by("team", [team.pk for team in teams], months, zone)
    top = min((len(team.path) for team in teams), default=0)
    ids = {team.pk for team in teams}
    lines = []
    for team in teams:
        line = Line(team, len(team.path) - top)
        under = [other.pk for other in teams if team.pk in other.path]
        line.won = [sum((won_teams.get((pk, month.start), Decimal(0)) for pk in under), Decimal(0)) for month in months]
        lines += [line, *(Line(person, line.depth + 1) for person in _in_team(known.values(), quotas, team))]
    lines += [Line(person, 0) for person in known.values() if not teams or _home(person, quotas) not in ids]
    for line in lines:
        of_it = [one for one in quotas if (one.for_team_id if line.is_team else one.owner_id) == line.subject.pk]
        for one in of_it:
            line.own[one.month.month - 1] = one.amount
        if not line.is_team:
            line.won = [won_people.get((line.subject.pk, month.start), Decimal(0)) for month in months]
    _add_up(lines)
    return lines


def _months(year: int) -> list[Period]:
    return [Period(date(year, number, 1), MONTH) for number in range(1, 13)]


def _won(by: str, ids: list[int], year: int, zone: tzinfo) -> list[Decimal]:
    won = won_by(by, ids, _months(year), zone)
    return [sum((won.get((pk, month.start), Decimal(0)) for pk in ids), Decimal(0)) for month in _months(year)]


def _below(team: Team) -> list[int]:
    return list(Team.objects.below([team]).order_by().values_list("pk", flat=True))


def _home(person: User, quotas: list[Any]) -> int | None:
    """The team a person's quotas were given in last, or the one they are in."""
    given = [one for one in quotas if one.owner_id == person.pk and one.team_id]
    return max(given, key=lambda one: one.month).team_id if given else person.team_id


def _in_team(people: Iterable[User], quotas: list[Any], team: Team) -> list[User]:
    here = [person for person in people if _home(person, quotas) == team.pk]
    return sorted(here, key=lambda person: (person.name, person.pk))


def _add_up(lines: list[Line]) -> None:
    """From the last line to the first: everything under a team stands behind it."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if not line.is_team:
            continue
        under = []
        for other in lines[place + 1 :]:
            if other.depth <= line.depth:
                break
            if other.depth == line.depth + 1:
                under.append(other)
        line.below = [total(other.months[month] for other in under) for month in range(12)]
