"""Who decides: people of an opportunity with their roles, on its page, on theirs, in the exit criteria and the API."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.models import Event, StaleVersion
from customers.actions import contacts, merging
from customers.sales.actions import buying_roles, stage_exit
from customers.sales.models import ExitCriterion, OpportunityContact
from customers.sales.models import stage_exit as exits
from tests.factories.customers import make_contact
from tests.factories.sales import WEDNESDAY, make_customer, make_opportunity, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_rep(client, cast):
    client.force_login(cast.rep)
    return client


def noted(opportunity) -> dict[str, tuple[str, str]]:
    return {row.contact.name: (row.role, row.attitude) for row in opportunity.people.select_related("contact")}


def test_a_person_is_noted_once_changed_in_place_and_the_same_again_changes_nothing(cast):
    sale = make_opportunity(cast.rep)
    boss = make_contact(cast.rep, "Bo Boss", customer=sale.customer)
    how = {"by": cast.rep, "at": WEDNESDAY}
    buying_roles.note(sale, boss, role="champion", **how)
    for _again in range(2):
        buying_roles.note(sale, boss, role="economic", attitude="supports", is_main=True, **how)
    sale.refresh_from_db()
    assert (noted(sale), sale.contact) == ({"Bo Boss": ("economic", "supports")}, boss)
    assert Event.objects.filter(type="opportunity.person_noted").count() == 2
    with pytest.raises(StaleVersion):
        buying_roles.note(sale, boss, role="user", seen=("champion", "neutral"), **how)
    stranger = make_contact(cast.rep, "Sam Stranger", customer=make_customer(cast.rep, "Elsewhere"))
    with pytest.raises(ValidationError), transaction.atomic():
        buying_roles.note(sale, stranger, role="other", is_main=True, **how)
    assert noted(sale) == {"Bo Boss": ("economic", "supports")}
    buying_roles.remove(sale, boss, **how)
    sale.refresh_from_db()
    assert (noted(sale), sale.contact) == ({}, None)


@pytest.mark.parametrize("wrong", [{"role": "king"}, {"role": "user", "attitude": "cross"}])
def test_the_database_knows_the_roles_and_attitudes(cast, wrong):
    sale = make_opportunity(cast.rep)
    with pytest.raises(IntegrityError), transaction.atomic():
        OpportunityContact.objects.create(opportunity=sale, contact=make_contact(cast.rep), **wrong)


def test_the_page_names_whom_one_may_see_counts_the_others_and_lets_one_change_it_in_place(cast, as_rep):
    sale = make_opportunity(cast.rep)
    mine = make_contact(cast.rep, "Mia Mine", customer=sale.customer)
    hidden = make_contact(cast.outsider, "Hal Hidden", customer=make_customer(cast.outsider, "Far"))
    buying_roles.note(sale, hidden, role="gatekeeper", by=cast.outsider, at=WEDNESDAY)
    url = reverse("opportunity-person-new", args=[sale.pk])
    assert "Mia Mine" in as_rep.get(url).content.decode()
    refused = as_rep.post(url, {"somebody": "Hal Hidden", "role": "user", "attitude": "neutral"})
    assert (refused.status_code, "Hal" in refused.content.decode().replace('value="Hal Hidden"', "")) == (422, False)
    said = {"contact": mine.pk, "role": "technical", "attitude": "neutral", "is_main": "on"}
    assert as_rep.post(url, said).status_code == 302
    panel = as_rep.get(reverse("opportunity-people", args=[sale.pk])).content.decode()
    assert "Mia Mine" in panel
    assert "technical buyer" in panel
    assert "Main contact" in panel
    assert "Hal" not in panel
    assert "1 is hidden from you." in panel
    edit = reverse("opportunity-person-edit", args=[sale.pk, mine.pk])
    changed = {"role": "economic", "attitude": "against", "was": "technical neutral"}
    assert as_rep.post(edit, changed).status_code == 302
    assert as_rep.post(edit, {**changed, "attitude": "supports"}).status_code == 409
    assert noted(sale) == {"Mia Mine": ("economic", "against"), "Hal Hidden": ("gatekeeper", "neutral")}
    assert as_rep.get(reverse("opportunity-person-edit", args=[sale.pk, hidden.pk])).status_code == 302
    page = as_rep.get(reverse("contact-opportunities", args=[mine.pk])).content.decode()
    assert sale.name in page
    assert "economic buyer" in page
    timeline = as_rep.get(reverse("opportunity-timeline", args=[sale.pk])).content.decode()
    assert "Mia Mine" in timeline
    assert "Hal" not in timeline
    assert as_rep.post(reverse("opportunity-person-removal", args=[sale.pk, mine.pk])).status_code == 302
    assert noted(sale) == {"Hal Hidden": ("gatekeeper", "neutral")}


def test_a_stage_may_ask_who_decides_about_the_money_and_is_told_where_it_asks(cast):
    sale = make_opportunity(cast.rep)
    boss = make_contact(cast.rep, "Bo Boss", customer=sale.customer)
    ExitCriterion.objects.create(stage=sale.stage, what="buyer")
    proposal, today = stage("Proposal"), WEDNESDAY.date()
    assert [str(one) for one in exits.missing(sale, proposal, today)] == ["an economic buyer who is known"]
    moved = stage_exit.complete_and_move(sale, stage=proposal, said={"buyer": boss}, by=cast.rep, at=WEDNESDAY)
    assert (moved.stage, noted(sale)) == (proposal, {"Bo Boss": ("economic", "neutral")})


def test_people_stay_at_the_opportunity_when_its_customer_is_merged_with_another(cast):
    sale = make_opportunity(cast.rep)
    boss = make_contact(cast.rep, "Bo Boss", customer=sale.customer)
    buying_roles.note(sale, boss, role="economic", is_main=True, by=cast.rep, at=WEDNESDAY)
    other = make_customer(cast.rep, "Acme again")
    merging.merge(other, sale.customer, chosen={}, by=cast.rep, at=WEDNESDAY)
    sale.refresh_from_db()
    assert (sale.customer, sale.contact, noted(sale)) == (other, boss, {"Bo Boss": ("economic", "neutral")})
    contacts.delete(boss, by=cast.rep, at=WEDNESDAY)
    assert not OpportunityContact.objects.visible_to(cast.rep).exists()


def test_programs_read_and_note_people_with_the_same_rules(cast, as_rep):
    sale = make_opportunity(cast.rep)
    boss = make_contact(cast.rep, "Bo Boss", customer=sale.customer)
    hidden = make_contact(cast.outsider, "Hal Hidden", customer=make_customer(cast.outsider, "Far"))
    send = {"content_type": "application/json", "headers": {"If-Match": "*"}}
    url = reverse("api:opportunity-person-noting", args=[sale.pk])
    assert as_rep.post(url, {"contact": boss.pk, "role": "user", "is_main": True}, **send).status_code == 200
    assert as_rep.post(url, {"contact": hidden.pk, "role": "user"}, **send).status_code == 400
    listed = as_rep.get(reverse("api:opportunity-people", args=[sale.pk])).json()
    assert listed == [{"contact": boss.pk, "role": "user", "attitude": "neutral", "is_main": True}]
    gone = as_rep.post(reverse("api:opportunity-person-removal", args=[sale.pk]), {"contact": boss.pk}, **send)
    assert (gone.status_code, gone.json()["contact"], noted(sale)) == (200, None, {})
