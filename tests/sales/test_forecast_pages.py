"""The pages of the forecast: who sees and submits what, and the board by month."""

import html
import re
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from django.urls import reverse

from customers.sales.actions import opportunities
from customers.sales.models import ForecastAdjustment, ForecastSubmission, Opportunity
from tests.factories.sales import default_pipeline, make_forecast, make_opportunity, stage
from tests.query_counts import assert_flat

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client, time_machine, now):
    time_machine.move_to(now, tick=False)

    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def post(client, name, values, *args, query=""):
    return client.post(reverse(name, args=args) + query, values)


JSON = "application/json"
NUMBERS = {"commit": "350", "best_case": "700", "note": "Sure", "week": "2026-05-11"}


def test_a_rep_submits_once_and_a_manager_adjusts_and_submits_for_the_team(cast, as_user, now):
    default_pipeline()
    make_opportunity(cast.rep, amount=Decimal(200), stage=stage("Negotiation"), expected_close=date(2026, 6, 20))
    rep = as_user(cast.rep)
    form = rep.get(reverse("forecast-new") + "?period=2026-Q2")
    once = re.search(r'name="submit_once" value="([^"]+)"', form.content.decode())[1]
    assert re.search(r'name="commit" value="200', form.content.decode())
    for _again in range(2):
        answer = post(rep, "forecast-new", {**NUMBERS, "submit_once": once}, query="?period=2026-Q2")
        assert (answer.status_code, answer.url) == (302, "/sales/forecast/?period=2026-Q2")
    said = ForecastSubmission.objects.get()
    page = text_of(rep.get(answer.url))
    assert "$350.00" in page
    assert "Teams, in the week of" not in page

    manager = as_user(cast.manager)
    assert post(manager, "forecast-adjustment", {"commit": 1, "best_case": 0, "note": ""}, said.pk).status_code == 422
    assert post(manager, "forecast-adjustment", {**NUMBERS, "commit": "300"}, said.pk).status_code == 302
    assert ForecastAdjustment.objects.get().commit == 300
    query = f"?period=2026-Q2&team={cast.north.pk}"
    assert "$300.00" in text_of(manager.get(reverse("forecast-new") + query))
    assert post(manager, "forecast-new", NUMBERS, query=query).status_code == 302
    assert ForecastSubmission.objects.of_teams().get().team == cast.north
    page = text_of(manager.get(reverse("forecast") + "?period=2026-Q2"))
    assert re.search(r"Rosa Rep.*\$300 submitted: \$350", page)
    assert "What the pipeline held then" in text_of(manager.get(said.get_absolute_url()))


def test_what_is_refused_is_told_with_what_was_typed_and_stores_nothing(cast, as_user):
    rep = as_user(cast.rep)
    late = post(rep, "forecast-new", {**NUMBERS, "week": "2026-05-04"}, query="?period=2026-Q2")
    assert late.status_code == 422
    assert "its forecast is locked" in text_of(late)
    assert 'value="350"' in late.content.decode()
    assert 'name="week" value="2026-05-11"' in late.content.decode()
    over = post(rep, "forecast-new", NUMBERS, query="?period=2026-Q1")
    assert (over.status_code, "This period is over" in text_of(over)) == (422, True)
    low = post(rep, "forecast-new", {**NUMBERS, "best_case": "1"}, query="?period=2026-Q2")
    assert (low.status_code, "not less than what you commit to" in text_of(low)) == (422, True)
    assert post(rep, "forecast-new", NUMBERS, query=f"?period=2026-Q2&team={cast.north.pk}").status_code == 403
    assert post(as_user(cast.manager), "forecast-new", NUMBERS, query=f"?team={cast.south.pk}").status_code == 403
    assert not ForecastSubmission.objects.exists()


def test_a_rep_sees_nobody_elses_forecast(cast, as_user, now):
    theirs = make_forecast(cast.teammate, commit=123_456, at=now)
    rep = as_user(cast.rep)
    assert rep.get(theirs.get_absolute_url()).status_code == 404
    for name in ("forecast", "forecast-list"):
        assert "123,456" not in text_of(rep.get(reverse(name)))
    assert "123,456" in text_of(as_user(cast.manager).get(reverse("forecast")))


def test_the_records_behind_each_figure_are_a_list_away(cast, as_user, now):
    """What was won stays with whoever had it then; the list counts as the forecast does, nothing that is near it."""
    day = date(2026, 5, 20)
    won = make_opportunity(cast.rep, name="Won in May", amount="100", at=now)
    opportunities.win(won, by=cast.rep, at=now)
    won, why = Opportunity.objects.get(pk=won.pk), "They asked for Tom"
    opportunities.hand_over(won, owner=cast.teammate, by=cast.manager, at=now, overriding=why)
    given = {"amount": "10", "expected_close": day, "forecast_category": "commit"}
    make_opportunity(cast.rep, name="Committed", at=now, **given)
    make_opportunity(cast.rep, name="Later", at=now, **given | {"expected_close": date(2026, 9, 1)})
    make_opportunity(cast.rep, name="Hope", at=now, **given | {"forecast_category": "pipeline"})
    rep = as_user(cast.rep)
    links = re.findall(r'href="(/sales/opportunities/[?][^"]+)"', rep.get(reverse("forecast")).content.decode())
    listed = [re.findall(r"Won in May|Committed|Later|Hope", text_of(rep.get(html.unescape(link)))) for link in links]
    assert [sorted(set(names)) for names in listed] == [["Won in May"], ["Committed"], ["Hope"]]
    assert "Write a month or quarter" in text_of(rep.get(f"{reverse('opportunity-list')}?won_in=banana"))
    page = as_user(cast.manager).get(reverse("forecast")).content.decode()
    [link] = set(re.findall(rf'href="([^"]+won_for={cast.rep.pk}[^"]*)"', page))
    assert "Won in May" in text_of(as_user(cast.manager).get(html.unescape(link)))


