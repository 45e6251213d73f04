"""Product lines: what they come to, to the cent and in the database; the amount follows them."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.urls import reverse

from crm.models import Event, StaleVersion
from customers.sales.actions import opportunities, opportunity_lines
from customers.sales.actions.opportunity_lines import Line
from customers.sales.models import OpportunityLine
from tests.factories.sales import make_opportunity, make_product

pytestmark = pytest.mark.django_db


def line(product, quantity, price, discount="0", months=None):
    return Line(product, Decimal(quantity), Decimal(price), Decimal(discount), months)


@pytest.fixture
def pump(db):
    return make_product()


def test_the_database_and_the_action_come_to_the_same_cent(cast, pump, now):
    sale = make_opportunity(cast.rep, amount=Decimal(7), expected_close=date(2026, 6, 1), at=now)
    lines = [
        line(pump, "3", "33.35", "0.1"),  # 90.045: half a cent up
        line(pump, "1", "0.01", "0.5"),  # half a cent is a cent
        line(pump, "2.5", "19.99", "0.125", 12),  # 43.728125 a month
        line(pump, "1", "100", "1"),  # given away
    ]
    sale = opportunity_lines.replace(sale, lines, by=cast.rep, at=now)

    stored = list(OpportunityLine.objects.values_list("charge", "total"))
    assert stored == [(one.charge, one.total) for one in lines]
    assert [str(total) for _charge, total in stored] == ["90.05", "0.01", "524.76", "0.00"]
    assert (sale.amount, sale.monthly_value) == (Decimal("614.82"), Decimal("43.73"))
    assert OpportunityLine.objects.aggregate(sum=Sum("total"))["sum"] == sale.amount
    assert sale.stage_changes.last().amount == Decimal("614.82")
    again = opportunity_lines.replace(sale, lines, by=cast.rep, at=now)
    assert (again.version, Event.objects.filter(type="opportunity.lines_changed").count()) == (sale.version, 1)
    emptied = opportunity_lines.replace(again, [], by=cast.rep, at=now)
    assert (emptied.amount, emptied.monthly_value, OpportunityLine.objects.count()) == (Decimal("614.82"), None, 0)


def test_the_amount_follows_the_lines_until_there_are_none(cast, pump, now):
    sale = make_opportunity(cast.rep, at=now)
    sale = opportunity_lines.replace(sale, [line(pump, 1, 50)], by=cast.rep, at=now, version=1)
    refused = [
        lambda: opportunities.update(sale, {"amount": Decimal(51)}, by=cast.rep, at=now),
        lambda: opportunities.update(sale, {"currency": "EUR"}, by=cast.rep, at=now),
        lambda: opportunities.win(sale, amount=Decimal(51), by=cast.rep, at=now),
        lambda: opportunity_lines.replace(sale, [line(pump, 0, 50)], by=cast.rep, at=now),
        lambda: opportunity_lines.replace(sale, [line(pump, 1, 50, "1.5")], by=cast.rep, at=now),
    ]
    for change in refused:
        with pytest.raises(ValidationError):
            change()
    with pytest.raises(StaleVersion):
        opportunity_lines.replace(sale, [line(pump, 2, 50)], by=cast.rep, at=now, version=1)
    sale.refresh_from_db()
    assert (sale.amount, sale.is_open, sale.lines.get().quantity) == (50, True, 1)
    won = opportunities.win(sale, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="closed"):
        opportunity_lines.replace(won, [], by=cast.rep, at=now)


def test_lines_are_edited_on_the_page_and_over_http(cast, pump, now, client):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    sale = make_opportunity(cast.rep, at=now)
    address = reverse("opportunity-lines", args=[sale.pk])
    count = {"lines-TOTAL_FORMS": 3, "lines-INITIAL_FORMS": 0, "version": 1}
    told = {"lines-0-product": pump.pk, "lines-0-discount": "12.5", "lines-1-quantity": "4"}
    odd = client.post(address, count | told)
    assert (odd.status_code, "Choose what was sold" in odd.content.decode()) == (422, True)
    assert client.post(address, count | told | {"lines-1-quantity": "", "lines-0-months": "12"}).status_code == 302
    one = OpportunityLine.objects.get()
    assert (one.quantity, one.unit_price, one.discount, one.total) == (1, 250, Decimal("0.125"), Decimal("2625.00"))
    assert client.post(address, count | told | {"lines-1-quantity": ""}).status_code == 409
    page = client.get(sale.get_absolute_url()).content.decode()
    assert ("$218.75" in page, "$2,625.00" in page) == (True, True)
    api = f"/api/v1/opportunities/{sale.pk}/"
    wanted = {"lines": [{"product": pump.pk, "quantity": "2", "unit_price": "10.00"}]}
    answer = client.post(f"{api}lines/", wanted, "application/json", headers={"If-Match": "*"}).json()
    assert (answer["amount"], answer["monthly_value"], answer["lines"][0]["total"]) == ("20.00", None, "20.00")
    refused = client.patch(api, {"amount": "5.00"}, "application/json", headers={"If-Match": "*"})
    assert (refused.status_code, "product lines" in refused.content.decode()) == (400, True)
