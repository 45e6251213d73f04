from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.models.tile import Tile, TileKind, register


@register
class Note(TileKind):
    """A few words between the numbers: what to look at, whom to ask."""

    code = "note"
    order = 70
    label = _("Text")
    meaning = _("A few words between the numbers.")
    icon = "note"
    parts = ("text",)
    template = "evaluation/tile/_note.html"

    def heading(self, tile: Tile) -> str:
        return ""

    def content(self, tile: Tile, viewer: Any) -> dict[str, Any]:
        return {"text": tile.settings.get("text", "")}
