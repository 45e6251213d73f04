"""What the filters of several lists offer: of everything, what the person may see."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Team, User
from customers.models import Task
from customers.sales.models import Competitor, Opportunity, Pipeline, Product, Stage, StageChange
from customers.sales.models.forecast_period import Period, organisation_zone


def people(request: Any) -> Any:
    return User.objects.visible_to(request.user)


def teams(request: Any) -> Any:
    return Team.objects.visible_to(request.user).in_tree_order()


def products(request: Any) -> Any:
    return Product.objects.visible_to(request.user)


def competitors(request: Any) -> Any:
    return Competitor.objects.visible_to(request.user).order_by("name", "pk")


def stages(request: Any) -> Any:
    seen = Pipeline.objects.visible_to(request.user)
    return Stage.objects.filter(pipeline__in=seen).order_by("pipeline__position", "position", "pk")


def is_a_period(code: str) -> None:
    if Period.named(code) is None:
        raise ValidationError(_("Write a month or quarter like 2026-05 or 2026-Q2."))


class WonForFilter(filters.ModelChoiceFilter):
    """Won, and counted for whoever had it then: as forecasts and quotas count."""

    def filter(self, queryset: Any, who: Any) -> Any:
        if who is None:
            return queryset
        wins = StageChange.objects.wins().still_standing().filter(opportunity=OuterRef("pk"))
        if isinstance(who, Team):
            return queryset.filter(Exists(wins.filter(team__in=Team.objects.below([who]).order_by().values("pk"))))
        return queryset.filter(Exists(wins.filter(owner=who)))


class WonInFilter(filters.CharFilter):
    """A month or quarter of the organisation's."""

    def filter(self, queryset: Any, code: str) -> Any:
        period = Period.named(code or "")
        if period is None:
            return queryset
        starts, ends = period.bounds(organisation_zone())
        return queryset.won().filter(closed_at__gte=starts, closed_at__lt=ends)


class NextStepFilter(filters.ChoiceFilter):
    """Whether something with a date is to come, among the tasks the person may see: as its coverage is counted."""

    WITH, WITHOUT, OVERDUE = "with", "without", "overdue"

    def filter(self, queryset: Any, wanted: str) -> Any:
        if not wanted:
            return queryset
        due = Task.objects.visible_to(self.parent.request.user).open().filter(due_at__isnull=False)
        due = due.filter(about_kind=Opportunity.kind, about_id=OuterRef("pk"))
        if wanted == self.OVERDUE:
            return queryset.open().filter(Exists(due.filter(due_at__lt=timezone.now())))
        return queryset.open().filter(Exists(due) if wanted == self.WITH else ~Exists(due))


class TeamFilter(filters.ModelChoiceFilter):
    """A team means the teams below it too; `field_name` says where the rows keep theirs."""

    def filter(self, queryset: Any, team: Team | None) -> Any:
        if team is None:
            return queryset
        below = list(Team.objects.below([team]).order_by().values_list("pk", flat=True))
        return queryset.filter(**{f"{self.field_name}__in": below})
