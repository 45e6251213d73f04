"""What is in the bin, one kind of record at a time, and the way back: for whoever could have put it there."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.views import View

from crm.access import kinds
from crm.access.grants import access_of
from crm.access.permissions import Verb

SHOWN = 100


class Bin(View):
    """The last that were deleted; the Undo of a toast is gone with the toast."""

    def get(self, request: HttpRequest) -> HttpResponse:
        offered = [kind for kind in _from_below() if _comes_back(kind) and _may_delete(request.user, kind)]
        asked = request.GET.get("kind")
        shown = next((kind for kind in offered if kind.code == asked), next(iter(offered), None))
        found = _rows(shown, request.user) if shown else []
        context = {
            "tabs": [
                {"label": capfirst(str(kind.label_plural)), "url": f"?kind={kind.code}", "active": kind == shown}
                for kind in offered
            ],
            "rows": [_row(shown, record) for record in found[:SHOWN]],
            "shown": SHOWN if len(found) > SHOWN else None,
        }
        return render(request, "operations/bin.html", context)


def _from_below() -> list[kinds.Kind]:
    """Customers first, then what is sold to them, then what stands above."""
    apps_from_above = [config.label for config in apps.get_app_configs()]
    tables: Any = [kind for kind in kinds.all_kinds() if kind.model is not None]
    return sorted(tables, key=lambda kind: -apps_from_above.index(kind.model._meta.app_label))


def _comes_back(kind: kinds.Kind) -> bool:
    return hasattr(kind.model, "deleted_at") and bool(_way_back(kind, 0))


def _may_delete(user: Any, kind: kinds.Kind) -> bool:
    return access_of(user).may(kind.code, Verb.DELETE)


def _way_back(kind: kinds.Kind, pk: int) -> str:
    try:
        return reverse(f"{kind.code}-restoration", args=[pk])
    except NoReverseMatch:
        return ""


def _rows(kind: Any, user: Any) -> list[Any]:
    rows = kind.model.objects.restorable_by(user)
    if any(field.name == "owner" for field in kind.model._meta.fields):
        rows = rows.select_related("owner")
    return list(rows.order_by("-deleted_at", "-pk")[: SHOWN + 1])


def _row(kind: Any, record: Any) -> dict[str, Any]:
    return {
        "label": str(record),
        "owner": getattr(record, "owner", None),
        "at": record.deleted_at,
        "back": _way_back(kind, record.pk),
    }
