"""Where customers are: by their coordinates or their city, how far apart, and what the database refuses."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.actions import journal
from crm.exchange import batches
from customers.actions import customers, merging, places
from customers.lists.customers import CustomerFilter
from customers.models import Customer, Place, gazetteer, position
from customers.models.gazetteer import City
from customers.models.geo import Box, Point, around, distance_km
from tests.crm.test_import_runs import NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.customers import make_customer

LEEDS, YORK = Point(53.79648, -1.54785), Point(53.95763, -1.08271)


# The first is the example of Rosetta Code's "Haversine formula" (Nashville to Los Angeles airport, 2886.44 km for a
# radius of 6371.0 km); the quarter of a meridian and the half of the equator are π/2 and π radii.
@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (Point(36.12, -86.67), Point(33.94, -118.40), 2886.448),
        (Point(0, 0), Point(90, 0), 10007.557),
        (Point(0, 0), Point(0, 180), 20015.114),
        (Point(52, 179.5), Point(52, -179.5), 68.458),
        (LEEDS, LEEDS, 0),
    ],
)
def test_distances_are_those_of_the_great_circle(one, other, km):
    assert round(distance_km(one, other), 3) == km
    assert round(distance_km(other, one), 3) == km


def test_the_box_round_a_circle_holds_it_at_the_pole_and_at_the_180th_meridian():
    assert around(Point(89.9, 10), 50).west == -180
    assert around(Point(89.9, 10), 50).east == 180
    across = around(Point(0, 179.9), 100)
    assert (round(across.west, 4), round(across.east, 4), across.goes_across) == (179.0007, -179.2007, True)
    assert Box(1, 0, 0, 0).is_on_earth is False


def test_a_name_means_a_city_only_where_nobody_would_mean_another():
    def city(country, population, point=LEEDS, is_called_so=True):
        return City("X", country, population, point, is_called_so)

    far = Point(10, 10)
    assert gazetteer.judge([]).count == 0
    assert gazetteer.judge([city("US", 100_000), city("US", 10_000, far)]).city.population == 100_000
    unclear = gazetteer.judge([city("US", 100_000), city("US", 10_001, far)])
    assert (unclear.city, unclear.count) == (None, 2)
    # The district of a city bears its name too, and lies in it.
    assert gazetteer.judge([city("CN", 100_000), city("CN", 90_000, Point(53.9, -1.5))]).city.population == 100_000
    # A small place that is called so beats nobody, and is not passed over for a large one of which it is a nickname.
    assert gazetteer.judge([city("CN", 9_000_000, is_called_so=False), city("US", 70_000, far)]).city is None


def test_cities_are_found_by_their_names_in_any_language_and_no_ambiguous_one_is_guessed():
    asked = [
        ("Leeds", "United Kingdom"), ("leeds", "UK"), ("München", "Germany"), ("Munich", "德国"), ("苏州", "中国"),
        ("苏州市", ""), ("臺北", "台灣"), ("香港", "China"), ("Suzhou", "China"), ("Springfield", "USA"),
        ("Canton", ""), ("Birmingham", ""), ("Nowhere at all", "France"), ("Leeds", "Narnia"), ("", "France"),
    ]  # fmt: skip
    found = gazetteer.find(asked, home="GB")
    assert [found[pair].city and found[pair].city.name for pair in asked] == [
        "Leeds", "Leeds", "Munich", "Munich", "Suzhou", "Suzhou", "Taipei", "Hong Kong", None, None, None,
        "Birmingham", None, None, None,
    ]  # fmt: skip
    assert found["苏州", "中国"].city.point == Point(31.30408, 120.59538)
    assert found["Springfield", "USA"].count > 2
    assert [found[pair].count for pair in asked[-3:]] == [0, 0, 0]
    assert found["Birmingham", ""].city.country == "GB"  # where the organisation is at home


@pytest.fixture
def found(db):
    """What the list of cities would say, without reading it."""
    row = {"source": gazetteer.source(), "looked_up_at": NOW}
    for city, point in (("Leeds", LEEDS), ("York", YORK)):
        Place.objects.create(
            city=city, country="UK", state="found", latitude=Decimal(str(point.latitude)),
            longitude=Decimal(str(point.longitude)), **row,
        )  # fmt: skip
    Place.objects.create(city="Springfield", country="USA", state="ambiguous", **row)
    Place.objects.create(city="Atlantis", country="", state="unknown", **row)


def names(queryset):
    return sorted(queryset.values_list("name", flat=True))


@pytest.fixture
def scattered(cast, found):
    make_customer(cast.rep, "In Leeds", city="Leeds", country="UK")
    make_customer(cast.rep, "In York", city="York", country="UK")
    make_customer(cast.rep, "Given", city="Atlantis", latitude=Decimal("53.8"), longitude=Decimal("-1.5"))
    for name, city, country in (("Unclear", "Springfield", "USA"), ("Lost", "Atlantis", ""), ("New", "Ys", "")):
        make_customer(cast.rep, name, city=city, country=country)
    return make_customer(cast.rep, "Nowhere")


def test_customers_are_found_round_a_point_by_city_and_by_coordinates(cast, scattered):
    everybody = Customer.objects.visible_to(cast.rep)
    assert round(distance_km(LEEDS, YORK), 2) == 35.37
    assert names(position.within(everybody, LEEDS, 35.36)) == ["Given", "In Leeds"]
    assert names(position.within(everybody, LEEDS, 35.37)) == ["Given", "In Leeds", "In York"]
    assert names(position.inside(everybody, Box(53.9, -2, 54, -1))) == ["In York"]
    told = {known.value: names(position.known_by(everybody, known)) for known in position.Known}
    assert told == {
        "given": ["Given"], "city": ["In Leeds", "In York"], "ambiguous": ["Unclear"], "unknown": ["Lost"],
        "waiting": ["New"], "no_city": ["Nowhere"],
    }  # fmt: skip


def test_filters_refuse_what_is_no_place(cast, scattered, rf):
    request = rf.get("/")
    request.user = cast.rep

    def asked(**query):
        return CustomerFilter(query, queryset=Customer.objects.visible_to(cast.rep), request=request)

    leeds = Customer.objects.get(name="In Leeds")
    assert names(asked(near_customer=leeds.pk, within="5").qs) == ["Given", "In Leeds"]
    assert names(asked(near_point="53.9, -1.3", within="25").qs) == ["Given", "In Leeds", "In York"]
    assert names(asked(city="LEEDS").qs) == ["In Leeds"]
    assert names(asked(area="53.9,-2,54,-1").qs) == ["In York"]
    refused = {"near_customer": scattered.pk, "near_point": "91, 0", "area": "54,-2,53,-1", "on_map": "there"}
    assert set(asked(**refused).form.errors) == set(refused)
    assert asked(near_point="nan,0").form.errors
    assert "Nobody knows where Nowhere is" in asked(near_customer=scattered.pk).form.errors["near_customer"][0]


def test_looking_up_is_done_once_for_all_who_are_there_and_a_second_run_has_nothing_to_do(cast, now):
    for name in ("One", "Two"):
        make_customer(cast.rep, name, city="Leeds", country="UK")
    gone = make_customer(cast.rep, "Gone", city="York", country="UK")
    make_customer(cast.outsider, "Three", city="Springfield", country="USA")
    assert (places.look_up_new(now), places.look_up_new(now)) == (3, 0)
    told = Place.objects.order_by("city").values_list("city", "state", "latitude")
    assert list(told) == [
        ("Leeds", "found", Decimal("53.796480")), ("Springfield", "ambiguous", None),
        ("York", "found", Decimal("53.957630")),
    ]  # fmt: skip
    customers.delete(gone, by=cast.rep, at=now)
    Place.objects.filter(city="Leeds").update(source="an older list", state="unknown", latitude=None, longitude=None)
    assert (places.look_up_again(now), places.look_up_again(now)) == (1, 0)
    assert list(Place.objects.order_by("city").values_list("city", "state")) == [
        ("Leeds", "found"), ("Springfield", "ambiguous"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_who_moves_is_no_longer_where_the_coordinates_say(cast, now):
    here = {"latitude": Decimal("53.8"), "longitude": Decimal("-1.5")}
    customer = make_customer(cast.rep, "Acme", city="Leeds", **here)
    assert customer.located_by == "entered"
    customer = customers.update(customer, {"tier": "A", "city": "Leeds"}, by=cast.rep, at=now)
    assert (customer.latitude, customer.located_by) == (Decimal("53.8"), "entered")
    customer = customers.update(customer, {"city": "York"}, by=cast.rep, at=now)
    assert (customer.latitude, customer.longitude, customer.located_by) == (None, None, "")
    customer = customers.update(customer, {"city": "Hull", **here}, by=cast.rep, at=now)
    assert (customer.city, customer.latitude, customer.located_by) == ("Hull", Decimal("53.8"), "entered")
    for half in ({"latitude": None}, {"latitude": Decimal("91")}, {"longitude": Decimal("-180.000001")}):
        with pytest.raises(ValidationError):
            customers.update(customer, half, by=cast.rep, at=now)
    customer.refresh_from_db()
    assert (customer.latitude, customer.longitude) == (Decimal("53.8"), Decimal("-1.5"))


def test_the_database_refuses_half_a_position_and_one_off_the_earth(cast, found):
    make_customer(cast.rep)

    def refused(constraint, rows, **change):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**change)

    everybody, leeds = Customer.objects.all(), Place.objects.filter(city="Leeds")
    refused("customer_position_is_whole", everybody, latitude=1)
    refused("customer_position_is_whole", everybody, latitude=1, longitude=1)
    refused("customer_position_is_whole", everybody, located_by="entered")
    refused(
        "customer_position_is_on_earth", everybody, latitude=Decimal("90.000001"), longitude=1, located_by="entered"
    )
    refused(
        "customer_position_is_on_earth", everybody, latitude=1, longitude=Decimal("-180.000001"), located_by="entered"
    )
    refused("place_found_has_coordinates", leeds, latitude=None)
    refused("place_found_has_coordinates", leeds, state="ambiguous")
    refused("place_is_on_earth", leeds, latitude=-91)
    refused("place_has_a_city", leeds, city="")
    refused("place_once", leeds, city="York")


@pytest.mark.django_db
def test_a_merge_takes_the_coordinates_with_the_city_and_gives_them_back(cast, now):
    master = make_customer(cast.rep, "Acme Ltd", city="Leeds", latitude=Decimal("53.8"), longitude=Decimal("-1.5"))
    other = make_customer(cast.rep, "ACME", city="York", latitude=Decimal("53.95"), longitude=Decimal("-1.08"))
    done = merging.merge(master, other, chosen={"city": "York"}, by=cast.rep, at=now)
    master.refresh_from_db()
    assert (master.city, master.latitude, master.located_by) == ("York", Decimal("53.95"), "entered")
    journal.undo(done, by=cast.rep, at=now)
    master.refresh_from_db()
    assert (master.city, master.latitude, master.longitude) == ("Leeds", Decimal("53.8"), Decimal("-1.5"))


@pytest.mark.django_db
def test_a_file_brings_coordinates_and_undoing_takes_them_back(cast):
    known = make_customer(cast.administrator, "Acme", city="Leeds")
    file = "name,city,lat,lon\nAcme,Leeds,53.8000004,-1.5\nHalf,York,53.9,\nOff,York,99,0\nNew,York,53.95,-1.08\n"
    batch = batches.stage(
        io.BytesIO(file.encode()), target="customer", file_name="c.csv", by=cast.administrator, at=NOW
    )
    fields = {"name": "name", "city": "city", "latitude": "lat", "longitude": "lon"}
    batches.choose(batch, {"fields": fields}, at=NOW)
    batch = run_batch(batch)
    told = Customer.objects.order_by("name").values_list("name", "latitude", "longitude", "located_by")
    assert list(told) == [
        ("Acme", Decimal("53.8"), Decimal("-1.5"), "imported"), ("New", Decimal("53.95"), Decimal("-1.08"), "imported"),
    ]  # fmt: skip
    undo(batch)
    known.refresh_from_db()
    assert (known.latitude, known.longitude, known.located_by) == (None, None, "")
    assert not Customer.objects.filter(name="New").exists()
