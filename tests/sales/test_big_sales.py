"""Whom a rule names hears of big sales, once for each turn."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.models import Event, Notification, Team
from customers.actions import daily_summaries
from customers.models import DailySummary
from customers.sales.actions import opportunities
from customers.sales.models import BigSaleRule, CurrencyRate
from customers.sales.subscriptions import tell_of_big_sales
from tests.factories.sales import WEDNESDAY, default_pipeline, lost_reason, make_opportunity, make_pipeline

pytestmark = pytest.mark.django_db


def hear() -> None:
    """Every event that is listened to, twice: nobody hears anything twice."""
    for _again in range(2):
        for event in Event.objects.filter(subject_kind="opportunity").order_by("pk"):
            tell_of_big_sales(event)


def told(person) -> list[str]:
    found = Notification.objects.filter(receiver=person, key__startswith="big-sale:").order_by("pk")
    return [f"{one.message.split(':')[0]}, {one.values['amount']}" for one in found]


def test_whoever_manages_the_owner_hears_once_when_it_gets_big_and_once_how_it_ends(cast):
    BigSaleRule.objects.create(pipeline=default_pipeline(), amount=5000)
    Team.objects.filter(pk=cast.north.pk).update(manager=cast.manager)
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.25"))
    sale = make_opportunity(cast.rep, amount=Decimal("4999.99"))
    make_opportunity(cast.rep, amount=Decimal("3999.99"), currency="EUR")
    make_opportunity(cast.rep, amount=Decimal("90000.00"), currency="GBP")  # nobody knows what that is worth
    hear()
    assert told(cast.manager) == []
    how = {"by": cast.rep, "at": WEDNESDAY}
    opportunities.update(sale, {"amount": Decimal("5000.00")}, **how)
    hear()
    opportunities.update(sale, {"amount": Decimal("6000.00")}, **how)
    hear()
    opportunities.win(sale, **how)
    hear()
    abroad = make_opportunity(cast.rep, amount=Decimal("4000.00"), currency="EUR")
    opportunities.lose(abroad, reason=lost_reason(), **how)
    hear()
    assert told(cast.manager) == [
        "A big sale, 5000.00 USD", "A big sale is won, 6000.00 USD", "A big sale is lost, 4000.00 EUR",
    ]  # fmt: skip
    assert told(cast.rep) == told(cast.teammate) == told(cast.service_manager) == []


def test_a_rule_tells_only_whom_it_names_of_what_it_is_about_and_nobody_of_what_they_may_not_see(cast):
    Team.objects.filter(pk=cast.north.pk).update(manager=cast.manager)
    how = {"by": cast.rep, "at": WEDNESDAY}
    won = BigSaleRule.objects.create(amount=5000, when_open=False, when_lost=False, tells_managers=False)
    won.people.set([cast.teammate, cast.outsider, cast.rep])  # another team's; whose it is knows
    BigSaleRule.objects.create(pipeline=make_pipeline(), amount=1)
    BigSaleRule.objects.create(amount=1, is_active=False)
    opportunities.win(make_opportunity(cast.rep, amount=Decimal("5000.00")), **how)
    opportunities.lose(make_opportunity(cast.rep, amount=Decimal("5000.00")), reason=lost_reason(), **how)
    hear()
    assert told(cast.teammate) == ["A big sale is won, 5000.00 USD"]
    assert told(cast.manager) == told(cast.outsider) == told(cast.rep) == []


def test_whom_several_rules_name_is_told_once_and_again_when_it_reaches_the_larger_amount(cast):
    for amount in (1000, 2000, 5000):
        BigSaleRule.objects.create(amount=amount, tells_managers=False).people.set([cast.teammate])
    sale = make_opportunity(cast.rep, amount=Decimal("2500.00"))
    hear()
    assert told(cast.teammate) == ["A big sale, 2500.00 USD"]
    opportunities.update(sale, {"amount": Decimal("5000.00")}, by=cast.rep, at=WEDNESDAY)
    hear()
    assert told(cast.teammate) == ["A big sale, 2500.00 USD", "A big sale, 5000.00 USD"]


def test_what_was_told_of_big_sales_stands_in_the_mail_of_the_day_until_it_is_read(cast):
    type(cast.teammate).objects.filter(pk=cast.teammate.pk).update(summary_hour=7)
    cast.teammate.refresh_from_db()
    BigSaleRule.objects.create(amount=1000, tells_managers=False).people.set([cast.teammate])
    sale = make_opportunity(cast.rep, name="Press", amount=Decimal("2500.00"))
    hear()
    at = Notification.objects.get(receiver=cast.teammate).at
    assert daily_summaries.make(cast.teammate, at + timedelta(minutes=1))
    mail = DailySummary.objects.get(user=cast.teammate)
    assert mail.subject == "Your day: Big sales 1"
    line = f"Big sales (1)\n- A big sale: “Press” of {cast.rep}, 2,500.00 USD."
    assert mail.text.startswith(line)
    assert sale.get_absolute_url() in mail.text


def test_rules_are_set_in_the_admin_site_say_what_they_cannot_convert_and_are_on_record(client, cast):
    make_opportunity(cast.rep, amount=Decimal("90000.00"), currency="GBP")
    client.force_login(cast.administrator)
    new = reverse("admin:sales_bigsalerule_add")
    said = "GBP: of sales in these nobody is told until they have a rate."
    assert said in client.get(new).content.decode()
    nobody = client.post(new, {"amount": "100", "when_won": "on", "is_active": "on"})
    assert "Choose whom it tells" in nobody.content.decode()
    never = client.post(new, {"amount": "100", "tells_managers": "on", "is_active": "on"})
    assert "Choose at least one occasion" in never.content.decode()
    assert not BigSaleRule.objects.exists()
    assert not LogEntry.objects.exists()
    made = client.post(new, {"amount": "100", "when_won": "on", "people": [cast.teammate.pk], "is_active": "on"})
    assert made.status_code == 302
    rule = BigSaleRule.objects.get()
    assert (rule.turns, list(rule.people.all()), str(rule)) == (["won"], [cast.teammate], "All pipelines: $100.00")
    changes = Event.objects.get(type="settings.created", data__model="sales.bigsalerule").data["changes"]
    assert changes["people"] == [None, [str(cast.teammate)]]
    assert str(cast.teammate) in client.get(reverse("admin:sales_bigsalerule_changelist")).content.decode()
    with pytest.raises(IntegrityError, match="big_sale_rule_says_when"), transaction.atomic():
        BigSaleRule.objects.update(when_won=False)
