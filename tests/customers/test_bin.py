"""The bin: what was deleted is found again after the Undo of its toast is gone, by whoever could delete it."""

import pytest
from django.urls import reverse

from customers.actions import activities, contacts, customers
from tests.factories.customers import make_activity, make_contact, make_customer

pytestmark = pytest.mark.django_db


def page(client, who, **asked):
    client.force_login(who)
    return client.get(reverse("bin"), asked).content.decode()


def test_what_was_deleted_is_listed_by_kind_and_comes_back(client, cast, now):
    acme = make_customer(cast.rep, "Acme")
    person, call = make_contact(cast.rep, "Vera", customer=acme), make_activity(cast.rep, acme, subject="Called twice")
    activities.delete(call, by=cast.rep, at=now)
    contacts.delete(person, by=cast.rep, at=now)
    customers.delete(acme, by=cast.rep, at=now)
    shown = {kind: page(client, cast.rep, kind=kind) for kind in ("customer", "contact", "activity")}
    found = {kind: [name in text for name in ("Acme", "Vera", "Called twice")] for kind, text in shown.items()}
    assert found == {
        "customer": [True, False, False],
        "contact": [False, True, False],
        "activity": [False, False, True],
    }
    back = reverse("customer-restoration", args=[acme.pk])
    assert f'action="{back}"' in shown["customer"]
    assert client.post(back).status_code == 302
    acme.refresh_from_db()
    assert (acme.deleted_at, "Acme" in page(client, cast.rep, kind="customer")) == (None, False)


def test_nobody_finds_in_the_bin_what_they_could_not_have_put_there(client, cast, now):
    acme = make_customer(cast.rep, "Acme")
    customers.delete(acme, by=cast.rep, at=now)
    assert "Acme" in page(client, cast.manager)
    assert "Acme" not in page(client, cast.outsider)
    cast.rep.roles.get().grants.filter(kind="customer", verb="delete").delete()
    without = page(client, cast.rep, kind="customer")
    assert ("Acme" in without, 'href="?kind=customer"' in without) == (False, False)


def test_a_full_bin_costs_no_more_queries_than_one_record_in_it(client, cast, now, django_assert_max_num_queries):
    for number in range(30):
        customers.delete(make_customer(cast.rep, f"Acme {number}"), by=cast.rep, at=now)
    client.force_login(cast.rep)
    client.get(reverse("bin"))
    with django_assert_max_num_queries(12):
        assert client.get(reverse("bin"), {"kind": "customer"}).content.count(b"Acme 2") > 10
