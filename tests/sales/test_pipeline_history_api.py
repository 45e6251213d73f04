"""The pipeline's history for programs: the same figures as the pages, for what the caller's role reaches."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from customers.sales.actions import opportunities
from tests.factories.sales import default_pipeline, lost_reason, make_opportunity, stage

DAYS = "first=2026-04-01&last=2026-06-30"


def at(month, day):
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def quarter(cast):
    default_pipeline()
    make_opportunity(cast.rep, name="Stays", amount=Decimal("1000.00"), at=at(3, 1))
    sold = make_opportunity(cast.rep, name="Sold", amount=Decimal("200.10"), at=at(3, 1))
    lost = make_opportunity(cast.teammate, name="Gone", amount=Decimal("50.00"), at=at(4, 1))
    make_opportunity(cast.outsider, name="Southern", amount=Decimal("7000.00"), at=at(4, 1))
    opportunities.win(sold, by=cast.rep, at=at(5, 1))
    opportunities.lose(lost, reason=lost_reason(), by=cast.teammate, at=at(5, 2))


@pytest.fixture
def ask(client):
    def answer(user, path):
        client.force_login(user)
        return client.get(f"/api/v1/{path}")

    return answer


def test_the_waterfall_adds_up_to_the_cent(ask, cast, quarter):
    (fall,) = ask(cast.rep, f"waterfall/?{DAYS}").json()
    bars = {bar["part"]: (bar["amount"], bar["count"]) for bar in fall["bars"] if bar["concerned"]}
    assert fall["currency"] == "USD"
    assert bars == {
        "opening": ("1200.10", 2), "new": ("50.00", 1), "won": ("-200.10", -1), "lost": ("-50.00", -1),
        "closing": ("1000.00", 1),
    }  # fmt: skip


def test_the_records_behind_a_part(ask, cast, quarter):
    found = ask(cast.rep, f"waterfall-records/?{DAYS}&part=won").json()
    assert (found["total"], found["hidden"]) == (1, 0)
    assert [(row["name"], row["amount"]) for row in found["rows"]] == [("Sold", "-200.10")]


def test_the_pipeline_as_of_a_day(ask, cast, quarter):
    first, *rest = ask(cast.rep, "pipeline-as-of/?day=2026-04-01").json()
    assert (first["stage"], first["count"]) == (stage("Qualifying").pk, 3)
    assert first["amounts"] == [{"amount": "1250.10", "currency": "USD"}]
    assert {row["count"] for row in rest} == {0}


def test_what_became_of_what_was_opened(ask, cast, quarter):
    found = ask(cast.manager, "stage-conversion/?first=2026-03-01&last=2026-04-30").json()
    assert [found[name] for name in ("opened", "won", "lost", "open")] == [3, 1, 1, 1]
    first = found["stages"][0]
    assert (first["entered"], first["went_on"], first["lost"], first["share"]) == (3, 1, 1, 1 / 3)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("waterfall/?first=2026-06-01&last=2026-04-01", "last"),
        ("waterfall/?pipeline=0", "pipeline"),
        ("pipeline-as-of/?day=soon", "day"),
        (f"waterfall-records/?{DAYS}&part=luck", "part"),
        (f"waterfall-records/?{DAYS}&part=won&currency=dollars", "currency"),
        ("stage-conversion/?team=0", "team"),
    ],
)
def test_a_question_that_makes_no_sense_names_the_field(ask, cast, quarter, path, field):
    answer = ask(cast.rep, path)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
