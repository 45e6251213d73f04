from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Team


class PoolRule(models.Model):
    """How customers come into the pool and out of it again, for a team and those below it, or for everybody.

    The rule of the nearest team counts. A limit left empty is none; without any rule there are no limits, and nothing
    is released by itself.
    """

    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"),
        help_text=_("For this team and those below it. Empty: for everybody without a rule of their own."),
    )  # fmt: skip
    capacity = models.PositiveIntegerField(
        _("customers a person may have"), null=True, blank=True,
        help_text=_("Nobody who has as many claims another one. Empty: no limit."),
    )  # fmt: skip
    claims_per_day = models.PositiveSmallIntegerField(
        _("claims a day"), null=True, blank=True, help_text=_("By one person, from midnight on. Empty: no limit.")
    )
    reclaim_after_days = models.PositiveSmallIntegerField(
        _("days until one may claim it again"), default=0,
        help_text=_("Whoever had a customer leaves it to the others for so many days."),
    )  # fmt: skip
    release_after_days = models.PositiveSmallIntegerField(
        _("released after days without contact"), null=True, blank=True,
        help_text=_("Notes are no contact. Empty: nothing is released by itself."),
    )  # fmt: skip
    warn_days = models.PositiveSmallIntegerField(
        _("warned so many days before"), default=7, help_text=_("The owner is told that a customer will be released.")
    )
    protected_days = models.PositiveSmallIntegerField(
        _("protected days"), default=30,
        help_text=_("After a claim and after a won opportunity nothing is released by itself for so long."),
    )  # fmt: skip

    releases_since = models.DateTimeField(_("releases like this since"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("rule of the customer pool")
        verbose_name_plural = _("rules of the customer pool")
        constraints = [
            models.UniqueConstraint(
                fields=["team"],
                name="pool_rule_once_for_a_team",
                nulls_distinct=False,
                violation_error_message=_("There is a rule for this team, or for everybody, already."),
            ),
            models.CheckConstraint(
                condition=Q(release_after_days=None) | Q(release_after_days__gt=models.F("warn_days")),
                name="pool_rule_warns_before_it_releases",
                violation_error_message=_("The warning has to come after the last contact: fewer days, please."),
            ),
            models.CheckConstraint(
                condition=(Q(capacity=None) | Q(capacity__gt=0)) & (Q(claims_per_day=None) | Q(claims_per_day__gt=0)),
                name="pool_rule_limits_are_positive",
                violation_error_message=_("A limit is at least 1; leave it empty for none."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.team) if self.team else str(_("everybody"))


class PoolRules:
    """All rules, to find the one that counts for a team."""

    no_limits: ClassVar[Any] = PoolRule()

    def __init__(self) -> None:
        self._of = {rule.team_id: rule for rule in PoolRule.objects.all()}
        self._paths = dict(Team._base_manager.values_list("pk", "path")) if self._of else {}

    def of(self, team_id: int | None) -> PoolRule:
        nearest_first = reversed(self._paths.get(team_id, [])) if team_id else ()
        found = next((self._of[pk] for pk in nearest_first if pk in self._of), None)
        return found or self._of.get(None) or self.no_limits

    def teams_of(self, rule: PoolRule) -> list[int | None]:
        """Every team the rule counts for; None for customers of no team."""
        teams: list[int | None] = [None, *self._paths]
        return [team for team in teams if self.of(team) == rule]

    def releasing(self) -> list[PoolRule]:
        return [rule for rule in self._of.values() if rule.release_after_days is not None]
