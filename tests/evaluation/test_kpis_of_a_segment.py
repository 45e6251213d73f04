"""A number about customers, narrowed to the members of a segment: as of now, as far as one may see them."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from customers.actions import segments
from customers.models import Customer
from evaluation import kpis
from evaluation.engine import COMPANY, scopes
from tests.evaluation.measured import measured, records
from tests.factories.evaluation import a_customer, won
from tests.factories.sales import WEDNESDAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(cast):
    """The segment of all tier A customers, one of the rep's and one of somebody else's; and what was sold to them."""
    ours = a_customer("Ours", cast.rep, tier="A")
    theirs = a_customer("Theirs", cast.outsider, tier="A")
    other = a_customer("Small", cast.rep, tier="C")
    for customer, owner, amount in ((ours, cast.rep, 100), (theirs, cast.outsider, 1000), (other, cast.rep, 7)):
        won("2026-04-02", owner, customer=customer, amount=amount)
    won("2026-04-03", cast.rep, amount=5)  # to nobody known
    return segments.create(name="Key", question={"tier": ["A"]}, owner=cast.rep, by=cast.rep, at=WEDNESDAY)


def of(segment, user, kpi="revenue", scope=COMPANY):
    return scopes.narrowed(kpis.get(kpi), scope, segment, user, Customer.objects.visible_to(user))


def test_revenue_of_a_segment_is_that_of_its_members_whom_one_may_see(cast, key):
    assert measured("revenue").value == 1112
    assert measured("revenue", of(key, cast.administrator)).value == 1100
    assert measured("revenue", of(key, cast.rep)).value == 100
    narrow = of(key, cast.administrator, scope=scopes.of_person(cast.outsider))
    assert measured("revenue", narrow).value == 1000
    assert {row.fields["amount"] for row in records("revenue", of(key, cast.administrator)).rows} == {100, 1000}
    assert measured("new_customers").n == 3
    assert measured("revenue_per_customer", of(key, cast.administrator, "revenue_per_customer")).value == 1100


def test_members_are_those_of_now(cast, key):
    Customer.objects.filter(name="Small").update(tier="A")
    assert measured("revenue", of(key, cast.administrator)).value == 1107
    empty = segments.create(name="None", how="static", owner=cast.rep, by=cast.rep, at=WEDNESDAY)
    assert measured("revenue", of(empty, cast.administrator)).value == 0


def test_what_is_not_about_customers_is_not_narrowed(cast, key, capsys):
    assert kpis.get("cac").facts.customer == ""
    with pytest.raises(scopes.ScopeError, match="not about customers"):
        of(key, cast.administrator, "cac")


def test_the_page_is_narrowed_and_says_so(client, cast, key):
    client.force_login(cast.administrator)
    address = reverse("kpi-detail", args=["revenue"])
    shown = client.get(address, {"scope": "company", "period": "2026-Q2", "segment": key.pk}).content.decode()
    assert "$1,100.00" in shown
    assert "its members as of now" in shown
    assert f"segment={key.pk}" in shown  # the links keep it
    assert client.get(address, {"segment": "987654321"}).status_code == 404
    assert client.get(reverse("kpi-detail", args=["cac"]), {"segment": key.pk}).status_code == 404
    client.force_login(cast.outsider)
    assert client.get(address, {"scope": f"person:{cast.outsider.pk}", "segment": key.pk}).status_code == 404


def test_the_command_narrows_too(cast, key, capsys):
    call_command("measure", "revenue", period="2026-Q2", segment="Key", json=True)
    assert json.loads(capsys.readouterr().out)["results"][0]["value"] == {"amount": 1100, "currency": "USD"}


def test_the_customer_list_keeps_its_filters_as_a_segment(client, cast, key):
    client.force_login(cast.rep)
    shown = client.get(reverse("customer-list"), {"tier": "A"}).content.decode()
    assert f"{reverse('segment-new')}?" in shown
    form = client.get(reverse("segment-new"), {"tier": "A"}).content.decode()
    assert re.search(r'value="A"[^>]*(checked|selected)', form)
    assert reverse("segment-new") not in client.get(reverse("customer-list")).content.decode()
