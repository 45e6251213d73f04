"""The customer list, and so a segment, asks for what lies around a customer: of records the asker may see."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.models import RoleGrant
from customers.actions import segments
from customers.models import Segment
from customers.sales.actions import moving
from customers.sales.models import CurrencyRate
from service.actions import states
from tests.factories import sales, service, surveys
from tests.factories.customers import make_customer


@pytest.fixture
def today():
    return timezone.now()


@pytest.fixture
def three(cast):
    return [make_customer(cast.rep, name) for name in ("Alpha", "Beta", "Gamma")]


@pytest.fixture
def found(client, cast):
    def ask(by=cast.rep, **asked):
        client.force_login(by)
        page = client.get(reverse("customer-list"), {"sort": "name"} | asked)
        assert page.status_code == 200, page.context["list"].refusals
        return [row.label for row in page.context["list"].rows]

    return ask


def test_open_opportunities_by_number_amount_and_stage(found, cast, three, today):
    alpha, beta, _gamma = three
    CurrencyRate.objects.create(currency="EUR", valid_from=today.date(), rate=Decimal(2))
    for amount, currency in ((1000, ""), (600, "EUR")):
        sales.make_opportunity(cast.rep, customer=alpha, amount=Decimal(amount), currency=currency, at=today)
    sales.make_opportunity(cast.rep, customer=beta, amount=Decimal(900), at=today)
    won = sales.make_opportunity(cast.rep, customer=beta, at=today - timedelta(days=50))
    moving.move(won, stage=sales.stage("Won"), by=cast.rep, at=today - timedelta(days=40))

    assert found(opportunities_open_min=1) == ["Alpha", "Beta"]
    assert found(opportunities_open_min=2) == ["Alpha"]
    assert found(opportunities_open_max=0) == ["Gamma"]
    assert found(opportunities_open_max=1) == ["Beta", "Gamma"]
    assert found(opportunities_open_min=1, opportunities_open_max=1) == ["Beta"]
    assert found(opportunities_amount_min=2200) == ["Alpha"]  # 1,000 and 600 at 2
    assert found(opportunities_amount_min="2200.01") == []
    assert found(opportunities_amount_max=900) == ["Beta"]
    assert found(opportunities_stage=sales.stage("Qualifying").pk) == ["Alpha", "Beta"]
    assert found(opportunities_stage=sales.stage("Negotiation").pk) == []
    assert found(won_days=41) == ["Beta"]
    assert found(won_days=39) == []


def test_contracts_by_number_value_and_renewal(found, cast, three, today):
    alpha, beta, _gamma = three
    day = today.date()
    year_ago, soon = day - timedelta(days=335), day + timedelta(days=30)
    sales.make_contract(cast.rep, of=alpha, start=year_ago, end=soon, monthly_value=Decimal(100), at=today)
    sales.make_contract(cast.rep, of=alpha, start=year_ago, end=None, monthly_value=Decimal(50), at=today)
    sales.make_contract(cast.rep, of=beta, start=day + timedelta(days=5), end=None, at=today)

    assert found(contracts_min=1) == ["Alpha"]  # Beta's has not begun
    assert found(contracts_max=0) == ["Beta", "Gamma"]
    assert found(contracts_value_min=150) == ["Alpha"]
    assert found(contracts_value_min=151) == []
    assert found(contracts_renewal=30) == ["Alpha"]
    assert found(contracts_renewal=29) == []


def test_tickets_that_are_open_or_late(found, cast, three, today):
    alpha, beta, gamma = three
    service.a_ticket(cast.rep, today - timedelta(days=20), customer=alpha, type="complaint")
    service.a_ticket(cast.rep, today, customer=beta)
    done = service.a_ticket(cast.rep, today - timedelta(days=3), customer=gamma)
    states.resolve(ticket=done, by=cast.rep, at=today)

    assert found(tickets_open_min=1) == ["Alpha", "Beta"]
    assert found(tickets_open_max=0) == ["Gamma"]
    assert found(complaints_open_min=1) == ["Alpha"]
    assert found(tickets_late_min=1) == ["Alpha"]
    assert found(tickets_days=5) == ["Beta", "Gamma"]


def test_the_last_answer_counts_and_not_the_one_before(found, cast, three, today):
    alpha, beta, _gamma = three
    for customer, scores in ((alpha, (2, 9)), (beta, (10, 5))):
        contact = service.a_contact(customer)
        for days, score in zip((60, 10), scores, strict=True):
            surveys.a_response(contact, today - timedelta(days=days), score, customer=customer)

    assert found(nps_last_max=6) == ["Beta"]
    assert found(nps_last_min=9) == ["Alpha"]
    assert found(csat_last_min=1) == []
    assert found(answered_days=11) == ["Alpha", "Beta"]
    assert found(answered_days=9) == []


def test_a_kpis_value_of_a_customers_own_is_that_of_its_declaration(found, cast, three, today):
    alpha, beta, _gamma = three
    sales.make_order(cast.rep, customer=alpha, amount=Decimal(500), at=today - timedelta(days=364))
    sales.make_order(cast.rep, customer=alpha, amount=Decimal(700), at=today - timedelta(days=366))
    for customer, stage in ((alpha, "Won"), (alpha, "Lost"), (beta, "Lost")):
        each = sales.make_opportunity(cast.rep, customer=customer, amount=Decimal(100), at=today - timedelta(days=9))
        given = {"lost_reason": sales.lost_reason()} if stage == "Lost" else {}
        moving.move(each, stage=sales.stage(stage), by=cast.rep, at=today - timedelta(days=1), **given)

    assert found(kpi_revenue_min=600) == ["Alpha"]
    assert found(kpi_revenue_min=601) == []
    assert found(kpi_win_rate_min=50) == ["Alpha"]
    assert found(kpi_win_rate_max=49) == ["Beta"]  # who has nothing decided has no rate


def test_records_that_one_may_not_see_count_for_nobody_and_a_closed_kind_is_not_asked(
    client, found, cast, three, today
):
    alpha = three[0]
    theirs = make_customer(cast.outsider, "Theirs")
    service.a_ticket(cast.rep, today, customer=alpha)
    service.a_ticket(cast.outsider, today, customer=theirs)
    kept = segments.create(name="Asking", question={"tickets_open_min": ["1"]}, by=cast.rep, at=today)
    assert found(segment=kept.pk) == ["Alpha"]
    assert found(cast.administrator, segment=kept.pk) == ["Alpha", "Theirs"]

    RoleGrant.objects.filter(role__code="sales_rep", kind="ticket").delete()
    client.force_login(cast.rep)
    refused = client.get(reverse("customer-list"), {"tickets_open_min": 1})
    assert refused.status_code == 422
    assert "Your role does not show what this filter asks for." in refused.content.decode()
    assert 'name="tickets_open_min"' not in client.get(reverse("customer-list"), {"filters": "open"}).content.decode()
    assert found(segment=kept.pk) == []
    # Who edits it keeps what they cannot see, and adds what they can.
    version = Segment.objects.get(pk=kept.pk).version
    said = {"name": "Asking", "how": "rule", "tier": ["A"], "version": version}
    assert client.post(reverse("segment-edit", args=[kept.pk]), said).status_code == 302
    assert Segment.objects.get(pk=kept.pk).question == {"tickets_open_min": ["1"], "tier": ["A"]}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"opportunities_open_min": "many"}, "Enter a whole number."),
        ({"opportunities_open_min": "-1"}, "greater than or equal to 0"),
        ({"opportunities_open_min": "3", "opportunities_open_max": "2"}, "“From” is more than “to”."),
        ({"opportunities_amount_min": "NaN"}, "Enter a number."),
        ({"opportunities_amount_min": "1" + "0" * 30}, "less than or equal to"),
        ({"nps_last_max": "11"}, "less than or equal to 10"),
        ({"won_days": "0"}, "greater than or equal to 1"),
        ({"kpi_win_rate_min": "101"}, "less than or equal to 100"),
    ],
)
def test_what_is_no_number_is_refused_by_name_on_the_page_and_over_the_api(client, cast, three, asked, words):
    client.force_login(cast.rep)
    page = client.get(reverse("customer-list"), asked)
    name = next(iter(asked)).removesuffix("_min").removesuffix("_max")
    assert page.status_code == 422
    assert [refusal.errors for refusal in page.context["list"].refusals if any(words in it for it in refusal.errors)]
    wrong = {"name": "Wrong", "question": {key: [value] for key, value in asked.items()}}
    answer = client.post("/api/v1/segments/", wrong, content_type="application/json")
    assert answer.status_code == 400
    assert f"{name}: " in answer.content.decode()
    assert not Segment.objects.exists()


def test_days_and_fields_of_the_customer_itself(found, cast, today):
    make_customer(cast.rep, "Called", last_activity_at=today - timedelta(days=10), employees=40, health=80)
    make_customer(cast.rep, "Forgotten", last_activity_at=today - timedelta(days=100), industry="Fine mechanics")
    make_customer(cast.rep, "Never")

    assert found(activity_age_min=90) == ["Forgotten", "Never"]
    assert found(activity_age_max=10) == []
    assert found(activity_age_max=11) == ["Called"]
    assert found(employees_min=40) == ["Called"]
    assert found(industry="MECHANICS") == ["Forgotten"]
    assert found(health="none") == ["Forgotten", "Never"]
    assert found(health_score_max=80) == ["Called"]
    assert found(contacts_max=0) == ["Called", "Forgotten", "Never"]
