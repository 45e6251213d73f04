"""The map of customers: its marks, the list beside it, and who sees what."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.models import Customer, Place, gazetteer, position
from customers.models.geo import Box
from tests.crm.test_import_runs import NOW
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
URL = "/customers/map/"
WORLD = Box(-90, -180, 90, 180)
CITIES = {"Leeds": ("53.8", "-1.5"), "York": ("53.96", "-1.08"), "Lyon": ("45.76", "4.84")}


@pytest.fixture
def found(db):
    for city, (latitude, longitude) in CITIES.items():
        Place.objects.create(
            city=city, state="found", latitude=Decimal(latitude), longitude=Decimal(longitude),
            source=gazetteer.source(), looked_up_at=NOW,
        )  # fmt: skip
    Place.objects.create(city="Springfield", state="ambiguous", source=gazetteer.source(), looked_up_at=NOW)


def marks(client, **asked):
    answer = client.get(URL, {"marks": 3, **asked})
    assert answer.status_code == 200
    return [(mark["label"], mark["at"]) for mark in answer.json()["marks"]]


def test_an_empty_map_says_so_and_counts_nobody(client, cast):
    client.force_login(cast.rep)
    assert "No customers yet" in client.get(URL).content.decode()
    assert client.get(URL, {"marks": "0"}).json() == {"marks": [], "more": ""}


def test_one_sees_the_customers_of_the_list_and_of_nobody_else_neither_mark_nor_count(client, cast, found):
    for name, city in (("A", "Leeds"), ("B", "Leeds"), ("C", "York"), ("D", "Springfield")):
        make_customer(cast.rep, name, city=city)
    for name, city in (("Secret 1", "Lyon"), ("Secret 2", "Leeds"), ("Secret 3", "Atlantis")):
        make_customer(cast.outsider, name, city=city)
    client.force_login(cast.rep)
    page = client.get(URL).content.decode()
    assert "Customers on the map: 3" in page
    assert [city for city in (*CITIES, "Springfield", "Atlantis") if city in page] == ["Leeds", "York", "Springfield"]
    assert "several places have this name" in page
    assert marks(client) == [("Leeds and 1 more city: 3 customers", [53.85333, -1.36])]
    assert marks(client, marks=12) == [("Leeds: 2 customers", [53.8, -1.5]), ("York: 1 customer", [53.96, -1.08])]
    assert marks(client, marks=12, tier="A") == []
    client.force_login(cast.outsider)
    assert [label for label, _at in marks(client)] == ["Lyon: 1 customer", "Leeds: 1 customer"]
    client.force_login(cast.nobody)
    assert [client.get(URL).status_code, client.get(URL, {"marks": 3}).status_code] == [403, 403]


def test_a_mark_opens_the_very_customers_it_counts(client, cast, found):
    for name, city in (("A", "Leeds"), ("B", "York"), ("C", "Lyon")):
        make_customer(cast.rep, name, city=city, tier="A")
    make_customer(cast.rep, "D", city="Leeds", tier="B")
    make_customer(cast.rep, "E", latitude=Decimal("53.9"), longitude=Decimal("-1.2"), tier="A")
    client.force_login(cast.rep)
    mark = client.get(URL, {"marks": 3, "tier": "A", "seen": "50,-5,60,0"}).json()["marks"][0]
    assert mark["number"] == 3
    listed = client.get(mark["url"]).content.decode()
    assert "3 records" in listed
    town = client.get(URL, {"tier": "A"}).context["towns"][1]
    assert (town.name, town.number) == ("Leeds", 1)
    assert "1 record" in client.get(town.url).content.decode()


def test_round_a_customer_the_places_tell_how_far_they_are(client, cast, found):
    leeds = make_customer(cast.rep, "A", city="Leeds")
    for name, city in (("B", "York"), ("B 2", "York"), ("C", "Lyon")):
        make_customer(cast.rep, name, city=city)
    client.force_login(cast.rep)
    page = client.get(URL, {"near_customer": leeds.pk, "within": "50"})
    assert [(line.name, line.km) for line in page.context["towns"]] == [("Leeds", 0.0), ("York", 32.8)]
    assert "Within 50 km of A" in page.content.decode()
    hidden = make_customer(cast.outsider, "Hidden", city="Leeds")
    assert client.get(URL, {"near_customer": hidden.pk}).status_code == 422
    assert client.get(URL, {"near_customer": hidden.pk, "marks": 3}).json()["marks"] == []


def test_many_customers_are_as_many_queries_and_no_more_marks_than_the_limit(
    client, cast, found, django_assert_num_queries
):
    rows = [
        Customer(
            name=f"C{place}",
            owner=cast.rep,
            team=cast.rep.team,
            latitude=Decimal(place % 60),
            longitude=Decimal(place // 60 * 2),
            located_by="entered",
            created_at=NOW,
            updated_at=NOW,
        )
        for place in range(1200)
    ]
    Customer.objects.bulk_create(rows)
    mine = Customer.objects.visible_to(cast.rep)
    with django_assert_num_queries(1):
        shown, count = position.marks(mine, WORLD, 0.1)
    assert (len(shown), count, sum(mark.number for mark in shown)) == (500, 1200, 500)
    shown, count = position.marks(mine, WORLD, 360)
    assert sum(mark.number for mark in shown) == 1200
    with django_assert_num_queries(1):
        towns = position.towns(mine)
    assert (towns.on_map, towns.off_map, [town.number for town in towns.known]) == (1200, 0, [1200])
    client.force_login(cast.rep)
    assert "500 largest of 1,200" in client.get(URL, {"marks": 14}).json()["more"]


def test_pictures_from_elsewhere_are_allowed_on_this_page_only_where_they_are_wanted(client, cast, found, settings):
    make_customer(cast.rep, "A", city="Leeds")
    client.force_login(cast.rep)
    policy = "Content-Security-Policy"
    assert "img-src 'self' data:" in re.split("; ?", client.get(URL)[policy])
    settings.MAP_TILES = "https://tiles.example/{z}/{x}/{y}.png"
    assert "https://tiles.example" in client.get(URL)[policy]
    assert "https://tiles.example" not in client.get(reverse("customer-list"))[policy]
