"""A link to a narrowed list names filters that the list has: of others it would take no notice, and show everything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import resolve, reverse

from tests.architecture.sources import ROOT

LINK = re.compile(r"\{% url '([a-z-]+-list)' %\}\?([^\"]*)")
NO_FILTERS = {"q", "sort", "columns", "view", "before", "after", "page"}
OPTIONAL = re.compile(r"\{%[^%]*%\}|\{\{[^}]*\}\}")


def links() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for name, query in LINK.findall(path.read_text()):
            params = [part.partition("=")[0] for part in OPTIONAL.sub("", query).split("&amp;") if "=" in part]
            found += [(str(path.relative_to(ROOT)), name, param) for param in params]
    return found


def params_of(list_class: Any, request: Any) -> set[str]:
    form = list_class.filterset_class({}, queryset=list_class.model.objects.none(), request=request).form
    found = set()
    for name, field in form.fields.items():
        suffixes = getattr(field.widget, "suffixes", None)
        found |= {f"{name}_{suffix}" for suffix in suffixes} if suffixes else {name}
    return found


@pytest.mark.django_db
def test_every_link_to_a_list_narrows_it_by_what_it_can_be_narrowed_by(cast, rf):
    request = rf.get("/")
    request.user = cast.administrator
    known = {name: params_of(resolve(reverse(name)).func.view_class, request) for _path, name, _param in links()}
    wrong = [each for each in links() if each[2] not in known[each[1]] | NO_FILTERS]
    assert len(links()) > 10
    assert wrong == []
