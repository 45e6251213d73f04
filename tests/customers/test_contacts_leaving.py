"""Who left a customer stays in its history, and is not offered any more."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from crm.models import Event
from customers.actions import contacts
from customers.forms.fields import people_of
from customers.models import Contact, CustomerContact, mail_fields
from tests.factories.customers import make_contact, make_customer


@pytest.fixture
def there(cast, now):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer, role="buyer", is_main=True, started_on=date(2024, 3, 1))
    return customer, person


def test_who_left_is_in_the_history_and_is_no_longer_offered(cast, now, there):
    customer, person = there
    other = make_contact(cast.rep, "Otto Other", customer=customer, email="otto@example.com")
    contacts.leave(person, customer=customer, on=date(2026, 4, 30), by=cast.rep, at=now)
    link = CustomerContact.objects.get(contact=person)
    assert (link.role, link.is_main, link.started_on, link.ended_on) == (
        "buyer", False, date(2024, 3, 1), date(2026, 4, 30),
    )  # fmt: skip
    assert list(people_of(cast.rep, customer)) == [other]
    assert set(people_of(cast.rep, customer, person.pk)) == {person, other}  # where they are chosen already
    assert list(Contact.objects.working_at(customer)) == [other]
    assert mail_fields.main_contact(cast.rep, customer) == other
    assert mail_fields.customer_of(cast.rep, person) is None
    assert Event.objects.filter(type="contact.left").count() == 1
    contacts.leave(person, customer=customer, by=cast.rep, at=now)  # once more, without a day: nothing changes
    assert Event.objects.filter(type="contact.left").count() == 1


def test_who_comes_back_works_there_again(cast, now, there):
    customer, person = there
    contacts.leave(person, customer=customer, on=date(2026, 4, 30), by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="does not work at the customer"):
        contacts.set_main(person, customer=customer, by=cast.rep, at=now)
    contacts.link(person, customer=customer, role="adviser", started_on=date(2026, 5, 1), by=cast.rep, at=now)
    link = CustomerContact.objects.get()
    assert (link.role, link.started_on, link.ended_on) == ("adviser", date(2026, 5, 1), None)


@pytest.mark.parametrize(("last", "said"), [(date(2024, 2, 29), "before the first"), (None, "has not come yet")])
def test_a_last_day_before_the_first_or_ahead_is_refused(cast, now, there, last, said):
    customer, person = there
    last = last or timezone.localdate(now) + timedelta(days=1)
    with pytest.raises(ValidationError, match=said):
        contacts.leave(person, customer=customer, on=last, by=cast.rep, at=now)
    assert CustomerContact.objects.get().ended_on is None
    for wrong in ({"ended_on": date(2024, 2, 29), "is_main": False}, {"ended_on": date(2026, 4, 1)}):
        with pytest.raises(IntegrityError, match=r"contact_leaves_after_coming|contact_who_left"), transaction.atomic():
            CustomerContact.objects.update(**wrong)


def test_both_pages_say_until_when_and_the_dialog_writes_it(client, cast, there):
    customer, person = there
    client.force_login(cast.rep)
    url = reverse("contact-leaving", args=[person.pk, customer.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"on": "2020-01-01"}).status_code == 422
    assert client.post(url, {"on": "2026-04-30"}).status_code == 302
    for page in (person.get_absolute_url(), reverse("customer-contacts", args=[customer.pk])):
        shown = client.get(page).content.decode()
        assert re.search(r"since .*2024-03-01.* until .*2026-04-30", shown)


def test_the_api_says_when_somebody_came_and_left(client, cast, there):
    customer, person = there
    client.force_login(cast.rep)
    api = f"/api/v1/contacts/{person.pk}/"
    etag = {"HTTP_IF_MATCH": client.get(api)["ETag"]}
    told = client.post(
        f"{api}leaving/", {"customer": customer.pk, "on": "2026-04-30"}, content_type="application/json", **etag
    )
    assert told.status_code == 200
    assert told.json()["customers"] == [
        {
            "customer": customer.pk, "role": "buyer", "is_main": False, "started_on": "2024-03-01",
            "ended_on": "2026-04-30",
        }
    ]  # fmt: skip
    hidden = make_customer(cast.outsider, "Hidden Ltd")
    etag = {"HTTP_IF_MATCH": client.get(api)["ETag"]}
    refused = client.post(f"{api}customers/", {"customer": hidden.pk}, content_type="application/json", **etag)
    assert refused.status_code == 400
    assert CustomerContact.objects.count() == 1