def test_the_api_submits_by_the_same_rules(cast, as_user):
    rep = as_user(cast.rep)
    values = {"period": "2026-Q2", "commit": "350.00", "best_case": "700.00"}
    made = rep.post("/api/v1/forecasts/", values, JSON)
    assert (made.status_code, made.json()["week"], made.json()["period"]) == (201, "2026-05-11", "2026-Q2")
    for wrong in ({"period": "2026"}, {"period": "2026-Q1"}, {"best_case": "1.00"}):
        assert rep.post("/api/v1/forecasts/", values | wrong, JSON).status_code == 400
    assert rep.post("/api/v1/forecasts/", values | {"team": cast.north.pk}, JSON).status_code in (400, 403)
    assert ForecastSubmission.objects.count() == 1
    address = f"/api/v1/forecasts/{made.json()['id']}/adjustment/"
    assert rep.post(address, {"commit": 1, "best_case": 2, "note": "x"}, JSON).status_code == 403
    adjusted = as_user(cast.manager).post(address, {"commit": "1.00", "best_case": "2.00", "note": "x"}, JSON)
    assert adjusted.json()["adjustments"][0]["commit"] == "1.00"


@pytest.mark.parametrize("name", ["forecast", "forecast-board"])
def test_the_pages_ask_as_much_for_many_people_as_for_few(cast, as_user, now, name):
    default_pipeline()
    made = count()

    def add():
        person = cast.person(f"Person {next(made)}", cast.north, "sales_rep")
        make_opportunity(person, expected_close=date(2026, 5, 20), at=now)
        make_forecast(person, at=now)

    assert assert_flat(as_user(cast.manager), reverse(name), add, rows=3) <= 25


def columns(response):
    """The names of the cards in each column."""
    found = {}
    for column in re.split(r'data-column="', response.content.decode())[1:]:
        found[column[: column.index('"')]] = re.findall(r'data-card="\d+" data-label="([^"]+)"', column)
    return found


def test_cards_stand_in_the_month_they_close_in_and_move_with_the_rules_of_an_edit(cast, as_user, now):
    default_pipeline()
    for name, day in [
        ("Late", date(2026, 4, 30)),
        ("May", date(2026, 5, 31)),
        ("Never", None),
        ("Far", date(2027, 1, 1)),
    ]:
        make_opportunity(cast.rep, name=name, expected_close=day, at=now)
    make_opportunity(cast.outsider, name="Foreign", expected_close=date(2026, 5, 31), at=now)
    rep = as_user(cast.rep)
    board = rep.get(reverse("forecast-board"))
    assert columns(board) == {
        "overdue": ["Late"], "2026-05": ["May"], "2026-06": [], "2026-07": [], "2026-08": [], "none": ["Never"],
    }  # fmt: skip

    may = Opportunity.objects.get(name="May")
    moved = {"column": "2026-06", "previous": "", "next": "", "version": may.version}
    card = post(rep, "opportunity-close-month", moved, may.pk)
    assert (card.status_code, "put off 1 time" in text_of(card)) == (200, True)
    may.refresh_from_db()
    assert (may.expected_close, may.close_pushes, may.version) == (date(2026, 6, 30), 1, 2)
    assert may.stage_changes.count() == 2
    refused = [
        (rep, {"column": "2026-07"}, 409),  # the version is an old one
        (rep, {"column": "2026-04", "version": 2}, 422),
        (rep, {"column": "overdue", "version": 2}, 422),
        (as_user(cast.teammate), {"column": "2026-07", "version": 2}, 403),
        (as_user(cast.outsider), {"column": "2026-07", "version": 2}, 404),
    ]
    for client, change, status in refused:
        client = as_user({403: cast.teammate, 404: cast.outsider}.get(status, cast.rep))
        assert post(client, "opportunity-close-month", moved | change, may.pk).status_code == status
    may.refresh_from_db()
    assert (may.expected_close, may.version) == (date(2026, 6, 30), 2)
    assert (
        post(as_user(cast.rep), "opportunity-close-month", moved | {"column": "none", "version": 2}, may.pk).status_code
        == 200
    )
    won = opportunities.win(may, by=cast.rep, at=now)
    again = {"column": "2026-07", "version": won.version}
    assert "closed already" in text_of(post(as_user(cast.rep), "opportunity-close-month", again, may.pk))
