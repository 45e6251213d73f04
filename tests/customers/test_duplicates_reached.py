"""A pair is seen by whoever may edit both customers now, whatever happened since the scan: crm/access/beside.py."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import Share, User
from customers.models import Customer, Duplicate, duplicate
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def make_pairs(cast: Any, count: int) -> list[Customer]:
    people = [cast.rep, cast.junior, cast.outsider]
    found = [
        make_customer(people[place % 3], f"Acme {form}") for place, form in enumerate(["Ltd", "Inc", "GmbH", "AG"] * 2)
    ]
    return found[:count]


def expected(person: Any) -> set[tuple[int, int]]:
    """As the customers themselves say it."""
    editable = set(Customer.objects.editable_by(person).values_list("pk", flat=True))
    return {pair for pair in Duplicate.objects.values_list("first_id", "second_id") if editable.issuperset(pair)}


def seen(person: Any) -> set[tuple[int, int]]:
    return set(Duplicate.objects.visible_to(person).values_list("first_id", "second_id"))


def test_pairs_go_along_with_their_customers(cast, now):
    customers = make_pairs(cast, 8)
    Duplicate.objects.create(first=customers[0], second=customers[1], signs=[5], strength=1, found_at=now)  # by hand
    duplicate.scan(now)
    assert Duplicate.objects.count() == 28
    dice, people = random.Random(20261123), [cast.rep, cast.junior, cast.outsider, cast.manager, cast.administrator]
    seen_once = set()
    for _ in range(40):
        customer, owner = dice.choice(customers), dice.choice([*people[:3], None])
        match dice.randrange(5):
            case 0:  # handed over, one by one
                customer.refresh_from_db()
                customer.owner, customer.team = owner, dice.choice([cast.north, cast.south, None])
                customer.save()
            case 1:  # all at once, into the bin or out of it
                some = Customer._base_manager.filter(pk__in=[one.pk for one in dice.sample(customers, 3)])
                some.update(owner=owner, deleted_at=dice.choice([None, None, now]))
            case 2:
                Share.objects.get_or_create(
                    about_kind="customer", about_id=customer.pk, user=cast.outsider,
                    defaults={"by": cast.rep, "at": timezone.now(), "may_edit": True},
                )  # fmt: skip
            case 3:
                Share.objects.filter(about_id=customer.pk).delete()
            case 4:  # what is in the bin is no pair
                duplicate.scan(now)
        for person in User.objects.filter(pk__in=[one.pk for one in people]):  # as a request reads them
            assert seen(person) == expected(person)
            seen_once |= {(person.name, pair) for pair in seen(person)}
    assert len(seen_once) > 60  # it was about something


def test_what_stands_wrongly_beside_a_pair_shows_it_to_nobody_until_the_next_scan(cast, now):
    """As after a handover while a scan was running, which holds nobody's customers."""
    make_customer(cast.rep, "Acme Ltd"), make_customer(cast.rep, "Acme Inc")
    duplicate.scan(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_duplicate SET first_owner_id = %s, first_team_id = %s", [cast.outsider.pk, None]
        )
        cursor.execute("UPDATE customers_duplicate SET second_owner_id = %s", [cast.outsider.pk])

    assert (len(seen(cast.rep)), len(seen(cast.outsider)), len(seen(cast.administrator))) == (0, 0, 1)
    duplicate.scan(now)
    assert (len(seen(cast.rep)), len(seen(cast.outsider)), len(seen(cast.administrator))) == (1, 0, 1)
