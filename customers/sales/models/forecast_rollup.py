"""A forecast by the tree of teams: what was submitted in a week, added up, and beside it what the pipeline says now.

What counts of a **person** is the last submission of the week, or the manager's last adjustment of it. What is
**below** a team is the sum of its people and of the teams right under it; what counts of a **team** is what was
submitted for it in that week, and where nothing was, what is below it. Whoever submitted nothing adds nothing, and is
listed, so that a sum says of how many it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any

from crm.models import Team, User
from customers.sales.models import forecast_track
from customers.sales.models.forecast import ForecastSubmission
from customers.sales.models.forecast_figures import Figures, of_teams
from customers.sales.models.forecast_period import Period
from customers.sales.models.forecast_track import Track

MOST_LINES = 60  # more than that are shown one level at a time


@dataclass
class Line:
    """A person in a team, or a team: what they said, said before, and what there is."""

    subject: Any
    team_id: int
    depth: int
    figures: Figures
    submission: ForecastSubmission | None = None
    before: ForecastSubmission | None = None  # the last of an earlier week
    track: Track = field(default_factory=Track)
    below: tuple[Decimal, Decimal] | None = None  # of a team: commit and best case of what is under it
    missing: int = 0  # of a team: people under it who submitted nothing
    won_url: str = ""  # where the page lists what it won
    is_folded: bool = False  # a team whose own lines are on a page of their own

    @property
    def is_team(self) -> bool:
        return isinstance(self.subject, Team)

    @property
    def indent(self) -> str:
        """How far in the line stands: a class of the style sheet."""
        return f"ps-{min(self.depth + 2, 5)}"

    @property
    def counted(self) -> tuple[Decimal, Decimal] | None:
        """Commit and best case that go into the sums above; none where there is nothing to go."""
        if self.submission:
            return self.submission.counted.commit, self.submission.counted.best_case
        return self.below

    @property
    def commit(self) -> Decimal | None:
        return self.counted[0] if self.counted else None

    @property
    def best_case(self) -> Decimal | None:
        return self.counted[1] if self.counted else None

    @property
    def change(self) -> Decimal | None:
        """How far the commit is from the one of the week before."""
        if self.submission is None or self.before is None:
            return None
        return self.submission.counted.commit - self.before.counted.commit

    @property
    def calibrated(self) -> Decimal | None:
        return self.track.calibrated(self.commit) if self.commit is not None else None


def roll_up(teams: Sequence[Team], seen: Any, *, period: Period, week: date, today: date, zone: tzinfo) -> list[Line]:
    """The lines in the order of the tree, each team before what is under it; `teams` in that order. Of more than
    MOST_LINES only the upper two levels, with the sums of all.

    `seen` are the submissions the reader may see. Takes as many queries for one team as for all.
    """
    ids = [team.pk for team in teams]
    said, before = _submissions(seen.of_period(period), ids, week)
    figures = of_teams(ids, period, zone, today)
    people = _people(ids, figures, said)
    below = {team.pk: [other.pk for other in teams if team.pk in other.path] for team in teams}
    lines = _lines(teams, below, figures, people)
    for line in lines:
        if line.is_team:
            line.submission, line.before = (found.get((True, line.subject.pk)) for found in (said, before))
        else:
            # What was submitted in one team counts there, although something is still held in another.
            line.submission, line.before = (_here(found, line.subject.pk, line.team_id) for found in (said, before))
    _add_up(lines)
    shown = _folded(lines) if len(lines) > MOST_LINES else lines
    _look_back(shown, below, period.kind, today, zone)
    return shown


def _lines(
    teams: Sequence[Team], below: dict[int, list[int]], figures: Figures, people: dict[tuple[int, int], User]
) -> list[Line]:
    rows_of, people_of = defaultdict(list), defaultdict(list)
    for row in figures.rows:
        rows_of[row.team_id].append(row)
    for (team_id, _pk), person in people.items():
        people_of[team_id].append(person)
    top = min((len(team.path) for team in teams), default=1)
    lines: list[Line] = []
    for team in teams:
        depth = len(team.path) - top
        lines.append(Line(team, team.pk, depth, Figures(row for pk in below[team.pk] for row in rows_of[pk])))
        for person in people_of[team.pk]:
            own = Figures(row for row in rows_of[team.pk] if row.owner_id == person.pk)
            lines.append(Line(person, team.pk, depth + 1, own))
    return lines


def _folded(lines: Iterable[Line]) -> list[Line]:
    """The upper two levels; the teams of the second lead to their own."""
    shown = [line for line in lines if line.depth <= 1]
    for line in shown:
        line.is_folded = line.is_team and line.depth == 1
    return shown


def _look_back(lines: Sequence[Line], below: dict[int, list[int]], kind: str, today: date, zone: tzinfo) -> None:
    people = {line.subject.pk for line in lines if not line.is_team}
    teams = {line.subject.pk: below[line.subject.pk] for line in lines if line.is_team}
    tracks = forecast_track.of_all(people, teams, kind, today, zone, only_who_forecast=True)
    for line in lines:
        line.track = tracks[line.is_team].get(line.subject.pk, line.track)


def _submissions(seen: Any, team_ids: list[int], week: date) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Of people and teams, what counts in the week and the last before it; by whether it is a team's, and its id."""
    found: list[dict[Any, Any]] = []
    inside = seen.filter(team__in=team_ids)
    for rows in (inside.in_week(week), inside.before_week(week)):
        last = rows.latest_of_people().union(rows.latest_of_teams()).values_list("pk", flat=True)
        kept = ForecastSubmission.objects.filter(pk__in=list(last)).select_related("owner", "team").with_adjustments()
        found.append({(row.of_team, row.team_id if row.of_team else row.owner_id): row for row in kept})
    return found[0], found[1]


def _here(found: dict[Any, Any], person: int, team: int) -> ForecastSubmission | None:
    one = found.get((False, person))
    return one if one is not None and one.team_id == team else None


def _people(team_ids: list[int], figures: Figures, said: dict[Any, Any]) -> dict[tuple[int, int], User]:
    """Whoever has something in a team or submitted something in it, by team and person, in the order of names."""
    pairs = {(row.team_id, row.owner_id) for row in figures.rows if row.team_id and row.owner_id}
    pairs |= {(row.team_id, row.owner_id) for (of_team, _pk), row in said.items() if not of_team}
    known = User.objects.in_bulk({owner for _team, owner in pairs})
    ordered = sorted(pairs, key=lambda pair: (known[pair[1]].name, pair))
    return {pair: known[pair[1]] for pair in ordered}


def _add_up(lines: list[Line]) -> None:
    """From the last line to the first: everything under a team stands behind it."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if not line.is_team:
            line.missing = int(line.submission is None)
            continue
        under = []
        for other in lines[place + 1 :]:
            if other.depth <= line.depth:
                break
            if other.depth == line.depth + 1:
                under.append(other)
        counted = [one.counted for one in under if one.counted]
        zero = Decimal(0)
        line.below = (sum((c for c, _ in counted), zero), sum((b for _, b in counted), zero)) if counted else None
        line.missing = sum(one.missing for one in under)
