"""Converting leads: joining or creating, exactly once, with the story kept, and back again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.events import timeline
from customers.actions import customers
from customers.models import Contact, Customer, CustomerContact
from customers.sales.actions import lead_conversion, leads
from customers.sales.models import Lead, Opportunity, WinChance
from customers.sales.models.lead_matches import matches
from tests.factories.customers import make_activity, make_contact, make_customer, make_task
from tests.factories.sales import default_pipeline, make_lead

pytestmark = pytest.mark.django_db
MAIL = "lena@lead.example"


@pytest.fixture
def lead(cast, now):
    return make_lead(cast.rep, email=MAIL, phone="+442079460958", campaign="Spring fair", at=now)


@pytest.fixture
def later(now):
    return now + timedelta(hours=2)


def convert(lead, cast, later, **how):
    return lead_conversion.convert(lead, by=cast.rep, at=later, **how)


def test_a_conversion_creates_customer_contact_and_opportunity_of_the_leads_owner(cast, lead, later):
    default_pipeline()
    done = convert(lead, cast, later, opportunity={"name": "Pumps", "amount": Decimal(500)})

    assert (done.state, done.converted_at, done.first_contact_at) == ("converted", later, later)
    assert (done.customer.name, done.customer.channel, done.customer.owner) == ("Lead Ltd", "website", cast.rep)
    assert (done.contact.name, done.contact.email, done.contact.phone) == ("Lena Lead", MAIL, "+442079460958")
    assert CustomerContact.objects.get(customer=done.customer).is_main
    assert (done.opportunity.customer, done.opportunity.contact) == (done.customer, done.contact)
    assert done.opportunity.amount == 500
    assert list(done.customer.leads.all()) == [lead]


def test_a_lead_without_an_organisation_becomes_a_person(cast, now, later):
    done = convert(make_lead(cast.rep, organisation="", email=MAIL, at=now), cast, later)

    assert (done.customer.form, done.customer.name, done.customer.email) == ("person", "Lena Lead", MAIL)


def test_converting_twice_makes_nothing_twice(cast, lead, later):
    first = convert(lead, cast, later)
    again = convert(lead, cast, later + timedelta(minutes=1))

    assert (again.customer, again.version) == (first.customer, first.version)
    assert (Customer.objects.count(), Contact.objects.count()) == (1, 1)


def test_a_known_person_is_joined_and_not_written_down_again(cast, lead, now, later):
    customer = make_customer(cast.rep, "Lead Limited", at=now)
    known = make_contact(cast.rep, "L. Lead", customer=customer, email=MAIL, at=now)

    done = convert(lead, cast, later, customer=customer)

    assert (done.customer, done.contact) == (customer, known)
    assert Contact.objects.count() == 1
    assert done.made == {}


def test_what_the_person_may_not_see_can_be_neither_proposed_nor_joined(cast, lead, now, later):
    theirs = make_customer(cast.outsider, "Lead Ltd", email=MAIL, at=now)

    assert matches(cast.rep, lead) == []
    with pytest.raises(ValidationError, match="not yours to see"):
        convert(lead, cast, later, customer=theirs)
    assert Lead.objects.get().state == "new"
    assert not Contact.objects.exists()


def test_somebody_elses_employee_is_refused_as_the_contact(cast, lead, now, later):
    customer = make_customer(cast.rep, at=now)
    stranger = make_contact(cast.rep, "Stranger", at=now)

    with pytest.raises(ValidationError, match="does not belong"):
        convert(lead, cast, later, customer=customer, contact=stranger)
    assert not CustomerContact.objects.exists()


def test_customers_of_the_same_mail_domain_phone_or_name_are_proposed_the_most_alike_first(cast, lead, now):
    named = make_customer(cast.rep, "LEAD Co., Limited", at=now)
    domain = make_customer(cast.rep, "Other", website="https://www.lead.example/", at=now)
    called = make_customer(cast.rep, "Another", phone="+442079460958", at=now)
    both = make_customer(cast.rep, "Third", phone="+442079460958", at=now)
    make_contact(cast.rep, "L. Lead", customer=both, email=MAIL, at=now)
    make_customer(cast.rep, "Unlike", at=now)

    found = {match.customer: [str(reason) for reason in match.reasons] for match in matches(cast.rep, lead)}

    assert next(iter(found)) == both
    assert found == {
        both: ["same mail", "same phone"],
        named: ["same name"],
        domain: ["same domain"],
        called: ["same phone"],
    }


def test_the_whole_story_of_the_lead_is_read_on_the_customer(cast, lead, later):
    leads.note_contact(lead, type="call", note="Wants pumps", by=cast.rep, at=later)
    done = convert(lead, cast, later + timedelta(hours=1))

    entries, _cursor = timeline.page(cast.rep, done.customer, None, 20, only="lead")
    assert [entry.item.type for entry in entries] == ["lead.converted", "lead.contacted", "lead.created"]

    first, cursor = timeline.page(cast.rep, done.customer, None, 2, only="lead")
    rest, end = timeline.page(cast.rep, done.customer, cursor, 2, only="lead")
    assert [entry.item.type for entry in [*first, *rest]] == ["lead.converted", "lead.contacted", "lead.created"]
    assert end is None


def test_whoever_sees_the_customer_reads_the_lead_it_was(cast, lead, later):
    assert not Lead.objects.visible_to(cast.agent).exists()

    convert(lead, cast, later)
    Customer.objects.update(owner=cast.outsider, team=cast.south)

    assert not Lead.objects.visible_to(cast.junior).exists()
    assert Lead.objects.visible_to(cast.outsider).get() == lead


def test_undoing_takes_back_what_was_made_and_the_lead_is_open_again(cast, lead, later):
    default_pipeline()
    convert(lead, cast, later, opportunity={"name": "Pumps"})

    done = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)
    again = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)

    assert [record.kind for record in done.taken_back] == ["opportunity", "contact", "customer"]
    assert (done.kept, again.taken_back) == ([], [])
    for model in (Customer, Contact, Opportunity):
        assert not model.objects.alive().exists()
    lead.refresh_from_db()
    assert (lead.state, lead.customer, lead.contact, lead.opportunity, lead.made) == ("working", None, None, None, {})


def test_undoing_keeps_what_was_changed_or_used_since(cast, lead, later):
    default_pipeline()
    done = convert(lead, cast, later, opportunity={"name": "Pumps"})
    make_task(cast.rep, "Send a quote", customer=done.customer, about=done.opportunity, at=later)

    undone = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)

    assert [record.kind for record in undone.taken_back] == []
    assert [record.kind for record in undone.kept] == ["opportunity", "contact", "customer"]
    assert Customer.objects.alive().get().name == "Lead Ltd"


def test_a_renamed_customer_is_kept_and_its_unused_contact_goes(cast, lead, later):
    done = convert(lead, cast, later)
    customers.update(done.customer, {"name": "Lead Holding"}, by=cast.rep, at=later)

    undone = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)

    assert [record.kind for record in undone.taken_back] == ["contact"]
    assert [str(record) for record in undone.kept] == ["Lead Holding"]


def test_joining_never_takes_back_what_was_there_before(cast, lead, now, later):
    customer = make_customer(cast.rep, at=now)
    make_activity(cast.rep, customer, at=now)
    convert(lead, cast, later, customer=customer)

    undone = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)

    assert [record.kind for record in undone.taken_back] == ["contact"]
    assert Customer.objects.alive().get() == customer


def test_what_the_night_reckoned_of_an_opportunity_is_no_use_of_it(cast, lead, later):
    default_pipeline()
    opportunity = convert(lead, cast, later, opportunity={"name": "Pumps"}).opportunity
    WinChance.objects.create(
        opportunity=opportunity, stage=opportunity.stage, probability=0.4, age=1, amount="", customer="", channel="",
        tier="", as_of=later,
    )  # fmt: skip

    undone = lead_conversion.undo_conversion(lead, by=cast.rep, at=later)

    assert [record.kind for record in undone.taken_back] == ["opportunity", "contact", "customer"]
    assert undone.kept == []


def test_whoever_may_not_delete_what_a_colleagues_lead_became_is_told_that_it_stays(cast, client, lead, now, later):
    lead_conversion.convert(lead, by=cast.teammate, at=later)
    client.force_login(cast.teammate, backend="allauth.account.auth_backends.AuthenticationBackend")
    undoing = reverse("lead-conversion-undoing", args=[lead.pk])
    assert "or are not yours to delete" in client.get(undoing).content.decode()
    client.post(undoing)
    assert Customer.objects.alive().get().name == "Lead Ltd"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"into": "new", "amount": "500"}, "An amount is of an opportunity"),
        ({"into": "new", "customer": "that"}, "A customer is chosen below"),
    ],
)
def test_what_was_filled_in_beside_the_wrong_tick_is_asked_about_and_not_dropped(cast, client, lead, now, sent, said):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    that = make_customer(cast.rep, "Quite another", at=now)
    default_pipeline()
    answer = client.post(
        reverse("lead-conversion", args=[lead.pk]), {**sent, **({"customer": that.pk} if "customer" in sent else {})}
    )
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    lead.refresh_from_db()
    assert (lead.is_open, Customer.objects.get()) == (True, that)


def test_the_dialog_proposes_converts_and_undoes(cast, client, lead, now):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    customer = make_customer(cast.rep, "Lead GmbH", at=now)
    stage = default_pipeline().first_stage
    where = reverse("lead-conversion", args=[lead.pk])
    assert "Lead GmbH (same name)" in client.get(where).content.decode()

    refused = client.post(where, {"into": "another"})
    assert refused.status_code == 422
    sent = {"into": customer.pk, "with_opportunity": "on", "opportunity_name": "Pumps", "stage": stage.pk}
    client.post(where, sent)
    lead.refresh_from_db()
    assert (lead.customer, lead.opportunity.name) == (customer, "Pumps")
    assert "The lead Lena Lead was converted" in client.get(customer.get_absolute_url()).content.decode()

    undoing = reverse("lead-conversion-undoing", args=[lead.pk])
    assert "Opportunity Pumps" in client.get(undoing).content.decode()
    client.post(undoing)
    lead.refresh_from_db()
    assert (lead.is_open, lead.customer) == (True, None)
    assert not Opportunity.objects.alive().exists()


def test_a_program_converts_a_lead_and_undoes_it(cast, client, lead, now):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    default_pipeline()
    sent = {"opportunity": {"name": "Pumps", "amount": "500.00"}}
    where = reverse("api:lead-conversion", args=[lead.pk])
    answer = client.post(where, sent, content_type="application/json", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["state"]) == (200, "converted")
    assert Opportunity.objects.get().pk == answer.json()["opportunity"]

    where = reverse("api:lead-conversion-undoing", args=[lead.pk])
    answer = client.post(where, {}, content_type="application/json", headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json()["state"], answer.json()["customer"]) == (200, "working", None)
