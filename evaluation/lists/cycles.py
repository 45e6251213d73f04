from __future__ import annotations

import django_filters as filters
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from evaluation.engine import wording
from evaluation.models import Cycle
from evaluation.models.review import BEFORE_SIGNATURE


def with_progress(cycles: QuerySet) -> QuerySet:
    alive = Q(reviews__deleted_at=None)
    done = alive & ~Q(reviews__state__in=BEFORE_SIGNATURE)
    return cycles.annotate(planned_reviews=Count("reviews", filter=alive), signed_reviews=Count("reviews", filter=done))


class CycleFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=Cycle.State.choices)
    period_kind = filters.MultipleChoiceFilter(label=_("kind"), choices=Cycle.PeriodKind.choices)


class CycleList(List):
    """Every round of reviews the person takes part in, or may plan."""

    kind = "review_cycle"
    model = Cycle
    filterset_class = CycleFilter
    select_related = ("owner",)
    columns = (
        Column("name", _("Name"), sort="name", link=True),
        Column("period", _("Period"), value=lambda cycle: wording.period_name(cycle.period), sort="period_start"),
        Column("segment", _("Segment"), value="segment_name"),
        Column("state", _("State"), format="badge", sort="state"),
        Column("reviews", _("Reviews"), value="planned_reviews", format="number", annotate=with_progress),
        Column("signed", _("Signed"), value="signed_reviews", format="number", annotate=with_progress),
        Column("owner", _("Planned by"), value="owner.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    )
    default_columns = ("name", "period", "state", "reviews", "signed", "owner")
    default_sort = "-period"
    create_url = "cycle-new"
    create_label = _("Plan a cycle")
    create_in_dialog = False
    empty_title = _("No review cycles yet")
    empty_text = _("A cycle reviews the numbers of a month, quarter or half-year with the people they are about.")
