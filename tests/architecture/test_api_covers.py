"""What people work with, programs work with: every kind is in the API and on its page, or stays out for a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver

from crm.access import kinds
from crm.api import urls
from tests.architecture.sources import ROOT

NOT_IN_THE_API = {
    "criteria_override": "A permission: `overriding` where an opportunity moves or a lead is converted.",
    "closed_correction": "A permission: changing what was closed, for a reason.",
    "order_return": "Beside its order: `orders/{id}/returns/`, `…/return/`, `…/return-cancellation/`.",
    "settings": "A permission: what it is about is configured in the admin site, and read from the lists of reasons.",
    "kpi": "What a KPI is says its page; its values are measurements.",
    "goal": "Agreed between two people, with an answer in person.",
    "health_score": "The field `health` of a customer.",
    "review_cycle": "Reviews are held between people, frozen and signed; they leave as signed reports only.",
    "review": "See review_cycle.",
    "action_plan": "Follows from a review; its steps that are due stand in `today`.",
    "action_step": "See action_plan.",
    "calendar": "Working hours, configured in the admin site; the clocks that follow from them are fields of records.",
    "dashboard": "How somebody arranges numbers for people; programs read the measurements and lists behind them.",
    "saved_view": "How somebody likes to look at a list; programs say their own filters.",
    "import": "Files come through the pages, with a preview; programs send records.",
}


def routes(patterns: Any = None) -> Iterator[URLPattern]:
    for pattern in urls.urlpatterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        else:
            yield pattern


def model_of(viewset: Any) -> Any:
    rows = getattr(viewset, "rows", None)
    return getattr(viewset, "model", None) or getattr(rows, "model", None)


def resources() -> dict[str, Any]:
    """The lists of the API by their address, with the model of each."""
    return {
        str(route.pattern).removesuffix("/"): model_of(route.callback.cls)  # type: ignore[attr-defined]
        for route in routes()
        if str(route.name).endswith("-list")
    }


def test_every_kind_is_a_resource_or_stays_out_for_a_reason():
    offered = set(resources().values()) - {None}
    missing = {kind.code for kind in kinds.all_kinds() if kind.model not in offered}
    assert missing == set(NOT_IN_THE_API)


def test_every_resource_is_on_the_page_of_the_api_and_no_other():
    page = (ROOT / "docs/api.md").read_text()
    table = re.findall(r"^\| `([\w-]+)`", page.split("## Everything there is")[1], re.M)
    assert sorted(table) == sorted(resources())
