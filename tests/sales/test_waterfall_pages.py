"""The page of the waterfall: figures, what opens behind them, what is said when the question makes no sense."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.sales.actions import opportunities
from customers.sales.models import Pipeline
from tests.factories.sales import default_pipeline, lost_reason, make_opportunity, make_pipeline
from tests.query_counts import assert_flat

DAYS = "first=2026-04-01&last=2026-06-30"


def at(month, day):
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def quarter(cast):
    default_pipeline()
    make_opportunity(cast.rep, name="Stays", amount=Decimal("1000.00"), at=at(3, 1))
    sold = make_opportunity(cast.rep, name="Sold", amount=Decimal("200.10"), at=at(3, 1))
    lost = make_opportunity(cast.teammate, name="Gone", amount=Decimal("50.00"), at=at(4, 1))
    make_opportunity(cast.outsider, name="Southern", amount=Decimal("7000.00"), at=at(4, 1))
    opportunities.win(sold, by=cast.rep, at=at(5, 1))
    opportunities.lose(lost, reason=lost_reason(), by=cast.teammate, at=at(5, 2))


def page(client, query=DAYS, name="pipeline-waterfall"):
    return client.get(f"{reverse(name)}?{query}")


def rows(response):
    """The text of each row of the first table."""
    body = re.search(r"<tbody>(.*?)</tbody>", response.content.decode(), re.DOTALL).group(1)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]
    return [[re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in row] for row in cells]


def test_a_rep_sees_the_figures_of_their_own_and_the_team(cast, quarter, as_user):
    found = rows(page(as_user(cast.rep)))
    assert found == [
        ["At the beginning", "2", "$1,200.10"],
        ["Newly opened", "1", "$50.00"],
        ["Reopened", "0", "$0.00"],
        ["Moved in", "0", "$0.00"],
        ["Repriced", "0", "$0.00"],
        ["Won", "−1", "−$200.10"],
        ["Lost", "−1", "−$50.00"],
        ["Moved out", "0", "$0.00"],
        ["Put into the bin", "0", "$0.00"],
        ["At the end", "1", "$1,000.00"],
    ]


def test_an_outsider_sees_their_own_and_somebody_without_a_role_nothing(cast, quarter, as_user):
    assert ["At the end", "1", "$7,000.00"] in rows(page(as_user(cast.outsider)))
    chosen = page(as_user(cast.outsider), f"{DAYS}&owner={cast.rep.pk}")
    assert (chosen.status_code, "Nothing stood in this pipeline" in chosen.content.decode()) == (200, True)
    for name in ("pipeline-waterfall", "pipeline-waterfall-records", "pipeline-waterfall-export"):
        assert page(as_user(cast.nobody), name=name).status_code == 403


def test_the_chart_carries_the_bars_and_each_opens_its_records(cast, quarter, as_user):
    content = page(as_user(cast.rep)).content.decode()
    spec = json.loads(re.search(r'<script id="waterfall-USD"[^>]*>(.*?)</script>', content, re.DOTALL).group(1))
    bars = {value["part"]: (value["start"], value["end"], value["tone"]) for value in spec["data"]["values"]}
    assert bars["At the beginning"] == (0, 1200.1, "total")
    assert bars["Newly opened"] == (1200.1, 1250.1, "in")
    assert (bars["Won"][0], round(bars["Won"][1], 6), bars["Won"][2]) == (1250.1, 1050, "out")
    assert bars["At the end"] == (0, 1000, "total")
    url = next(value["url"] for value in spec["data"]["values"] if value["part"] == "Won")
    assert "part=won&currency=USD" in url
    behind = as_user(cast.rep).get(url)
    assert rows(behind) == [["Sold", "−$200.10", "Acme", "Rosa Rep", "Won"]]


def test_records_hidden_from_the_reader_are_counted_but_not_named(cast, as_user):
    sold = make_opportunity(cast.rep, name="Handed on", customer=None, at=at(3, 1))
    opportunities.hand_over(sold, owner=cast.outsider, by=cast.administrator, at=at(5, 1))
    content = page(as_user(cast.rep), f"{DAYS}&part=moved_out&currency=USD", "pipeline-waterfall-records").content
    assert "1 opportunity, 1 hidden from you" in content.decode()
    assert "Handed on" not in content.decode()


def test_what_stood_in_each_stage_is_told_for_both_ends(cast, quarter, as_user):
    content = page(as_user(cast.rep)).content.decode()
    before, after = content.split('id="stood-')[1::1][:2]
    assert "Before the first day" in before
    assert "$120.01" in before  # 10 % of 1,200.10
    assert "$100.00" in after
    assert after.count("<tr>") == 5  # head, three stages, altogether


def test_without_a_question_it_is_this_quarter_of_the_first_pipeline(cast, quarter, as_user):
    make_pipeline()
    response = as_user(cast.rep).get(reverse("pipeline-waterfall"))
    assert response.status_code == 200
    assert response.context["pipeline"] == default_pipeline()
    assert response.context["first"].day == 1
    assert response.context["is_provisional"] is True


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-06-30&last=2026-04-01", "This day is before the first one."),
        (f"{DAYS}&closes_from=2026-06-30&closes_until=2026-04-01", "This day is before the first one."),
        (f"{DAYS}&team=987654321", "There is no such team."),
        (f"{DAYS}&team=nonsense", "There is no such team."),
        (f"{DAYS}&owner=987654321", "There is no such person."),
        (f"{DAYS}&pipeline=987654321", "There is no such pipeline."),
        ("first=yesterday&last=2026-04-01", "Enter a valid date."),
        ("first=0001-01-01&last=9999-12-31", "1970-01-01"),
    ],
)
def test_a_question_without_sense_is_answered_with_what_is_wrong(cast, quarter, as_user, query, sentence):
    response = page(as_user(cast.rep), query)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "At the end" not in response.content.decode()
    for name in ("pipeline-waterfall-records", "pipeline-waterfall-export"):
        assert page(as_user(cast.rep), query, name).status_code == 404


@pytest.mark.parametrize("bar", ["part=profit&currency=USD", "part=won&currency=%27", "part=won&currency=DOLLAR"])
def test_a_part_or_currency_that_is_none_is_not_found(cast, quarter, as_user, bar):
    assert page(as_user(cast.rep), f"{DAYS}&{bar}", "pipeline-waterfall-records").status_code == 404


def test_where_there_is_no_pipeline_it_says_so(cast, as_user):
    Pipeline.objects.all().delete()
    assert "There is no pipeline yet" in as_user(cast.rep).get(reverse("pipeline-waterfall")).content.decode()


def exported(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_export_holds_exact_amounts_of_what_may_be_exported(cast, quarter, as_user):
    table = exported(page(as_user(cast.manager), name="pipeline-waterfall-export"))
    assert table[0] == ["Currency", "Part", "Amount", "How many", "Opportunities"]
    assert table[1] == ["USD", "At the beginning", "1200.10", "2", "2"]
    assert table[6] == ["USD", "Won", "-200.10", "-1", "1"]
    assert table[-1] == ["USD", "At the end", "1000.00", "1", "1"]
    own = exported(page(as_user(cast.teammate), name="pipeline-waterfall-export"))
    assert own[1] == ["USD", "At the beginning", "0.00", "0", "0"]
    records = exported(page(as_user(cast.manager), f"{DAYS}&part=lost&currency=USD", "pipeline-waterfall-export"))
    assert [row[:5] for row in records[1:]] == [["Gone", "Acme", "Tom Teammate", "USD", "-50.00"]]


def test_the_page_and_the_records_cost_the_same_queries_however_many_there_are(cast, quarter, as_user):
    client = as_user(cast.manager)

    def one_more():
        make_opportunity(cast.rep, at=at(4, 2), expected_close=date(2026, 7, 1))

    assert assert_flat(client, f"{reverse('pipeline-waterfall')}?{DAYS}", one_more) <= 15
    records = f"{reverse('pipeline-waterfall-records')}?{DAYS}&part=new&currency=USD"
    assert assert_flat(client, records, one_more) <= 15
