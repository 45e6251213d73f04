"""A URLconf with one page of every component, for the tests of the shell in a browser."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path
from django.utils import timezone

from crm.web import preferences
from crm.web.dialogs import close_dialog, is_dialog
from crm.web.home import home
from crm.web.toasts import toast


class ThingForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As the customer says it.")
    size = forms.ChoiceField(label="Size", choices=[("s", "Small"), ("l", "Large")])
    kinds = forms.MultipleChoiceField(
        label="Kinds", choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple, required=False
    )
    agreed = forms.BooleanField(label="Agreed", required=False)
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)


def gallery(request: HttpRequest) -> HttpResponse:
    chart = {
        "data": {
            "values": [
                {"month": m, "won": w, "complete": m != "May"}
                for m, w in zip(["Mar", "Apr", "May"], [3, 5, 2], strict=True)
            ]
        },
        "mark": "bar",
        "height": 160,
        "encoding": {
            "x": {"field": "month", "type": "nominal", "sort": None, "axis": {"labelAngle": 0}},
            "y": {"field": "won", "type": "quantitative"},
            "fill": {"condition": {"test": "!datum.complete", "value": "url(#hatch)"}, "value": "#0b6bcb"},
        },
    }
    values = {
        "form": ThingForm(),
        "chart": chart,
        "head": ["Month", "Won"],
        "rows": [["Mar", 3], ["Apr", 5], ["May", 2]],
        "earlier": timezone.now() - timedelta(minutes=5),
        "amount": Decimal("1234.5"),
        "tabs": [
            {"label": "All", "url": "/gallery/", "active": True, "count": 3},
            {"label": "Mine", "url": "/gallery/?mine"},
        ],
        "numbers": range(3),
    }
    return render(request, "tests/gallery.html", values)


def thing(request: HttpRequest) -> HttpResponse:
    form = ThingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        toast(request, "The thing is saved.", undo_url="/undo/")
        if is_dialog(request) and "stay" in request.GET:
            return close_dialog(thing_saved={"name": form.cleaned_data["name"]})
        return redirect("/gallery/")
    return render(request, "tests/thing.html", {"form": form}, status=422 if form.is_bound else 200)


def undo(request: HttpRequest) -> HttpResponse:
    toast(request, "Undone.")
    return redirect("/gallery/")


def move(request: HttpRequest) -> HttpResponse:
    if request.POST["column"] == "lost":
        return HttpResponse("Say why it was lost first.", status=422, content_type="text/plain")
    return HttpResponse(status=204)


def panel(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/panel.html")


def broken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=500)


def palette(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/palette.html", {"q": request.GET.get("q", "")})


urlpatterns = [
    path("", home, name="home"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("i18n/setlang/", preferences.Language.as_view(), name="set-language"),
    path("accounts/", include("allauth.urls")),
    path("gallery/", gallery, name="gallery"),
    path("thing/", thing, name="thing"),
    path("undo/", undo),
    path("move/", move),
    path("panel/", panel),
    path("broken/", broken),
    path("search/palette/", palette, name="search-palette"),
]
