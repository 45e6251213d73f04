"""What the filters of several lists offer: of everything, what the person may see."""

from typing import Any

import django_filters as filters

from crm.models import Team, User
from customers.sales.models import Competitor, Pipeline, Product, Stage


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


class TeamFilter(filters.ModelChoiceFilter):
    """A team means the teams below it too; `field_name` says where the rows keep theirs."""

    def filter(self, queryset: Any, team: Team | None) -> Any:
        if team is None:
            return queryset
        below = list(Team.objects.below([team]).order_by().values_list("pk", flat=True))
        return queryset.filter(**{f"{self.field_name}__in": below})
