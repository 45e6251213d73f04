"""Why customers left, and how long those who began together stay: on the page and for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from customers.sales.models import ChurnReason, ContractMovement
from evaluation.engine import COMPANY, churn_reasons, scopes, staying
from evaluation.formulas import periods
from evaluation.formulas.survival import kaplan_meier
from tests.evaluation.measured import LATER
from tests.factories.contracts import a_contract
from tests.factories.evaluation import a_customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def lost(cast):
    """Four lost in the second quarter: two for the service, one for the price, one because they closed."""
    for name, reason, value in (("A", "Service", 100), ("B", "Service", 50), ("C", "Price", 400), ("D", "Closed", 30)):
        owner = cast.outsider if name == "D" else cast.rep
        contract = a_contract(a_customer(name), ("churn", "2026-05-01", 0), value=value, owner=owner)
        said = ChurnReason.objects.get_or_create(name=reason)[0]
        _say(contract, said)
    a_contract(a_customer("Kept"), owner=cast.rep)
    a_contract(a_customer("Later"), ("churn", "2026-08-01", 0), owner=cast.rep)


def _say(contract, reason):
    """The factory says "Price"; movements are append-only, so the wrong one is taken back and said again."""
    wrong = contract.movements.get(type="churn")
    if reason.name == "Price":
        return
    copied = {name: getattr(wrong, name) for name in ("counts_from", "agreed_on", "owner", "team", "recorded_at")}
    back = {"before": wrong.after, "after": wrong.before, "corrects": wrong, "reason": "Wrong"}
    for said in (
        {**back, "churn_reason": wrong.churn_reason},
        {"before": wrong.before, "after": 0, "churn_reason": reason},
    ):
        ContractMovement.objects.create(contract=contract, type="churn", **copied, **said)


def test_reasons_are_those_of_the_customers_the_rate_counts_the_most_frequent_first(cast, lost):
    found = churn_reasons.reasons("churn_rate", COMPANY, periods.parse("2026-Q2"), now=LATER)
    assert [(one.name, one.customers, one.monthly, one.share, one.cumulative) for one in found] == [
        ("Service", 2, 150, 0.5, 0.5),
        ("Price", 1, 400, 0.25, 0.75),
        ("Closed", 1, 30, 0.25, 1.0),
    ]
    ours = churn_reasons.reasons("churn_rate", scopes.of_person(cast.rep), periods.parse("2026-Q2"), now=LATER)
    assert [(one.name, one.customers) for one in ours] == [("Service", 2), ("Price", 1)]
    assert churn_reasons.reasons("at_risk_churn_rate", COMPANY, periods.parse("2026-Q2"), now=LATER) == []
    with pytest.raises(scopes.ScopeError, match="not split by reason"):
        churn_reasons.reasons("revenue", COMPANY, periods.parse("2026-Q2"), now=LATER)


def test_the_page_and_the_api_say_why(client, cast, lost):
    client.force_login(cast.administrator)
    asked = {"scope": "company", "period": "2026-Q2"}
    page = client.get(reverse("kpi-detail", args=["churn_rate"]), asked).content.decode()
    assert f"{reverse('kpi-reasons', args=['churn_rate'])}?scope=company" in page
    assert f"{reverse('retention-curve')}?scope=company&amp;period=2026" in page
    said = client.get(reverse("kpi-reasons", args=["churn_rate"]), asked).content.decode()
    assert "4 customers lost" in said
    assert said.index("Service") < said.index("Closed")
    assert client.get(reverse("kpi-reasons", args=["revenue"]), asked).status_code == 404
    first = client.get("/api/v1/churn-reasons/", asked).json()[0]
    assert first == {"reason": "Service", "customers": 2, "monthly_value": "150.00", "share": 0.5, "cumulative": 0.5}
    assert client.get("/api/v1/churn-reasons/", {**asked, "code": "revenue"}).status_code == 404
    client.force_login(cast.rep)
    assert client.get("/api/v1/churn-reasons/", asked).status_code == 404


@pytest.fixture
def began(cast):
    """Ten in January 2025, of whom five left after 59, 59, 120, 200 and 365 days; two in March, one of them back."""
    january = [a_contract(a_customer(), *moved, owner=cast.rep) for moved in (
        [("churn", "2025-03-01", 0)], [("churn", "2025-03-01", 0)], [("churn", "2025-05-01", 0)],
        [("churn", "2025-07-20", 0)], [("churn", "2026-01-01", 0)], [], [], [], [],
        [("churn", "2025-03-01", 0), ("back", "", 0)],
    )]  # fmt: skip
    assert len(january) == 10
    a_contract(a_customer(), ("churn", "2025-04-01", 0), ("reactivation", "2025-09-01", 90), start="2025-03-01")
    a_contract(a_customer(), ("churn", "2026-12-01", 0), start="2025-03-15", owner=cast.outsider)  # not yet


def test_a_curve_is_kaplan_meiers_of_who_began_together(began, cast):
    whole, (january, march) = staying.staying(COMPANY, periods.parse("2025"), now=NOW)
    days = (date(2026, 7, 1) - date(2025, 1, 1)).days
    expected = kaplan_meier([59, 59, 120, 200, 365, *[days] * 5], [True] * 5 + [False] * 5)
    assert january.curve == expected
    assert (january.n, january.lost, january.is_tiny, january.is_small) == (10, 5, False, True)
    assert january.median == pytest.approx(365 / (365.25 / 12))
    assert [(one.months, one.share and round(one.share, 9), one.at_risk) for one in january.steps] == [
        (3, 0.8, 8), (6, 0.7, 7), (12, 0.5, 5), (24, None, 0),
    ]  # fmt: skip
    low, high = january.steps[1].low, january.steps[1].high
    assert (round(low, 4), round(high, 4)) == (0.3287, 0.8919)  # log-log, with Greenwood's variance
    assert (march.n, march.lost, march.is_tiny) == (2, 0, True)
    assert (whole.n, whole.lost) == (12, 5)
    mine, _months = staying.staying(scopes.of_person(cast.outsider), periods.parse("2025"), now=NOW)
    assert (mine.n, mine.lost) == (1, 0)


def test_the_page_has_the_curve_with_its_table_and_the_api_the_same(client, cast, began):
    client.force_login(cast.administrator)
    asked = {"scope": "company", "period": "2025"}
    page = client.get(reverse("retention-curve"), asked).content.decode()
    assert "12 customers, 5 lost." in page
    assert "March 2025" in page
    told = client.get("/api/v1/retention-curves/", asked).json()
    assert (told["n"], told["lost"], [one["period"] for one in told["cohorts"]]) == (12, 5, ["2025-01", "2025-03"])
    assert told["cohorts"][1]["steps"][0]["share"] is None  # two are too few for a share
    assert told["cohorts"][0]["steps"][0]["share"] == 0.8
    empty = client.get(reverse("retention-curve"), {**asked, "period": "2019"}).content.decode()
    assert "No first contract began in this period." in empty
    client.force_login(cast.rep)
    assert client.get("/api/v1/retention-curves/", asked).status_code == 404
