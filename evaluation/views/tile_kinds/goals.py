from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evaluation import kpis
from evaluation.models import Goal
from evaluation.models.tile import Tile, TileKind, register
from evaluation.views.home import standing
from evaluation.views.tile_kinds.viewer import NothingToShow, Viewer


@register
class GoalProgress(TileKind):
    """How far a goal is reached in the period that runs."""

    code = "goal"
    order = 40
    label = gettext_lazy("Goal")
    meaning = gettext_lazy("Where a goal stands in its current period, and how much of the way is covered.")
    icon = "flag"
    parts = ("goal",)
    template = "evaluation/tile/_goal.html"

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        rows = Goal.objects.visible_to(viewer.user).filter(pk=tile.settings.get("goal") or None)
        goal = rows.prefetch_related("versions").first()
        if goal is None:
            raise NothingToShow(_("There is no such goal, or it is not yours to see."))
        if goal.kpi_code not in {kpi.code for kpi in kpis.all_kpis()}:
            raise NothingToShow(_("This KPI does not exist any more."))
        row = standing([goal], viewer.user, viewer.now)[0]
        return {"row": row, "called": goal.kpi.name, "url": goal.get_absolute_url()}
