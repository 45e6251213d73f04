"""Dashboards that people compose: what a tile shows is its viewer's, and nothing that is gone breaks a page."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.actions import saved_views
from crm.models import Event, StaleVersion
from customers.actions import segments
from evaluation import kpis
from evaluation.actions import dashboards, measurements
from evaluation.engine import COMPANY, scopes, watched
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.models import Dashboard, HomeDashboard
from evaluation.models.tile import MOST_TILES, Tile, When, all_kinds, moved
from tests.factories.evaluation import a_customer, moment, won
from tests.factories.goals import a_goal

pytestmark = pytest.mark.django_db

NOW = moment("2026-05-13 12:00")
REVENUE = {"kpi": "revenue", "period": "last_month", "scope": "widest", "segment": ""}
WIN_RATE = {"kpi": "win_rate", "period": "last_month", "scope": "widest", "segment": ""}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def sold(cast):
    """In April 100 by the rep, 20 by the junior below, 7 by the outsider; in March 40 by the rep."""
    for owner, day, amount in (
        (cast.rep, "2026-04-02", 100), (cast.rep, "2026-03-02", 40), (cast.junior, "2026-04-03", 20),
        (cast.outsider, "2026-04-04", 7),
    ):  # fmt: skip
        won(day, owner, customer=a_customer(f"Of {owner.name} {day}", owner, tier="A"), amount=amount)


def a_dashboard(by, *tiles, audience="personal", name="Mondays"):
    made = dashboards.create(name=name, audience=audience, by=by, at=NOW)
    for kind, settings in tiles:
        made = dashboards.add_tile(made, kind=kind, settings=settings, by=by, at=NOW)
    return made


def shown(client, user, dashboard, place=0, **query):
    client.force_login(user)
    tile = Dashboard.objects.get(pk=dashboard.pk).all_tiles[place]
    return client.get(reverse("dashboard-tile", args=[dashboard.pk, tile.id]), query)


def said(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def order(dashboard):
    return [tile.title for tile in Dashboard.objects.get(pk=dashboard.pk).all_tiles]


def test_a_number_is_the_viewers_with_its_change_and_leads_to_its_records(client, cast, sold):
    of_all = a_dashboard(cast.administrator, ("number", REVENUE), audience="everyone")
    mine = shown(client, cast.rep, of_all)
    assert (mine.context["value"], mine.context["change"], mine.context["before"]) == ("$100.00", "+$60.00", "$40.00")
    assert mine.context["url"] == f"/evaluation/kpis/revenue/?scope=person%3A{cast.rep.pk}&period=2026-04"
    assert shown(client, cast.manager, of_all).context["value"] == "$120.00"  # the team and those below
    assert shown(client, cast.analyst, of_all).context["value"] == "$127.00"
    cast.outsider.roles.get().grants.filter(kind="measurement").delete()
    assert "Your role shows you no numbers" in said(shown(client, cast.outsider, of_all))


@pytest.mark.parametrize("typed", ["", "   "])
def test_a_dashboard_without_a_name_is_refused_once(client, cast, typed):
    client.force_login(cast.rep)
    answer = client.post(reverse("dashboard-new"), {"name": typed, "audience": "personal"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"name": ["This field is required."]}
    assert not Dashboard.objects.exists()


def test_a_scope_that_is_not_the_viewers_says_so_and_shows_no_number(client, cast, sold):
    fixed = a_dashboard(
        cast.administrator, ("number", REVENUE | {"scope": f"team:{cast.south.pk}"}),
        ("number", REVENUE | {"scope": "company"}), ("number", REVENUE | {"scope": "my_team"}),
        ("number", REVENUE | {"scope": "me"}), audience="everyone",
    )  # fmt: skip
    for place in range(3):
        assert "not yours to see" in said(shown(client, cast.rep, fixed, place))
        assert "$" not in said(shown(client, cast.rep, fixed, place))
    assert shown(client, cast.rep, fixed, 3).context["value"] == "$100.00"
    seen = [shown(client, cast.analyst, fixed, place).context["value"] for place in (0, 1)]
    assert seen == ["$7.00", "$127.00"]
    assert shown(client, cast.manager, fixed, 2).context["value"] == "$120.00"


def test_stored_numbers_are_read_and_not_computed_again(client, cast, sold, monkeypatch):
    watches = [Watch(kpis.get("revenue"), COMPANY, "month")]
    monkeypatch.setattr(watched, "_sources", {"test": lambda now: watches})
    for month in ("2026-03", "2026-04"):
        measurements.measure_period(period=periods.parse(month), now=NOW)
    won("2026-04-05", cast.rep, amount=1000)  # after it was measured
    made = a_dashboard(cast.analyst, ("number", REVENUE), ("course", REVENUE | {"periods": 6}))
    assert shown(client, cast.analyst, made).context["value"] == "$127.00"
    course = shown(client, cast.analyst, made, 1)
    assert course.context["value"] == "$127.00"
    assert [row[1] for row in course.context["chart"]["rows"]] == ["$40.00", "$127.00"]


def test_a_split_has_a_bar_for_each_part_in_reach_and_counts_the_others(client, cast, sold):
    made = a_dashboard(cast.administrator, ("split", REVENUE | {"by": "person"}), audience="everyone")
    everybody = shown(client, cast.analyst, made).context
    bars = everybody["chart"]["spec"]["data"]["values"]
    assert {(bar["part"], bar["value"], bar["shown"]) for bar in bars} == {
        ("Rosa Rep", 100.0, "$100.00"), ("Jana Junior", 20.0, "$20.00"), ("Olaf Outsider", 7.0, "$7.00"),
    }  # fmt: skip
    assert everybody["left_out"] == 0
    fixed = a_dashboard(cast.manager, ("split", REVENUE | {"by": "person", "scope": "my_team"}), audience="team")
    assert {row[0] for row in shown(client, cast.manager, fixed).context["chart"]["rows"]} == {
        "Rosa Rep",
        "Jana Junior",
    }


def test_a_segment_narrows_a_tile_for_those_who_see_it(client, cast, sold):
    a_customer("Small", cast.rep, tier="C")
    won("2026-04-09", cast.rep, customer=a_customer("Other", cast.rep, tier="C"), amount=3)
    key = segments.create(name="Key", question={"tier": ["A"]}, owner=cast.rep, by=cast.rep, at=NOW)
    made = a_dashboard(cast.administrator, ("number", REVENUE | {"segment": str(key.pk)}), audience="everyone")
    assert shown(client, cast.rep, made).context["value"] == "$100.00"
    assert "There is no such segment" in said(shown(client, cast.outsider, made))


def test_a_goal_tile_shows_how_much_of_the_way_is_covered(client, cast):
    won("2026-05-04", cast.rep, amount=125)
    goal = a_goal(cast.north, kpi_code="revenue", at=NOW, baseline=100, target=200)
    measurements.measure_period(period=periods.parse("2026-05"), now=NOW)
    made = a_dashboard(cast.administrator, ("goal", {"goal": str(goal.pk)}), audience="everyone")
    row = shown(client, cast.manager, made).context["row"]
    assert (row["value"], row["target"], row["share"]) == ("$125.00", "at least $200.00", 0.25)
    assert "There is no such goal" in said(shown(client, cast.outsider, made))


def test_lists_and_saved_views_show_what_the_viewer_would_find(client, cast, sold):
    view = saved_views.save(
        list_code="customer-list", name="Ours", query="q=April&tier=A&sort=name", audience="everyone",
        by=cast.administrator, at=NOW,
    )  # fmt: skip
    private = saved_views.save(
        list_code="customer-list", name="Mine", query="tier=A", audience="personal", by=cast.administrator, at=NOW
    )
    made = a_dashboard(
        cast.administrator, ("table", {"list": "customer-list", "rows": 5}), ("count", {"list": "customer-list"}),
        ("count", {"list": f"customer-list:{private.pk}"}), ("table", {"list": f"customer-list:{view.pk}", "rows": 10}),
        ("count", {"list": "erasure-list"}), audience="everyone",
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        rows = shown(client, cast.outsider, made).context["list"].rows
    assert [row.label for row in rows] == ["Of Olaf Outsider 2026-04-04"]
    # With no more beside them than the columns say, as on the page of the list: nobody's password, that is.
    assert not any('"customers_customer"' in each["sql"] and "password" in each["sql"] for each in asked)
    assert "1 record" in said(shown(client, cast.outsider, made, 1))
    assert "4 records" in said(shown(client, cast.administrator, made, 2))
    assert "is not shared with you" in said(shown(client, cast.outsider, made, 2))
    assert shown(client, cast.administrator, made, 3).context["url"].startswith(f"/customers/?view={view.pk}")
    assert "There is no such list" in said(shown(client, cast.rep, made, 4))


def test_what_is_gone_is_said_in_its_tile_and_breaks_no_page(client, cast):
    made = a_dashboard(cast.administrator)
    gone = {
        "kpi": {"kind": "number", "settings": REVENUE | {"kpi": "charm"}},
        "team": {"kind": "number", "settings": REVENUE | {"scope": "team:987654"}},
        "segment": {"kind": "course", "settings": REVENUE | {"segment": "987654", "periods": 6}},
        "view": {"kind": "table", "settings": {"list": "customer-list:987654", "rows": 5}},
        "list": {"kind": "count", "settings": {"list": "wish-list"}},
        "goal": {"kind": "goal", "settings": {"goal": "987654"}},
        "part": {"kind": "split", "settings": REVENUE | {"by": "moon"}},
        "kind": {"kind": "oracle", "settings": {}},
        "empty": {"kind": "split"},
    }
    Dashboard.objects.filter(pk=made.pk).update(tiles=[{"id": name, **tile} for name, tile in gone.items()])
    for place, name in enumerate(gone):
        answer = shown(client, cast.administrator, made, place)
        assert answer.status_code == 200, name
        assert answer.context["template"] == "evaluation/tile/_nothing.html", name
    for query in ({}, {"edit": "1"}):
        assert client.get(made.get_absolute_url(), query).status_code == 200
    assert client.get(reverse("dashboard-tile-edit", args=[made.pk, "kpi"])).status_code == 200
    assert client.get(reverse("dashboard-tile", args=[made.pk, "never"])).status_code == 404


def test_the_page_costs_the_same_however_many_tiles_and_rows_there_are(client, cast, sold):
    made = a_dashboard(cast.manager, ("number", WIN_RATE), ("table", {"list": "customer-list", "rows": 10}))
    counts = []
    for _round in range(2):
        client.force_login(cast.manager)
        client.get(made.get_absolute_url())
        with CaptureQueriesContext(connection) as page:
            client.get(made.get_absolute_url())
        tiles = []
        for place in (0, 1):
            shown(client, cast.manager, made, place)
            with CaptureQueriesContext(connection) as tile:
                client.get(reverse("dashboard-tile", args=[made.pk, made.all_tiles[place].id]))
            tiles.append(len(tile))
        counts.append([len(page), *tiles])
        for number in range(3):
            made = dashboards.add_tile(made, kind="number", settings=REVENUE, by=cast.manager, at=NOW)
            won("2026-04-10", cast.rep, customer=a_customer(f"More {number}", cast.rep))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 16


@pytest.mark.parametrize(
    ("way", "tile", "expected"),
    [
        ("left", "b", "bacde"), ("right", "b", "acbde"), ("left", "a", "abcde"), ("right", "e", "abcde"),
        ("up", "e", "abecd"), ("down", "a", "bcade"), ("up", "b", "abcde"), ("down", "d", "abced"),
    ],
)  # fmt: skip
def test_a_tile_moves_one_place_or_into_the_next_row_and_stays_at_the_edge(way, tile, expected):
    """a and b lie beside each other, then c and d, then e alone."""
    widths = {"a": "third", "b": "two_thirds", "c": "two_thirds", "d": "third", "e": "full"}
    tiles = [Tile(name, "note", width=width) for name, width in widths.items()]
    assert "".join(one.id for one in moved(tiles, tile, way)) == expected


def test_tiles_are_added_changed_moved_and_removed_on_the_page_each_with_its_event(client, cast):
    client.force_login(cast.rep)
    answer = client.post(reverse("dashboard-new"), {"name": " My  numbers ", "audience": "personal"})
    made = Dashboard.objects.get()
    assert (made.name, made.owner, answer["Location"]) == ("My numbers", cast.rep, f"{made.get_absolute_url()}?edit=1")
    add = reverse("dashboard-tile-edit", args=[made.pk, "new"])
    assert all(str(kind.label) in client.get(add).content.decode() for kind in all_kinds())
    for title in ("One", "Two"):
        form = {**REVENUE, "scope": "me", "title": title, "width": "third", "submit_once": title}
        for _twice in range(2):
            assert client.post(f"{add}?kind=number", form).status_code == 302
    assert order(made) == ["One", "Two"]
    one = Dashboard.objects.get().all_tiles[0]
    edit = reverse("dashboard-tile-edit", args=[made.pk, one.id])
    wrong = client.post(edit, {**REVENUE, "scope": "company", "title": "", "width": "third", "version": 1})
    assert wrong.status_code == 422  # not in reach
    client.post(edit, {**WIN_RATE, "scope": "me", "title": "First", "width": "full", "version": 1})
    stored = Dashboard.objects.get()
    assert order(made) == ["First", "Two"]
    assert (stored.all_tiles[0].settings["kpi"], stored.all_tiles[0].version) == ("win_rate", 2)
    fragment = client.post(
        edit, {"move": "right", "version": stored.version}, headers={"HX-Request": "true"}
    ).content.decode()
    assert order(made) == ["Two", "First"]
    assert fragment.startswith('<div id="board"')
    assert f'id="right-{one.id}"' in fragment
    client.post(edit, {"remove": "1", "version": 2})
    client.post(edit, {"remove": "1", "version": 2})
    assert order(made) == ["Two"]
    assert list(Event.objects.filter(type__startswith="dashboard.").order_by("pk").values_list("type", "by")) == [
        ("dashboard.created", cast.rep.pk), *[("dashboard.updated", cast.rep.pk)] * 5,
    ]  # fmt: skip


def test_two_people_stand_in_each_others_way_only_at_the_same_tile(client, cast):
    made = a_dashboard(cast.manager, ("note", {"text": "One"}), ("note", {"text": "Two"}), audience="team")
    one, two = made.all_tiles
    words = {"title": "", "width": "third"}
    dashboards.change_tile(made, one.id, settings={"text": "Theirs"}, version=1, by=cast.manager, at=NOW, **words)
    mine = dashboards.change_tile(made, two.id, settings={"text": "2"}, version=1, by=cast.manager, at=NOW, **words)
    assert [tile.settings["text"] for tile in mine.all_tiles] == ["Theirs", "2"]
    with pytest.raises(StaleVersion):
        dashboards.remove_tile(made, one.id, version=1, by=cast.manager, at=NOW)
    client.force_login(cast.manager)
    address = reverse("dashboard-tile-edit", args=[made.pk, one.id])
    refused = client.post(address, {**words, "text": "Mine", "version": 1})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert [(mine, theirs) for _label, mine, theirs in refused.context["beside"]] == [("Mine", "Theirs")]
    assert 'name="version" value="2"' in page
    client.post(address, {"move": "right", "version": made.version})
    assert [tile.settings["text"] for tile in Dashboard.objects.get().all_tiles] == ["Theirs", "2"]
    assert client.post(address, {**words, "text": "Mine", "version": 2}).status_code == 302
    assert [tile.settings["text"] for tile in Dashboard.objects.get().all_tiles] == ["Mine", "2"]


def test_sharing_reaches_as_far_as_the_role_lets_assign(client, cast):
    for user, audience in ((cast.rep, "team"), (cast.rep, "everyone"), (cast.manager, "everyone")):
        with pytest.raises(PermissionDenied):
            dashboards.create(name="Far", audience=audience, by=user, at=NOW)
    assert not Dashboard.objects.exists()
    of_team = a_dashboard(cast.manager, audience="team")
    private = a_dashboard(cast.teammate, name="Private")
    see = {person: set(Dashboard.objects.visible_to(person)) for person in (cast.rep, cast.junior, cast.outsider)}
    assert see == {cast.rep: {of_team}, cast.junior: {of_team}, cast.outsider: set()}
    client.force_login(cast.teammate)
    edit = reverse("dashboard-edit", args=[private.pk])
    assert client.post(edit, {"name": "Mine", "audience": "team", "version": 1}).status_code == 422
    assert client.post(edit, {"name": "Mine", "audience": "personal", "version": 0}).status_code == 409
    client.force_login(cast.administrator)
    assert private.name not in [row.label for row in client.get(reverse("dashboard-list")).context["list"].rows]
    client.force_login(cast.manager)
    client.post(reverse("dashboard-edit", args=[of_team.pk]), {"name": "Ours", "audience": "personal", "version": 1})
    of_team.refresh_from_db()
    assert (of_team.name, of_team.audience, of_team.team) == ("Ours", "personal", None)
    client.post(reverse("dashboard-edit", args=[of_team.pk]), {"name": "Ours", "audience": "team", "version": 2})
    of_team.refresh_from_db()
    assert (of_team.audience, of_team.team) == ("team", cast.north)
    client.force_login(cast.rep)
    assert client.post(reverse("dashboard-edit", args=[of_team.pk]), {"name": "Mine"}).status_code == 403
    assert client.get(reverse("dashboard-detail", args=[private.pk])).status_code == 404
    assert client.get(f"{reverse('dashboard-new')}?copy={private.pk}").status_code == 404


def test_a_copy_is_ones_own_and_the_home_dashboard_opens_first_while_it_can_be_seen(client, cast):
    made = a_dashboard(cast.manager, ("number", REVENUE), ("note", {"text": "Look"}), audience="team")
    client.force_login(cast.rep)
    client.post(f"{reverse('dashboard-new')}?copy={made.pk}", {"name": "My copy", "audience": "personal"})
    copied = Dashboard.objects.get(owner=cast.rep)
    assert [(tile.kind, tile.settings) for tile in copied.all_tiles] == [
        ("number", REVENUE), ("note", {"text": "Look"})
    ]  # fmt: skip
    assert {tile.id for tile in copied.all_tiles}.isdisjoint(tile.id for tile in made.all_tiles)
    client.post(reverse("dashboard-home", args=[made.pk]))
    client.post(reverse("dashboard-home", args=[made.pk]))
    assert client.get(reverse("dashboard"))["Location"] == made.get_absolute_url()
    assert client.get(reverse("dashboard"), {"all": "1"}).status_code == 200
    dashboards.change(made, {"audience": "personal"}, by=cast.manager, at=NOW)
    assert client.get(reverse("dashboard")).status_code == 200
    client.post(reverse("dashboard-home", args=[copied.pk]))
    client.post(reverse("dashboard-home", args=[copied.pk]), {"leave": "1"})
    assert not HomeDashboard.objects.exists()
    client.post(reverse("dashboard-delete", args=[copied.pk]))
    assert not Dashboard.objects.visible_to(cast.rep).exists()
    client.post(reverse("dashboard-restoration", args=[copied.pk]))
    assert Dashboard.objects.visible_to(cast.rep).get() == copied


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("oracle", {}, None),
        ("number", {}, "kpi"),
        ("number", REVENUE | {"kpi": "charm"}, "kpi"),
        ("number", REVENUE | {"period": "tomorrow"}, "period"),
        ("number", REVENUE | {"scope": "team:1;2"}, "scope"),
        ("number", {**REVENUE, "kpi": "quota_attainment", "segment": "1"}, "segment"),
        ("split", REVENUE | {"by": "stage"}, "by"),
        ("course", REVENUE | {"periods": 1000}, "periods"),
        ("table", {"list": "../../x", "rows": 5}, "list"),
        ("table", {"list": "customer-list", "rows": 500}, "rows"),
        ("note", {"text": "x" * 2001}, "text"),
    ],
)
def test_what_a_tile_may_hold_is_checked_where_it_is_kept(cast, kind, settings, field):
    made = a_dashboard(cast.rep)
    with pytest.raises(ValidationError) as refused:
        dashboards.add_tile(made, kind=kind, settings=settings, by=cast.rep, at=NOW)
    assert field is None or field in refused.value.error_dict
    assert Dashboard.objects.get().tiles == []


def test_a_dashboard_holds_a_bounded_number_of_tiles(cast):
    made = a_dashboard(cast.rep)
    full = [Tile(f"t{number}", "note", settings={"text": "x"}).as_json() for number in range(MOST_TILES)]
    Dashboard.objects.filter(pk=made.pk).update(tiles=full)
    with pytest.raises(ValidationError):
        dashboards.add_tile(made, kind="note", settings={"text": "One more"}, by=cast.rep, at=NOW)
    assert len(Dashboard.objects.get().tiles) == MOST_TILES


def test_numbers_that_are_the_same_for_everybody_are_measured_for_the_tiles(cast):
    a_dashboard(
        cast.administrator, ("number", REVENUE | {"scope": "company", "period": "last_year"}),
        ("course", REVENUE | {"scope": f"team:{cast.north.pk}", "period": "half", "periods": 6}), ("number", REVENUE),
        ("number", REVENUE | {"scope": "team:987654"}),
    )  # fmt: skip
    found = {(watch.kpi.code, watch.scope, watch.period_kind) for watch in dashboards.watches(NOW)}
    assert found == {("revenue", COMPANY, "year"), ("revenue", scopes.of_team(cast.north), "half")}


def test_periods_are_seen_from_the_day_somebody_looks():
    day = NOW.date()
    assert {when.value: when.period_on(day).label for when in When} == {
        "month": "2026-05", "last_month": "2026-04", "quarter": "2026-Q2", "last_quarter": "2026-Q1",
        "half": "2026-H1", "last_half": "2025-H2", "year": "2026", "last_year": "2025",
    }  # fmt: skip
