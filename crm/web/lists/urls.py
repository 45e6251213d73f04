"""The addresses below a list's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

if TYPE_CHECKING:
    from crm.web.lists.base import List


def below(list_class: type[List], prefix: str, name: str) -> list[URLPattern]:
    from crm.web.lists import bulk_views, export_views, view_views

    views = {
        "export/": ("export", export_views.Export),
        "columns/": ("columns", view_views.Columns),
        "views/new/": ("view-new", view_views.SaveView),
        "views/<int:view_pk>/": ("view", view_views.ChangeView),
        "views/<int:view_pk>/deletion/": ("view-delete", view_views.DeleteView),
        "views/<int:view_pk>/restoration/": ("view-restoration", view_views.RestoreView),
    }
    if list_class.bulk_actions:
        views["bulk/<slug:action>/"] = ("bulk", bulk_views.Bulk)
    return [
        path(f"{prefix}{tail}", view.as_view(list_class=list_class), name=f"{name}-{part}")
        for tail, (part, view) in views.items()
    ]
