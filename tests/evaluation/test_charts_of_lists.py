"""Tiles that are charts of a list: each bar is what its viewer finds in the list behind it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from crm.access.permissions import Level
from crm.actions import saved_views
from crm.models import Event, Role, StaleVersion
from crm.web.lists import registry
from crm.web.lists.asked_parts import Part
from crm.web.lists.grouping import groupings
from customers.models import Activity
from customers.sales.models import CurrencyRate, Opportunity, Pipeline, Stage
from evaluation.actions import dashboards
from evaluation.engine import divided
from evaluation.forms.list_charts import ListChartForm
from evaluation.models import Dashboard
from tests.factories.custom_fields import make_field
from tests.factories.evaluation import a_customer, an_opportunity, lost, moment, stages, won
from tests.lists_registry import ROWS

pytestmark = pytest.mark.django_db

NOW = moment("2026-05-13 12:00")
BY_STAGE = {"list": "opportunity-list", "divided_by": "stage", "measure": "count", "filter": ""}
ACTIVITIES = {"list": "activity-list", "divided_by": "at.month", "measure": "count", "filter": ""}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def a_chart(by, **said):
    audience = "everyone" if by.roles.filter(code="administrator").exists() else "personal"
    made = dashboards.create(name=f"Charts {Dashboard.objects.count()}", audience=audience, by=by, at=NOW)
    return dashboards.add_tile(made, kind="chart", settings=BY_STAGE | said, by=by, at=NOW)


def shown(client, user, dashboard, place=0):
    client.force_login(user)
    answer = client.get(reverse("dashboard-tile", args=[dashboard.pk, dashboard.all_tiles[place].id]))
    assert answer.status_code == 200
    return answer


def bars(answer):
    return [(bar["part"], bar["value"]) for bar in answer.context["chart"]["spec"]["data"]["values"]]


def found(client, url):
    listed = client.get(url)
    assert listed.status_code == 200
    return listed.context["list"].count.value


@pytest.fixture
def sold(cast):
    """Open: two of the rep and one of the junior; won one of the rep, lost one of the outsider."""
    an_opportunity(("open", "2026-05-02"), owner=cast.rep, customer=a_customer("A", cast.rep), amount=100)
    an_opportunity(("open", "2026-05-03"), owner=cast.rep, customer=a_customer("B", cast.rep), amount=None)
    an_opportunity(("open", "2026-05-04"), owner=cast.junior, customer=a_customer("C", cast.junior), amount=7)
    won("2026-04-02", cast.rep, customer=a_customer("D", cast.rep), amount=40)
    lost("2026-04-03", cast.outsider, customer=a_customer("E", cast.outsider), amount=20)


def test_each_part_of_every_list_holds_the_rows_that_its_chart_says(cast):
    """Each column of each list there is: what is added together is all of it, and each part can be listed alone."""
    get_resolver("crm.urls").url_patterns  # noqa: B018  (reading them registers the lists)
    asked = 0
    for name, make in ROWS.items():
        make(cast, 2, NOW)
        declared = registry.all_lists()[name]
        request = RequestFactory().get("/")
        request.user, request.GET = cast.administrator, QueryDict(f"sort={declared.default_sort}")
        opened = declared()
        opened.setup(request)
        rows, _filterset = opened.matching(opened.read_state(request.GET))
        many = rows.count()
        for grouping in groupings(declared).values():
            if grouping.code.startswith("updated_at") or grouping.code.endswith(".week"):
                continue  # as the other days and months
            bars = divided.divide(rows, grouping, None, now=NOW).bars
            assert sum(bar.count for bar in bars) == many, (name, grouping.code)
            values = tuple(bar.value for bar in bars)
            for part in [Part(grouping, values)] + [Part(grouping, values, is_rest=True)] * (not grouping.is_in_time):
                params = QueryDict(mutable=True)
                params.update({"sort": declared.default_sort, "part": part.text})
                state = opened.read_state(params)
                expected = 0 if part.is_rest else many
                assert (opened.matching(state)[0].count(), state.unknown_part) == (expected, False), (name, part.text)
                asked += 1
    assert asked > 200


def test_bars_are_what_their_viewer_sees_in_the_order_of_the_stages_and_lead_to_it(client, cast, sold):
    made = a_chart(cast.administrator)
    assert bars(shown(client, cast.analyst, made)) == [("open", 3), ("won", 1), ("lost", 1)]
    assert bars(shown(client, cast.manager, made)) == [("open", 3), ("won", 1)]
    mine = shown(client, cast.junior, made)
    assert bars(mine) == [("open", 1)]
    for user in (cast.analyst, cast.manager, cast.junior):
        drawn = shown(client, user, made).context
        assert [found(client, bar["url"]) for bar in drawn["chart"]["spec"]["data"]["values"]] == [
            bar["value"] for bar in drawn["chart"]["spec"]["data"]["values"]
        ]
        assert f"{found(client, drawn['url'])} record" in drawn["count_text"]
    table = shown(client, cast.junior, made).content.decode()
    assert '<a href="/sales/opportunities/?' in table.split("<table")[1]  # also without a mouse
    assert "part=stage%3A" in table


def test_amounts_count_at_the_rate_of_their_day_and_stand_beside_where_there_is_none(client, cast):
    for day, rate in (("2026-04-01", "2"), ("2026-05-01", "3")):
        CurrencyRate.objects.create(currency="EUR", valid_from=date.fromisoformat(day), rate=Decimal(rate))
    customer = a_customer("A", cast.rep)
    for amount, currency, when, stage in (
        (10, "USD", "2026-04-05", "won"), (1, "EUR", "2026-04-05", "won"), (1, "EUR", "2026-05-05", "won"),
        (100, "EUR", "2026-04-05", "open"), (5000, "JPY", "2026-04-05", "open"), (None, "JPY", "2026-04-05", "open"),
    ):  # fmt: skip
        an_opportunity((stage, when), owner=cast.rep, customer=customer, amount=amount, currency=currency)
    made = a_chart(cast.manager, measure="sum:amount")
    drawn = shown(client, cast.manager, made).context
    values = drawn["chart"]["spec"]["data"]["values"]
    assert [(bar["part"], bar["value"], bar["shown"]) for bar in values] == [
        ("open", 300.0, "$300 + JP¥5,000"), ("won", 15.0, "$15"),  # what is open counts at today's rate
    ]  # fmt: skip
    assert [row[1:] for row in drawn["chart"]["rows"]] == [["$300.00 + JP¥5,000", "3"], ["$15.00", "3"]]
    assert drawn["chart"]["note"] == "Amounts of a currency without a rate stand beside the sums and in no bar."
    assert drawn["count_text"] == "$315.00 + JP¥5,000, 6 records"
    assert [found(client, bar["url"]) for bar in values] == [3, 3]


def test_the_tiles_own_filter_narrows_it_and_a_view_of_the_viewer_does_not(client, cast, sold):
    saved_views.save(
        list_code="opportunity-list", name="Won ones", query="outcome=won", is_default=True, audience="personal",
        by=cast.manager, at=NOW,
    )  # fmt: skip
    everything, narrowed = a_chart(cast.manager), a_chart(cast.manager, filter="outcome=open&amount_min=50")
    assert bars(shown(client, cast.manager, everything)) == [("open", 3), ("won", 1)]
    answer = shown(client, cast.manager, narrowed)
    assert bars(answer) == [("open", 1)]
    assert [(chip.label, chip.text) for chip in answer.context["chips"]] == [("Outcome", "open"), ("Amount", "from 50")]
    assert found(client, answer.context["chart"]["spec"]["data"]["values"][0]["url"]) == 1


def test_a_saved_view_is_drawn_as_it_is_with_the_parts_it_has_itself(client, cast, sold):
    rep = f"owner:{cast.rep.pk}"
    view = saved_views.save(
        list_code="opportunity-list", name="Hers", query=f"part={rep}&outcome=open&outcome=won", audience="everyone",
        by=cast.administrator, at=NOW,
    )  # fmt: skip
    made = a_chart(cast.administrator, list=f"opportunity-list:{view.pk}")
    answer = shown(client, cast.manager, made)
    assert bars(answer) == [("open", 2), ("won", 1)]
    urls = [bar["url"] for bar in answer.context["chart"]["spec"]["data"]["values"]]
    assert [found(client, url) for url in urls] == [2, 1]
    stage = stages()["open"].pk
    assert parse_qs(urlsplit(urls[0]).query)["part"] == [rep, f"stage:{stage}"]
    page = client.get(urls[0]).context["list"]
    assert [(chip.label, chip.text) for chip in page.chips][1:] == [("Owner", "Rosa Rep"), ("Stage", "open")]
    assert found(client, f"/sales/opportunities/?{page.chips[-1].remove}") == 3


@pytest.mark.parametrize("text", ["stage:x", "stage:", "moon:1", "opened_at.month:2026-05-02", "amount:1", "stage"])
def test_a_part_nobody_can_use_lists_nothing_and_says_so(client, cast, sold, text):
    client.force_login(cast.rep)
    answer = client.get(reverse("opportunity-list"), {"part": text})
    assert (answer.status_code, answer.context["list"].rows) == (422, [])
    assert "no such part of this list" in answer.content.decode()
    assert client.post(
        reverse("opportunity-list-bulk", args=["delete"]), {"all_matching": "1", "query": f"part={text}"}
    ).context["count"] == 0  # fmt: skip


def test_what_is_closed_to_a_role_is_neither_divided_by_nor_added_up_nor_asked(client, cast):
    make_field("risk", "choice", choices=[("low", "Low", "低"), ("high", "High", "高")])
    for name, risk in (("A", "high"), ("B", "high"), ("C", "")):
        custom = {"risk": risk} if risk else {}
        a_customer(name, cast.rep, annual_revenue=Decimal(5), custom=custom)
    by_risk = a_chart(cast.administrator, list="customer-list", divided_by="custom_risk")
    turnover = a_chart(cast.administrator, list="customer-list", divided_by="custom_risk", measure="sum:annual_revenue")
    of_owners = a_chart(cast.administrator, list="customer-list", divided_by="owner", measure="sum:annual_revenue")
    assert bars(shown(client, cast.rep, by_risk)) == [("High", 2), ("none", 1)]
    assert bars(shown(client, cast.rep, turnover)) == [("High", 10.0), ("none", 5.0)]
    role = Role.objects.get(code="sales_rep")
    for name in ("custom_risk", "annual_revenue"):
        role.fields.create(kind="customer", name=name, level=Level.HIDDEN)
    for made, what in ((by_risk, "divided by"), (turnover, "divided by"), (of_owners, "adds up")):
        answer = shown(client, cast.rep, made)
        assert "chart" not in answer.context
        assert f"What it {what} does not exist any more" in " ".join(answer.content.decode().split()).replace("is ", "")
    assert client.get(reverse("customer-list"), {"part": "custom_risk:high"}).status_code == 422
    assert bars(shown(client, cast.administrator, turnover)) == [("High", 10.0), ("none", 5.0)]


def test_twenty_parts_stand_by_themselves_and_all_others_in_one(client, cast):
    for number in range(23):
        owner = cast.person(f"Seller {number:02}", cast.north, "sales_rep")
        for each in range(2 if number < 20 else 1):
            a_customer(f"Of {number}-{each}", owner)
    a_customer("Of nobody")
    made = a_chart(cast.administrator, list="customer-list", divided_by="owner")
    drawn = shown(client, cast.administrator, made).context["chart"]["spec"]["data"]["values"]
    assert len(drawn) == 21
    assert {bar["value"] for bar in drawn[:20]} == {2}
    assert (drawn[20]["part"], drawn[20]["value"]) == ("others (4)", 4)
    assert found(client, drawn[20]["url"]) == 4


def a_call(day, by, customer):
    Activity.objects.create(type="call", at=moment(day), subject="x", owner=by, team=by.team, customer=customer)


def test_months_have_no_gaps_what_runs_is_hatched_and_what_is_earlier_stands_apart(client, cast):
    customer = a_customer("A", cast.rep)
    for day in ("2024-01-31", "2024-09-30", "2024-10-01", "2026-02-01", "2026-05-13"):
        a_call(day, cast.rep, customer)
    made = a_chart(cast.administrator, **ACTIVITIES)
    answer = shown(client, cast.rep, made)
    drawn = answer.context["chart"]["spec"]["data"]["values"]
    assert [(bar["part"], bar["value"], bar["incomplete"]) for bar in (drawn[0], drawn[1], *drawn[-2:])] == [
        ("January 2024", 1, False),
        ("September 2024", 1, False),
        ("February 2026", 1, False),
        ("May 2026", 1, True),
    ]  # fmt: skip  (with the months between they would be more than twenty)
    Activity.objects.filter(at__lt=moment("2024-12-01")).update(at=moment("2025-12-01"))
    drawn = shown(client, cast.rep, made).context["chart"]["spec"]["data"]["values"]
    assert [bar["value"] for bar in drawn] == [3, 0, 1, 0, 0, 1]
    assert [found(client, bar["url"]) for bar in drawn] == [3, 0, 1, 0, 0, 1]
    for number in range(22):
        day = f"{2023 + (number // 12)}-{number % 12 + 1:02}-15"
        a_call(day, cast.rep, customer)
    answer = shown(client, cast.rep, made)
    assert len(answer.context["chart"]["spec"]["data"]["values"]) == 20
    earlier = answer.context["earlier"]
    assert (earlier["text"], found(client, earlier["url"])) == ("5", 5)


def test_two_stages_of_one_name_are_told_apart_and_so_are_a_persons_namesakes(client, cast, sold):
    other = Pipeline.objects.create(name="Partners")
    stage = Stage.objects.create(pipeline=other, name="open", probability=Decimal("0.1"))
    Opportunity.objects.create(name="x", owner=cast.rep, team=cast.north, pipeline=other, stage=stage, stage_since=NOW)
    made = a_chart(cast.administrator)
    assert {name for name, _many in bars(shown(client, cast.manager, made))} == {
        "open (Numbers)", "open (Partners)", "won",
    }  # fmt: skip


def test_a_contract_and_a_forecast_are_divided_by_what_no_column_of_a_table_holds(client, cast, sold):
    Opportunity.objects.filter(amount=100).update(forecast_category="commit")
    made = a_chart(cast.administrator, divided_by="category")
    answer = shown(client, cast.analyst, made)
    assert bars(answer) == [("pipeline", 2), ("commit", 1), ("none", 2)]
    assert [found(client, bar["url"]) for bar in answer.context["chart"]["spec"]["data"]["values"]] == [2, 1, 2]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"list": "opportunity-list:987654"}, "This saved view does not exist any more"),
        ({"list": "wish-list"}, "There is no such list"),
        ({"list": "erasure-list"}, "There is no such list"),
        ({"divided_by": "amount"}, "What it is divided by does not exist any more"),
        ({"divided_by": "opened_at"}, "What it is divided by does not exist any more"),
        ({"measure": "sum:name"}, "What it adds up does not exist any more"),
        ({"filter": "stage=987654"}, "asks for something that does not exist any more"),
        ({"filter": "amount_min=9999999"}, "There are no records in it."),
    ],
)
def test_what_is_gone_or_empty_is_said_in_its_tile(client, cast, sold, said, sentence):
    made = a_chart(cast.administrator, **said)
    answer = shown(client, cast.rep, made)
    assert sentence in answer.content.decode()
    assert not answer.context.get("chart")


def test_it_is_one_statement_however_many_rows_and_people_there_are(client, cast, sold):
    made = a_chart(cast.administrator, divided_by="owner", measure="sum:amount")
    counts = []
    for number_of_round in range(2):
        shown(client, cast.administrator, made)
        with CaptureQueriesContext(connection) as queries:
            shown(client, cast.administrator, made)
        counts.append(len(queries))
        assert sum("sales_opportunity" in query["sql"] for query in queries.captured_queries) == 1
        for number in range(4):
            owner = cast.person(f"Seller {number_of_round}{number}", cast.north, "sales_rep")
            an_opportunity(("open", "2026-05-02"), owner=owner, customer=a_customer(f"{number}", owner))
    assert counts[0] == counts[1] <= 20


# How it is said ------------------------------------------------------------------------------------------------------


def test_first_the_list_is_chosen_then_what_it_can_be_divided_by_and_its_own_filter(client, cast, sold):
    made = dashboards.create(name="Mine", by=cast.rep, at=NOW)
    client.force_login(cast.rep)
    add = reverse("dashboard-tile-edit", args=[made.pk, "new"])
    lists = client.get(f"{add}?kind=chart").content.decode()
    assert "list=opportunity-list" in lists
    assert "list=erasure-list" not in lists  # not theirs to see
    address = f"{add}?kind=chart&list=opportunity-list"
    form = client.get(address).context["form"]
    assert ("category", "Forecast category") in form.fields["divided_by"].choices
    assert [code for code, _label in form.fields["measure"].choices] == ["count", "sum:amount", "sum:monthly_value"]
    said = {"title": "", "divided_by": "stage", "measure": "sum:amount", "width": "third", "submit_once": "1"}
    assert client.post(address, {**said, "amount_min": "x"}).status_code == 422
    assert client.post(address, {**said, "divided_by": "amount"}).status_code == 422
    assert Dashboard.objects.get().tiles == []
    client.post(address, {**said, "amount_min": "50", "outcome": ["open", "won"], "owner": "", "view": "7"})
    tile = Dashboard.objects.get().all_tiles[0]
    assert tile.settings == {
        "list": "opportunity-list", "divided_by": "stage", "measure": "sum:amount",
        "filter": "amount_min=50&outcome=open&outcome=won",
    }  # fmt: skip
    edit = reverse("dashboard-tile-edit", args=[made.pk, tile.id])
    page = client.get(edit)
    assert page.context["form"].filterset.form["amount"].value() == ["50", None]
    assert page.context["form"].initial["divided_by"] == "stage"
    client.post(edit, {**said, "version": 1, "measure": "count"})
    assert Dashboard.objects.get().all_tiles[0].settings["filter"] == ""
    moved = f"{edit}?list=customer-list"
    client.post(moved, {**said, "version": 2, "divided_by": "tier", "measure": "count"})
    assert Dashboard.objects.get().all_tiles[0].settings["list"] == "customer-list"
    assert client.post(f"{add}?kind=chart", said).status_code == 404
    assert client.post(f"{add}?kind=chart&list=erasure-list", said).status_code == 404


def test_no_filter_of_a_list_has_the_name_of_a_field_beside_it_in_the_form():
    get_resolver("crm.urls").url_patterns  # noqa: B018  (reading them registers the lists)
    taken = {*ListChartForm.base_fields, "submit_once", "csrfmiddlewaretoken"} - {"period", "scope", "segment", "goal"}
    own = {"title", "divided_by", "measure", "width", "version", "submit_once", "csrfmiddlewaretoken"}
    assert own <= taken
    for name, declared in registry.all_lists().items():
        filters = declared.filterset_class.base_filters if declared.filterset_class else {}
        assert own.isdisjoint(filters), name


# Where it stands -----------------------------------------------------------------------------------------------------


def of_notes(by, titles="ABC", audience="team"):
    made = dashboards.create(name="Notes", audience=audience, by=by, at=NOW)
    for title in titles:
        made = dashboards.add_tile(made, kind="note", settings={"text": title}, title=title, by=by, at=NOW)
    return made


def order(made):
    return "".join(tile.title for tile in Dashboard.objects.get(pk=made.pk).all_tiles)


def drop(client, made, tile, before, version):
    ids = {one.title: one.id for one in made.all_tiles} | {"": ""}
    address = reverse("dashboard-tile-place", args=[made.pk, ids[tile]])
    return client.post(address, {"column": "tiles", "previous": "", "next": ids[before], "version": version})


def test_a_tile_is_dropped_before_another_or_at_the_end_once_however_often_it_is_said(client, cast):
    made = of_notes(cast.manager)
    client.force_login(cast.manager)
    assert made.version == 4
    answer = drop(client, made, "C", "A", 4)
    assert (answer.status_code, answer["X-Version"], order(made)) == (204, "5", "CAB")
    again = drop(client, made, "C", "A", 4)  # the answer to the first was lost on the way
    assert (again.status_code, again["X-Version"], order(made)) == (204, "5", "CAB")
    assert drop(client, made, "C", "", 5).status_code == 204
    assert order(made) == "ABC"
    assert drop(client, made, "B", "B", 6).status_code == 204
    assert order(made) == "ABC"
    events = Event.objects.filter(type="dashboard.updated").order_by("-pk")
    assert [(event.by, list(event.data)) for event in events[:2]] == [(cast.manager, ["tiles"])] * 2
    assert events.count() == 5


def test_what_somebody_else_rearranged_is_looked_at_first_and_nothing_is_moved(client, cast):
    made = of_notes(cast.manager)
    dashboards.move_tile(made, made.all_tiles[0].id, "right", version=4, by=cast.manager, at=NOW)
    client.force_login(cast.manager)
    refused = drop(client, made, "C", "A", 4)
    assert (refused.status_code, refused["Content-Type"]) == (409, "text/plain; charset=utf-8")
    assert order(made) == "BAC"
    dashboards.remove_tile(made, made.all_tiles[0].id, version=1, by=cast.manager, at=NOW)
    with pytest.raises(StaleVersion):
        dashboards.place_tile(made, made.all_tiles[1].id, made.all_tiles[0].id, version=4, by=cast.manager, at=NOW)
    assert drop(client, made, "A", "B", 6).status_code == 404
    client.force_login(cast.rep)  # sees it, and may not change it
    assert drop(client, made, "C", "B", 6).status_code == 403
    client.force_login(cast.outsider)
    assert drop(client, made, "C", "B", 6).status_code == 404
    assert order(made) == "BC"
    assert 'data-move-url="' not in client.get(made.get_absolute_url(), {"edit": "1"}).content.decode()
