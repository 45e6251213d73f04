"""The pages of contracts, as a person uses them, and the same over the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.sales.models import Contract, ContractMovement, RenewalRules
from customers.sales.views.contracts import history_of, values_of
from tests.factories.sales import churn_reason, make_contract, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_rep(client, cast):
    client.force_login(cast.rep)
    return client


def test_a_contract_is_noted_from_the_page_of_the_customer(as_rep, cast):
    customer = make_customer(cast.rep)
    address = f"{reverse('contract-new')}?customer={customer.pk}"
    assert str(customer.pk) in as_rep.get(address).content.decode()
    said = {
        "name": "Care  plan", "customer": customer.pk, "start": "2026-05-01", "end": "2027-04-30",
        "monthly_value": "250", "currency": "usd", "notice_days": "30", "renewal_months": "12",
        "renews_automatically": "on",
    }  # fmt: skip
    assert as_rep.post(address, {**said, "end": "2026-04-01"}).status_code == 422
    assert not Contract.objects.exists()
    response = as_rep.post(address, said)
    contract = Contract.objects.get()
    assert response.url == contract.get_absolute_url()
    assert (contract.name, contract.owner, contract.team, contract.currency) == (
        "Care plan", cast.rep, cast.north, "USD"
    )  # fmt: skip
    page = as_rep.get(contract.get_absolute_url()).content.decode()
    assert "New contract: Care plan" in page
    assert reverse("contract-renewal", args=[contract.pk]) in page
    panel = as_rep.get(reverse("customer-contracts", args=[customer.pk])).content.decode()
    assert "Care plan" in panel
    assert "$250.00" in panel


def test_each_movement_has_its_dialog_and_what_is_refused_is_said_there(as_rep, cast):
    contract = make_contract(cast.rep)
    reason = churn_reason("Price")

    def post(name: str, **said: object) -> int:
        return as_rep.post(reverse(f"contract-{name}", args=[contract.pk]), said).status_code

    for name in ("value", "renewal", "end", "correction", "edit", "delete"):
        assert as_rep.get(reverse(f"contract-{name}", args=[contract.pk])).status_code == 200, name
    assert post("value", value="150", counts_from="2026-06-01", version=1) == 302
    assert post("value", value="160", version=1) == 409
    assert post("end", last_day="2026-12-31") == 422  # no reason
    assert post("renewal", value="150", until="2026-11-30") == 422
    assert post("renewal", value="150") == 302
    assert post("end", churn_reason=reason.pk, last_day="2027-06-30", note="Moved away") == 302
    ended = as_rep.get(contract.get_absolute_url()).content.decode()
    assert "June 30, 2027" in ended.partition("Last day</dt>")[2].partition("</dd>")[0]  # not that of the term
    assert post("reactivation", value="80", counts_from="2028-02-01") == 302
    last = ContractMovement.objects.last()
    assert post("correction", movement=last.pk, did_not_happen="on", reason="Wrong customer") == 302
    types = [row.type for row in contract.movements.order_by("pk")]
    assert types == ["new", "expansion", "renewal", "churn", "reactivation", "reactivation"]
    page = as_rep.get(contract.get_absolute_url()).content.decode()
    assert "taken back:" in page
    assert "Wrong customer" in page
    assert "ends on" in page


def test_the_page_says_what_a_contract_is_worth_today_and_what_it_will_be(as_rep, cast):
    contract = make_contract(cast.rep)
    for value, day in (("150", "2026-03-01"), ("160", "2026-06-01"), ("170", "2026-09-01")):
        said = {"value": value, "counts_from": day}
        assert as_rep.post(reverse("contract-value", args=[contract.pk]), said).status_code == 302
    contract.refresh_from_db()
    value, ahead = values_of(contract, history_of(contract), date(2026, 3, 2))
    assert value == 150
    assert [(row.after, row.counts_from) for row in ahead] == [(160, date(2026, 6, 1)), (170, date(2026, 9, 1))]
    assert values_of(contract, history_of(contract), date(2025, 12, 31)) == (170, [])  # it has not begun
    assert "$170.00" in as_rep.get(contract.get_absolute_url()).text


def test_the_list_filters_by_state_as_of_today(as_rep, cast):
    make_contract(cast.rep, name="Long over", start="2020-01-01", end="2020-12-31")
    make_contract(cast.rep, name="Endless", start="2020-01-01", end=None)
    page = as_rep.get(reverse("contract-list"), {"state": "overdue"}).content.decode()
    assert "Long over" in page
    assert "Endless" not in page


def test_renewal_rules_are_one_row_that_administrators_edit(client, cast):
    client.force_login(cast.administrator)
    add = reverse("admin:sales_renewalrules_add")
    assert client.post(add, {"days_ahead": "45"}).status_code == 302
    assert RenewalRules.objects.get().days_ahead == 45
    assert client.get(add).status_code == 403
    assert client.get(reverse("admin:customers_churnreason_changelist")).status_code == 200


def test_contracts_move_over_the_api_with_the_version_and_only_by_movements(client, cast):
    client.force_login(cast.rep)
    customer = make_customer(cast.rep)
    said = {"name": "Care", "customer": customer.pk, "start": "2026-01-01", "end": "2026-12-31", "monthly_value": "100"}
    made = client.post("/api/v1/contracts/", said, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1")
    assert made.status_code == 201, made.content
    address = f"/api/v1/contracts/{made.json()['id']}/"

    def send(method: str, path: str, tag: str, **body: object) -> tuple[int, dict]:
        answer = getattr(client, method)(address + path, body, content_type="application/json", HTTP_IF_MATCH=tag)
        return answer.status_code, answer.json()

    assert send("patch", "", '"1"', monthly_value="5")[0] == 400
    assert send("patch", "", '"1"', notice_days=60)[0] == 200
    status, answer = send("post", "value/", '"2"', value="125.50", counts_from="2026-06-01")
    assert (status, answer["monthly_value"]) == (200, "125.50")
    assert send("post", "renewal/", '"2"')[0] == 412
    assert send("post", "renewal/", '"3"', value="130")[1]["end"] == "2027-12-31"
    assert send("post", "correction/", '"4"', reason="Not agreed")[1]["monthly_value"] == "125.50"
    ended = send("post", "end/", '"5"', churn_reason=churn_reason().pk)[1]
    assert (ended["churned_from"], ended["end"]) == ("2028-01-01", "2027-12-31")
    rows = client.get(address + "movements/").json()
    assert [row["type"] for row in rows] == ["new", "expansion", "renewal", "expansion", "expansion", "churn"]
    assert Contract.objects.get().movements.first().after == Decimal(100)
    assert Contract.objects.get().start == date(2026, 1, 1)
