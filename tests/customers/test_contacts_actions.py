import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.models import Event
from customers.actions import contacts
from customers.models import Contact, CustomerContact
from tests.factories.customers import make_contact, make_customer


def types() -> list[str]:
    return list(Event.objects.filter(subject_kind="contact").order_by("id").values_list("type", flat=True))


def test_a_person_works_at_several_customers_with_a_role_at_each(cast, now):
    first, second = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    person = make_contact(cast.rep, customer=first, role="owner")
    contacts.link(person, customer=second, role=" board  member ", by=cast.rep, at=now)
    links = CustomerContact.objects.filter(contact=person).order_by("pk")
    assert [(link.customer, link.role) for link in links] == [(first, "owner"), (second, "board member")]
    assert types() == ["contact.created", "contact.linked"]


def test_linking_again_changes_the_role_and_the_same_role_changes_nothing(cast, now):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer, role="owner")
    contacts.link(person, customer=customer, role="owner", by=cast.rep, at=now)
    contacts.link(person, customer=customer, role="adviser", by=cast.rep, at=now)
    assert CustomerContact.objects.get().role == "adviser"
    assert types() == ["contact.created", "contact.role_changed"]


def test_a_customer_has_one_main_contact_at_most(cast, now):
    customer = make_customer(cast.rep)
    first = make_contact(cast.rep, "First", customer=customer, is_main=True)
    second = make_contact(cast.rep, "Second", customer=customer)
    contacts.set_main(second, customer=customer, by=cast.rep, at=now)
    assert [link.contact for link in CustomerContact.objects.filter(is_main=True)] == [second]
    with pytest.raises(IntegrityError, match="customer_has_one_main_contact"), transaction.atomic():
        CustomerContact.objects.filter(contact=first).update(is_main=True)


def test_somebody_of_elsewhere_is_no_main_contact(cast, now):
    customer = make_customer(cast.rep)
    stranger = make_contact(cast.rep)
    with pytest.raises(ValidationError, match="does not work at the customer"):
        contacts.set_main(stranger, customer=customer, by=cast.rep, at=now)
    assert not CustomerContact.objects.exists()


def test_leaving_a_customer_keeps_the_person(cast, now):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    for _time in range(2):
        contacts.unlink(person, customer=customer, by=cast.rep, at=now)
    assert not CustomerContact.objects.exists()
    assert Contact.objects.alive().get() == person
    assert types() == ["contact.created", "contact.unlinked"]


def test_nobody_is_linked_to_what_is_in_the_bin(cast, now):
    customer = make_customer(cast.rep)
    person = contacts.delete(make_contact(cast.rep), by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="in the bin"):
        contacts.link(person, customer=customer, by=cast.rep, at=now)
    assert not CustomerContact.objects.exists()


def test_a_person_is_found_by_their_address_in_any_case(cast):
    person = make_contact(cast.rep, email="Carla@Example.COM")
    assert person.email == "carla@example.com"
    assert Contact.objects.with_email(" CARLA@example.com").get() == person
