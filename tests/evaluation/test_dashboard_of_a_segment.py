"""The dashboard of a segment: tiles that can be narrowed are computed, for so long and no longer; others say why."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from customers.actions import segments
from evaluation import kpis
from evaluation.engine import COMPANY, bounded
from evaluation.formulas import periods
from evaluation.kpis import acquisition
from tests.evaluation.measured import LATER
from tests.factories.evaluation import a_customer, moment, won
from tests.factories.sales import WEDNESDAY

pytestmark = pytest.mark.django_db
JUNE = {"scope": "company", "period": "2026-06"}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: moment("2026-07-02 12:00"))


@pytest.fixture
def key(cast):
    for name, tier, amount in (("Ours", "A", 100), ("Small", "C", 7)):
        won("2026-06-02", cast.rep, customer=a_customer(name, cast.rep, tier=tier), amount=amount)
    return segments.create(name="Key", question={"tier": ["A"]}, owner=cast.rep, by=cast.rep, at=WEDNESDAY)


def asks(page):
    """Code by code, where the tiles of a page are asked for."""
    return {url.split("/")[3]: unescape(url) for url in re.findall(r'hx-get="(/evaluation/tiles/[^"]+)"', page)}


def test_every_tile_that_can_be_narrowed_is_and_the_others_say_why_not(client, cast, key):
    client.force_login(cast.administrator)
    page = client.get(reverse("dashboard"), {**JUNE, "segment": key.pk}).content.decode()
    assert "its members as of now" in page
    assert f"period=2026-05&amp;segment={key.pk}" in page  # the way to other periods keeps the segment
    found = asks(page)
    of_dashboard = {kpi.code for kpi in kpis.all_kpis() if kpi.on_dashboard}
    assert of_dashboard - set(found) == {"quota_attainment"}
    assert page.count("It is not about customers") == 1
    revenue = client.get(found["revenue"]).content.decode()
    assert "$100.00" in revenue
    assert f"segment={key.pk}" in revenue
    assert ">1<" in client.get(found["new_customers"]).content.decode()
    everybody = client.get(reverse("dashboard"), JUNE).content.decode()
    assert "Key" in everybody  # to choose
    assert not asks(everybody)


def test_a_person_narrows_their_own_scope_by_segments_they_see(client, cast, key):
    client.force_login(cast.outsider)
    assert client.get(reverse("dashboard"), {"segment": key.pk}).status_code == 404
    mine = {"scope": f"person:{cast.outsider.pk}", "period": "2026-06", "segment": key.pk}
    assert client.get(reverse("segment-tile", args=["revenue"]), mine).status_code == 404
    assert client.get(reverse("segment-tile", args=["quota_attainment"]), JUNE).status_code == 404
    client.force_login(cast.administrator)
    narrow = {**JUNE, "segment": key.pk}
    assert client.get(reverse("segment-tile", args=["quota_attainment"]), narrow).status_code == 404
    assert client.get(reverse("segment-tile", args=["revenue"]), {**narrow, "period": "2026"}).status_code == 404


def test_what_takes_too_long_is_left_to_the_page_of_its_own_and_the_limit_ends_there(client, cast, key, monkeypatch):
    from dataclasses import replace

    from evaluation.views import segment_tiles

    slow = replace(acquisition.NEW_CUSTOMERS, facts=replace(acquisition.NEW_CUSTOMERS.facts,
                   where="pg_sleep(2) IS NOT NULL"))  # fmt: skip
    wanted = [periods.parse("2026-06")]
    assert bounded.series(slow, COMPANY, wanted, now=LATER, milliseconds=50) is None
    quick = bounded.series("new_customers", COMPANY, wanted, now=LATER, milliseconds=5000)
    assert quick[0].value == 2
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
    monkeypatch.setattr(segment_tiles.bounded, "series", lambda *args, **options: None)
    client.force_login(cast.administrator)
    late = client.get(reverse("segment-tile", args=["revenue"]), {**JUNE, "segment": key.pk}).content.decode()
    assert "could not be computed in time" in late
