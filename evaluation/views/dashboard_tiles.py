"""One tile of a composed dashboard: what it shows to whoever looks, and how it is added, changed, moved and removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from crm.web.lists import offered
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from evaluation.actions import dashboards
from evaluation.forms.dashboards import TileForm
from evaluation.forms.list_charts import ListChartForm
from evaluation.forms.reviews import add_errors
from evaluation.models import Dashboard
from evaluation.models.tile import NEW, Tile, TileKind, all_kinds, kind_of
from evaluation.views import list_chart_forms
from evaluation.views.dashboards import board
from evaluation.views.tile_kinds.parts_of_lists import ListChart
from evaluation.views.tile_kinds.records import lists_of, title_of
from evaluation.views.tile_kinds.viewer import NothingToShow, Viewer

WAYS = ("left", "right", "up", "down")


def the_tile(dashboard: Dashboard, tile_id: str) -> Tile:
    tile = dashboard.tile(tile_id)
    if tile is None:
        raise Http404(_("This tile was removed meanwhile."))
    return tile


class Shown(View):
    """What a tile says to this viewer; a sentence where part of it is gone or not theirs to see."""

    def get(self, request: HttpRequest, pk: int, tile: str) -> HttpResponse:
        dashboard = guards.get_visible(Dashboard.objects.all(), request.user, pk=pk)
        found = the_tile(dashboard, tile)
        kind, user = kind_of(found.kind), request.user
        context: dict[str, Any] = {"tile": found, "heading": found.title or (kind.heading(found) if kind else "")}
        try:
            if kind is None:
                raise NothingToShow(_("There is no such kind of tile any more."))
            context |= kind.content(found, Viewer(request, user, timezone.now()))  # type: ignore[arg-type]
            context |= {
                "template": kind.template,
                "heading": found.title or context.get("called") or context["heading"],
            }
        except NothingToShow as nothing:
            context |= {"template": "evaluation/tile/_nothing.html", "sentence": str(nothing)}
        return render(request, "evaluation/tile/content.html", context)


class Edit(View):
    """Add (`tiles/new/edit/?kind=number`), change, move or remove a tile."""

    def get(self, request: HttpRequest, pk: int, tile: str) -> HttpResponse:
        dashboard = self.dashboard(pk)
        if tile == NEW and kind_of(request.GET.get("kind", "")) is None:
            context = {"dashboard": dashboard, "kinds": all_kinds(), "base_url": request.path}
            return render(request, "evaluation/dashboard/tile_kinds.html", context)
        kind, held = self.subject(dashboard, tile)
        if self.lacks_a_list(kind, held):
            context = {"lists": list_chart_forms.offered(request.user), "kind": kind, "base_url": request.path}
            return render(request, "evaluation/dashboard/tile_lists.html", context)
        return self.page(dashboard, self.form(kind, held), held)

    def post(self, request: HttpRequest, pk: int, tile: str) -> HttpResponse:
        dashboard = self.dashboard(pk)
        if "move" in request.POST or "remove" in request.POST:
            return self.rearrange(dashboard, tile)
        kind, held = self.subject(dashboard, tile)
        if self.lacks_a_list(kind, held):
            raise Http404(_("There is no such list, or it is not yours to see."))
        form = self.form(kind, held, request.POST)
        if not form.is_valid():
            return self.page(dashboard, form, held, 422)
        if held is None and not first_time(request):
            return redirect(self.editing(dashboard))
        try:
            self.save(dashboard, kind, held, form)
        except StaleVersion as stale:
            return self.stale(stale, form, tile)
        except ValidationError as error:
            add_errors(form, error)
            return self.page(dashboard, form, held, 422)
        return redirect(self.editing(dashboard))

    def dashboard(self, pk: int) -> Dashboard:
        found: Dashboard = guards.get_permitted(Dashboard.objects.all(), self.request.user, Verb.EDIT, pk=pk)
        return found

    def editing(self, dashboard: Dashboard) -> str:
        return f"{dashboard.get_absolute_url()}?edit=1"

    def subject(self, dashboard: Dashboard, tile_id: str) -> tuple[TileKind, Tile | None]:
        held = None if tile_id == NEW else the_tile(dashboard, tile_id)
        kind = kind_of(held.kind if held else self.request.GET.get("kind", ""))
        if kind is None:
            raise Http404(_("There is no such kind of tile."))
        return kind, held

    def lacks_a_list(self, kind: TileKind, held: Tile | None) -> bool:
        """What can be said of a chart depends on its list, which is chosen first."""
        return kind.code == ListChart.code and not list_chart_forms.said_list(self.request, held)

    def form(self, kind: TileKind, held: Tile | None, data: Any = None) -> TileForm:
        if kind.code == ListChart.code:
            of = list_chart_forms.said_list(self.request, held)
            return list_chart_forms.form(self.request, kind, held, of, data)
        lists = {name: title_of(one) for name, one in lists_of(self.request.user).items()}
        return TileForm(data, kind=kind, user=self.request.user, lists=lists, tile=held)

    def save(self, dashboard: Dashboard, kind: TileKind, held: Tile | None, form: TileForm) -> None:
        said = form.cleaned_data
        more: dict[str, Any] = {"title": said["title"], "width": said["width"], "by": self.request.user}
        if held is None:
            dashboards.add_tile(dashboard, kind=kind.code, settings=form.settings(), at=timezone.now(), **more)
            return
        version = said["version"] or 0
        dashboards.change_tile(dashboard, held.id, settings=form.settings(), version=version, at=timezone.now(), **more)

    def stale(self, stale: StaleVersion, form: TileForm, tile_id: str) -> HttpResponse:
        """409 with what was typed: saved once more it takes the place of what the other person wrote."""
        dashboard: Any = stale.record
        held = dashboard.tile(tile_id)
        if held is None:
            raise Http404(_("This tile was removed meanwhile."))
        form.add_error(
            None, _("Somebody else changed this meanwhile. Nothing of yours is lost: compare and save again.")
        )
        form.data = form.data.copy()  # type: ignore[assignment]
        form.data["version"] = str(held.version)  # type: ignore[index]
        return self.page(dashboard, form, held, 409, beside=form.beside(held))

    def rearrange(self, dashboard: Dashboard, tile_id: str) -> HttpResponse:
        """By a button of the tile: the tiles are drawn anew in their order, and the focus stays on the button."""
        post, way, by = self.request.POST, self.request.POST.get("move", ""), self.request.user
        version = asked.number(post, "version") or 0
        try:
            if "remove" in post:
                dashboards.remove_tile(dashboard, tile_id, version=version, by=by, at=timezone.now())
            elif way in WAYS:
                dashboards.move_tile(dashboard, tile_id, way, version=version, by=by, at=timezone.now())
        except StaleVersion:
            text = _("Somebody else changed this dashboard meanwhile. This is how it is now.")
            toast(self.request, text, level=messages.WARNING)
        if not getattr(self.request, "htmx", False):
            return redirect(self.editing(dashboard))
        dashboard.refresh_from_db()
        return render(self.request, "evaluation/dashboard/_board.html", board(self.request, dashboard))

    def page(
        self, dashboard: Dashboard, form: TileForm, held: Tile | None, status: int = 200, beside: Any = ()
    ) -> HttpResponse:
        context = {
            "dashboard": dashboard, "form": form, "tile": held, "kind": form.kind, "back": self.editing(dashboard),
            "post_url": self.request.get_full_path(), "beside": beside,
        }  # fmt: skip
        if isinstance(form, ListChartForm):
            context |= {
                "list_name": list_chart_forms.called(self.request.user, form.of),
                "lists_url": f"{self.request.path}?kind={ListChart.code}&lists=1",
                "groups": offered.grouped(form.filterset) if form.filterset is not None else [],
            }
        return render(self.request, "evaluation/dashboard/tile_form.html", context, status=status)


class Place(View):
    """Where a tile was dropped: in front of another (`next`), or at the end."""

    def post(self, request: HttpRequest, pk: int, tile: str) -> HttpResponse:
        dashboard = guards.get_permitted(Dashboard.objects.all(), request.user, Verb.EDIT, pk=pk)
        the_tile(dashboard, tile)
        version = asked.number(request.POST, "version") or 0
        try:
            found = dashboards.place_tile(
                dashboard, tile, request.POST.get("next", ""), version=version, by=request.user, at=timezone.now()
            )
        except StaleVersion:
            text = _("Somebody else changed this dashboard meanwhile. Reload the page to see how it is now.")
            return HttpResponse(text, status=409, content_type="text/plain; charset=utf-8")
        answer = HttpResponse(status=204)
        if found.version in (version, version + 1):  # whoever sends it knows all that changed
            answer["X-Version"] = str(found.version)
        return answer
