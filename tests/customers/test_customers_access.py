"""Who sees and edits what: own, team, below, other team; followers, collaborators, the bin."""

import pytest
from django.urls import reverse

from crm.access.permissions import Verb
from customers.actions import contacts, customers
from customers.models import Activity, Contact, Customer, Task
from tests.factories.customers import make_activity, make_contact, make_customer, make_task

PEOPLE = [
    "rep",
    "teammate",
    "junior",
    "outsider",
    "agent",
    "manager",
    "service_manager",
    "analyst",
    "administrator",
    "nobody",
]


def who(cast, queryset_of):
    """The people for whom the queryset has a row."""
    return {name for name in PEOPLE if queryset_of(getattr(cast, name)).exists()}


SEE_ALL = {"agent", "service_manager", "analyst", "administrator"}


def test_a_customer_is_seen_by_owner_team_managers_and_service(cast):
    make_customer(cast.rep)
    assert who(cast, Customer.objects.visible_to) == {"rep", "teammate", "manager"} | SEE_ALL
    assert who(cast, Customer.objects.editable_by) == {"rep", "manager", "administrator"}


def test_a_customer_of_the_team_below_is_the_managers_too(cast):
    make_customer(cast.junior)
    assert who(cast, Customer.objects.visible_to) == {"junior", "manager"} | SEE_ALL
    assert who(cast, Customer.objects.editable_by) == {"junior", "manager", "administrator"}


def test_a_customer_of_another_team_is_not_the_managers(cast):
    make_customer(cast.outsider)
    assert who(cast, Customer.objects.visible_to) == {"outsider"} | SEE_ALL
    assert who(cast, Customer.objects.editable_by) == {"outsider", "administrator"}


def test_a_collaborator_sees_and_edits_one_customer_and_decides_nothing(cast, now):
    customer = make_customer(cast.rep)
    make_customer(cast.rep, "Other Ltd")
    customers.add_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    assert list(Customer.objects.visible_to(cast.outsider)) == [customer]
    assert list(Customer.objects.editable_by(cast.outsider)) == [customer]
    assert not Customer.objects.permitted(cast.outsider, Verb.DELETE).exists()
    assert who(cast, Customer.objects.visible_to(cast.administrator).shareable_by) == {
        "rep",
        "manager",
        "administrator",
    }


def test_a_collaborator_who_only_reads_sees_one_customer_and_edits_nothing(client, cast, now):
    customer = make_customer(cast.rep)
    customers.add_collaborator(customer, user=cast.outsider, may_edit=False, by=cast.rep, at=now)
    assert list(Customer.objects.visible_to(cast.outsider)) == [customer]
    assert list(Customer.objects.permitted(cast.outsider, Verb.EXPORT)) == [customer]
    assert not Customer.objects.editable_by(cast.outsider).exists()

    client.force_login(cast.outsider)
    said = {"name": "Theirs now", "version": customer.version}
    assert client.post(reverse("customer-edit", args=[customer.pk]), said).status_code == 403
    customer.refresh_from_db()
    assert (customer.name, customer.version) == ("Acme Ltd", 1)


def test_whoever_sees_the_customer_sees_what_was_done_with_it_and_the_people(cast, now):
    customer = make_customer(cast.rep)
    make_contact(cast.rep, customer=customer)
    make_activity(cast.rep, customer)
    make_task(cast.rep, customer=customer)
    assert not Activity.objects.visible_to(cast.outsider).exists()
    customers.add_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    for model in (Contact, Activity, Task):
        assert model.objects.visible_to(cast.outsider).count() == 1, model
        assert not model.objects.editable_by(cast.outsider).exists(), model


def test_a_contact_of_an_unseen_customer_is_unseen_until_one_of_its_customers_is_seen(cast, now):
    contact = make_contact(cast.rep, customer=make_customer(cast.rep))
    assert not Contact.objects.visible_to(cast.outsider).exists()
    contacts.link(contact, customer=make_customer(cast.outsider, "Theirs"), by=cast.rep, at=now)
    assert list(Contact.objects.visible_to(cast.outsider)) == [contact]


def test_what_is_in_the_bin_is_nobodys_and_comes_back_by_whoever_could_delete_it(cast, now):
    customers.delete(make_customer(cast.rep), by=cast.rep, at=now)
    assert who(cast, Customer.objects.visible_to) == set()
    assert who(cast, Customer.objects.restorable_by) == {"rep", "manager", "administrator"}


@pytest.mark.parametrize("model", [Customer, Contact, Activity, Task])
def test_without_a_role_or_signed_in_nothing_is_seen(cast, model):
    from django.contrib.auth.models import AnonymousUser

    customer = make_customer(cast.rep)
    make_contact(cast.rep, customer=customer)
    make_activity(cast.rep, customer)
    make_task(cast.rep, customer=customer)
    assert not model.objects.visible_to(cast.nobody).exists()
    assert not model.objects.visible_to(AnonymousUser()).exists()
    cast.rep.is_active = False
    assert not model.objects.visible_to(cast.rep).exists()
