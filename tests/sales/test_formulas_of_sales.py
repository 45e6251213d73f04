"""Formulas of sales and service: amounts in their currency, what may be named, segments that ask."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.custom_fields import computed
from crm.custom_fields.formulas import names
from crm.models import CustomField
from customers.lists import membership
from customers.models import Contact, Customer, Segment
from customers.sales.models import Lead, Opportunity
from service.models import Ticket
from tests.factories.custom_fields import make_field, make_formula
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import make_lead, make_opportunity
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db


def make_ticket(owner):
    return a_ticket(owner, timezone.now(), owner=owner)


@pytest.mark.parametrize(
    ("model", "make"),
    [
        (Customer, make_customer),
        (Contact, make_contact),
        (Lead, make_lead),
        (Opportunity, make_opportunity),
        (Ticket, make_ticket),
    ],
)
def test_everything_that_may_be_named_is_read_as_what_it_is(model, make, cast):
    record = make(cast.rep)
    made = [
        CustomField(kind=model.kind, code=name, type="formula", formula=name, result=readable.type)
        for name, readable in names.declared(model.kind).items()
    ]
    types = {"number": Decimal, "text": str, "date": date, "boolean": bool}
    found = computed.values_of(record, made)
    name = "subject" if model is Ticket else "name"
    assert found[name] == getattr(record, name)
    assert {field.code: type(found[field.code]) for field in made if field.code in found} == {
        field.code: types[field.result] for field in made if field.code in found
    }


def test_a_ticket_shows_on_its_page_and_to_programs_what_the_list_filters_by(cast, client):
    make_formula("next", "if(state = 'open' and priority >= 2, 'act now', 'wait')", "text", kind="ticket")
    ticket = make_ticket(cast.agent)
    client.force_login(cast.agent)
    assert "act now" in client.get(ticket.get_absolute_url()).content.decode()
    for value, found in (("ACT", [ticket.pk]), ("wait", [])):
        listed = client.get(reverse("ticket-list"), {"tab": "all", "custom_next": value, "columns": "custom_next"})
        assert [row.pk for row in listed.context["list"].rows] == found
    answer = client.get(reverse("api:ticket-detail", args=[ticket.pk])).json()
    assert answer["formulas"] == {"next": "act now"}


def test_amounts_stay_in_their_currency_and_are_never_converted(cast, client):
    make_formula("expected", "amount * probability / 100", kind="opportunity", is_shown=True)
    make_formula("is_large", "amount > 1000 and outcome = 'open'", "boolean", kind="opportunity")
    big = make_opportunity(cast.rep, name="Big", amount=Decimal(3000), currency="USD", probability=Decimal("0.5"))
    small = make_opportunity(cast.rep, name="Small", amount=Decimal(100), currency="EUR")
    make_opportunity(cast.rep, name="None", amount=None)
    client.force_login(cast.rep)
    url = reverse("opportunity-list")
    rows = client.get(f"{url}?columns=name,custom_expected&sort=-custom_expected").context["list"].rows
    share = small.effective_probability * 100
    assert [row.label for row in rows] == ["Big", "Small", "None"]
    assert ("$1,500.00" in str(rows[0].cells), f"€{share:.2f}" in str(rows[1].cells)) == (True, True), rows[1].cells
    assert [row.label for row in client.get(f"{url}?custom_is_large=true").context["list"].rows] == ["Big"]
    page = client.get(big.get_absolute_url()).content.decode()
    assert page.count("$1,500.00") == 2, "the weighted amount, and what the formula makes of the same"
    answer = client.get(reverse("api:opportunity-detail", args=[big.pk])).json()
    assert answer["formulas"] == {"expected": "1500", "is_large": True}


def test_segments_ask_formulas_and_find_nobody_once_it_is_gone(cast, now):
    make_field("machines", "number")
    formula = make_formula("per_machine", "employees / machines")
    make_customer(cast.rep, "Acme", employees=100, custom={"machines": 10})
    make_customer(cast.rep, "Beta", employees=100, custom={"machines": 50})
    request = type("Request", (), {"user": cast.manager})()
    everyone = Customer.objects.visible_to(cast.manager)

    def members():
        asked = Segment(question={"custom_per_machine_min": ["5"]})
        return sorted(membership.members(asked, everyone, request).values_list("name", flat=True))

    assert members() == ["Acme"]
    CustomField.objects.filter(pk=formula.pk).update(is_retired=True)
    assert members() == ["Acme"]
    CustomField.objects.filter(pk=formula.pk).update(is_deleted=True)
    assert members() == []
