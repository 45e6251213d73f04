"""Dashboards that people compose: the page, its name and audience, copying, the bin, and which opens first."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.models.sharing import teams_above
from crm.web import asked
from crm.web.forms import conflict
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.views import editing
from evaluation.actions import dashboards
from evaluation.forms.dashboards import DashboardForm
from evaluation.models import Dashboard, HomeDashboard
from evaluation.models.tile import MOST_TILES, Tile, kind_of

NEAREST = 12  # in the switch; the list has them all


def switch(user: Any, here: Dashboard | None = None) -> dict[str, Any]:
    """The dashboards nearest to a person: their own, those of their team, those for everyone."""
    if not user.access.may(Dashboard.kind, Verb.VIEW):
        return {"switch": [], "may_compose": False}
    found = list(Dashboard.objects.visible_to(user).meant_for(user.pk, teams_above(user))[:NEAREST])
    if here is not None and here not in found:
        found.insert(0, here)
    return {"switch": found, "may_switch": True, "may_compose": user.access.may(Dashboard.kind, Verb.CREATE)}


class Detail(View):
    """Its tiles, each loading by itself: the page costs the same however many there are."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        dashboard = guards.get_visible(Dashboard.objects.select_related("owner", "team"), request.user, pk=pk)
        return render(request, "evaluation/dashboard/detail.html", board(request, dashboard))


def board(request: HttpRequest, dashboard: Dashboard) -> dict[str, Any]:
    user: Any = request.user
    may = {verb.value: editing.allows(user, dashboard, verb) for verb in (Verb.EDIT, Verb.DELETE)}
    home = HomeDashboard.of(user)
    tiles = dashboard.all_tiles
    return {
        "dashboard": dashboard,
        "tiles": [_placed(tile) for tile in tiles],
        "may": may,
        "is_editing": may["edit"] and (request.method == "POST" or "edit" in request.GET),
        "is_full": len(tiles) >= MOST_TILES,
        "is_home": home == dashboard,
        **switch(user, dashboard),
    }


def _placed(tile: Tile) -> dict[str, Any]:
    """A tile before it is loaded. A note needs nothing loaded: its words are on the page at once."""
    kind = kind_of(tile.kind)
    return {
        "tile": tile,
        "heading": tile.title or (kind.heading(tile) if kind else _("Tile")),
        "kind": kind.label if kind else _("Tile"),
        "column": {1: "col-12 col-md-6 col-lg-4", 2: "col-12 col-lg-8", 3: "col-12"}[tile.thirds],
        "text": tile.settings.get("text") if tile.kind == "note" else None,
    }


class New(View):
    """An empty one, or with `?copy=7` one with the tiles of another that the person sees."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Dashboard.kind, Verb.CREATE)
        like = self.like(request)
        name = _("Copy of %(name)s") % {"name": like} if like else ""
        return self.page(request, DashboardForm(user=request.user, initial={"name": name[:80]}), like)

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, Dashboard.kind, Verb.CREATE)
        like, form = self.like(request), DashboardForm(request.POST, user=user)
        if not form.is_valid():
            return self.page(request, form, like, 422)
        if not first_time(request):
            return redirect("dashboard-list")
        try:
            made = dashboards.create(like=like, by=user, at=timezone.now(), **form.changes())
        except (ValidationError, PermissionDenied) as error:
            form.add_action_errors(error if isinstance(error, ValidationError) else ValidationError(str(error)))
            return self.page(request, form, like, 422)
        return redirect(f"{made.get_absolute_url()}?edit=1")

    def like(self, request: HttpRequest) -> Dashboard | None:
        if not request.GET.get("copy"):
            return None
        found: Dashboard = guards.get_visible(
            Dashboard.objects.all(), request.user, pk=asked.number(request.GET, "copy")
        )
        return found

    def page(
        self, request: HttpRequest, form: DashboardForm, like: Dashboard | None, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "like": like, "post_url": request.get_full_path()}
        return render(request, "evaluation/dashboard/form.html", context, status=status)


class Edit(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        dashboard = guards.get_permitted(Dashboard.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(request, DashboardForm(instance=dashboard, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        dashboard = guards.get_permitted(Dashboard.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = DashboardForm(request.POST, instance=dashboard, user=request.user)
        if not form.is_valid():
            return self.page(request, form, 422)
        stored = guards.get_permitted(Dashboard.objects.all(), request.user, Verb.EDIT, pk=pk)
        by: Any = request.user
        try:
            dashboards.change(
                stored, form.changes(), by=by, at=timezone.now(), version=form.cleaned_data["version"], base=form.base()
            )
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except (ValidationError, PermissionDenied) as error:
            form.add_action_errors(error if isinstance(error, ValidationError) else ValidationError(str(error)))
            return self.page(request, form, 422)
        toast(request, _("Saved."))
        return redirect(dashboard.get_absolute_url())

    def page(self, request: HttpRequest, form: DashboardForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "dashboard": form.instance, "post_url": request.get_full_path()}
        return render(request, "evaluation/dashboard/form.html", context, status=status)


class Delete(editing.Delete):
    model = Dashboard
    to_bin = dashboards.delete
    explanation = gettext_lazy("Nothing that its tiles show is deleted.")
    done = gettext_lazy("The dashboard is in the bin.")


class Restore(editing.Restore):
    model = Dashboard
    from_bin = dashboards.restore
    done = gettext_lazy("The dashboard is back.")


class Home(View):
    """It opens first from now on; said once more with `leave`, the one of all KPIs does again."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        dashboard = guards.get_visible(Dashboard.objects.all(), request.user, pk=pk)
        by: Any = request.user
        if "leave" in request.POST:
            dashboards.leave_home(dashboard, by=by)
            toast(request, _("The dashboard of all KPIs opens first again."))
        else:
            dashboards.choose_home(dashboard, by=by)
            toast(request, _("“%(name)s” opens first from now on.") % {"name": dashboard})
        return redirect(dashboard.get_absolute_url())
