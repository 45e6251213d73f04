"""What people make for themselves and may share: with their team and those below it, or with everyone."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Reach, Verb
from crm.access.querysets import Rule
from crm.models.record import RecordQuerySet


class Audience(models.TextChoices):
    PERSONAL = "personal", _("Only me")
    TEAM = "team", _("My team and the teams below")
    EVERYONE = "everyone", _("Everyone")


# A record for a team names it; every other one names none.
NAMES_ITS_TEAM = Q(audience="team", team__isnull=False) | (~Q(audience="team") & Q(team__isnull=True))


class SharedQuerySet(RecordQuerySet):
    """Of records with an owner, a team and an `audience`."""

    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """One can be seen by those it was shared with."""
        if verb != Verb.VIEW:
            return []
        return [Rule("shared", _("it is shared with the person"), shared_with(teams_above(access.user)))]

    def meant_for(self, owner_id: int, teams_above: list[int]) -> Self:
        """A person's own and those shared with them, nearest first: not everything a wide role may look at."""
        nearest = Case(
            When(audience=Audience.PERSONAL, then=Value(0)),
            When(audience=Audience.TEAM, then=Value(1)),
            default=Value(2),
        )
        return (
            self.filter(Q(owner=owner_id) | shared_with(teams_above))
            .annotate(distance=nearest)
            .order_by("distance", "name", "pk")
        )


def shared_with(teams_above: list[int]) -> Q:
    """What is shared with a team is shared with the teams below it too."""
    everyone = Q(audience=Audience.EVERYONE)
    return everyone | Q(audience=Audience.TEAM, team__in=teams_above) if teams_above else everyone


def teams_above(user: Any) -> list[int]:
    return list(user.team.path) if getattr(user, "team_id", None) else []


def audiences_open_to(user: Any, kind: str) -> list[tuple[str, Any]]:
    """With whom a person may share what they made: as far as the role lets them assign."""
    reach = user.access.reach(kind, Verb.ASSIGN)
    widest = {Reach.NONE: 1, Reach.OWN: 1, Reach.TEAM: 2, Reach.SUBTREE: 2, Reach.ALL: 3}[reach]
    choices = Audience.choices[:widest]
    return [choice for choice in choices if choice[0] != Audience.TEAM or user.team_id]
