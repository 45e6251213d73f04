from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from evaluation.forms.dashboards import TileForm, _with_held
from evaluation.models.tile import COUNTED, Tile


class ListChartForm(TileForm):
    """What a list is divided by and what is measured, and its own filters (`filterset`) where no view has them."""

    divided_by = forms.ChoiceField(label=gettext_lazy("Divided by"))
    measure = forms.ChoiceField(label=gettext_lazy("Measured by"))
    field_order = ("title", "divided_by", "measure", "width")

    def __init__(
        self, *args: Any, of: str, divisions: dict[str, Any], measures: dict[str, Any], filterset: Any,
        tile: Tile | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, tile=tile, **kwargs)
        self.of, self.filterset = of, filterset
        del self.fields["list"]
        held = tile.settings if tile and tile.settings.get("list", "").partition(":")[0] == of.partition(":")[0] else {}
        counted = [(COUNTED, gettext_lazy("How many there are")), *measures.items()]
        offered = {"divided_by": list(divisions.items()), "measure": counted}
        for name, choices in offered.items():
            self.fields[name].choices = _with_held(choices, held.get(name))  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        return super().is_valid() and (self.filterset is None or self.filterset.form.is_valid())

    def settings(self) -> dict[str, Any]:
        said = {name: self.cleaned_data[name] for name in ("divided_by", "measure")}
        return {**said, "list": self.of, "filter": self._filter()}

    @property
    def is_filtered(self) -> bool:
        return bool(self._filter())

    def _filter(self) -> str:
        """What was said in the filters, as an address says it."""
        if self.filterset is None:
            return ""
        names = {
            each for name, bound in self.filterset.form.fields.items()
            for each in (name, *(f"{name}_{suffix}" for suffix in getattr(bound.widget, "suffixes", ())))
        }  # fmt: skip
        kept = QueryDict(mutable=True)
        for name, values in self.filterset.data.lists():
            given = [value for value in values if value]
            if name in names and given:
                kept.setlist(name, given)
        return kept.urlencode()
