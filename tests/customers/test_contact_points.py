"""Several emails, phones, addresses and handles of one record; the first email and phone are its own fields."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.actions import journal
from crm.models import Event
from crm.search import finding
from customers.actions import contact_points, contacts, customers, merging
from customers.models import Contact, ContactPoint, Customer, MatchKey
from customers.models.contact_point import all_of
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


def reached(record) -> list[tuple[str, str, bool]]:
    record = type(record)._base_manager.get(pk=record.pk)
    return [(point.type, point.value, point.is_primary) for point in all_of(record)]


@pytest.fixture
def carla(cast):
    return make_contact(cast.rep, email="carla@acme.example", phone="+442079460958")


def test_what_stands_in_the_fields_is_the_first_without_a_row_of_its_own(carla):
    assert not ContactPoint.objects.exists()
    assert reached(carla) == [("email", "carla@acme.example", True), ("phone", "+442079460958", True)]


def test_a_second_address_is_found_by_search_and_by_whoever_looks_for_duplicates(cast, now, carla):
    contact_points.add(carla, type="email", value=" Carla@Home.example ", label="private", by=cast.rep, at=now)
    contact_points.add(carla, type="phone", value="0049 30 7770001", label="mobile", by=cast.rep, at=now)
    contact_points.add(carla, type="handle", network="wechat", value="carla_w", by=cast.rep, at=now)
    assert reached(carla) == [
        ("email", "carla@acme.example", True), ("email", "carla@home.example", False),
        ("phone", "+442079460958", True), ("phone", "+49307770001", False), ("handle", "carla_w", True),
    ]  # fmt: skip
    for text in ("carla@home.example", "030 7770001", "carla_w"):
        assert [hit.object_id for hit in finding.find(cast.rep, text, only=["contact"])] == [carla.pk]
    keys = set(MatchKey.objects.filter(kind="contact", object_id=carla.pk).values_list("value", flat=True))
    assert keys == {"carla@acme.example", "carla@home.example", "+442079460958", "+49307770001"}
    assert Contact.objects.with_email("CARLA@home.example").get() == carla


def test_another_first_one_is_written_into_the_field(cast, now, carla):
    home = contact_points.add(carla, type="email", value="carla@home.example", by=cast.rep, at=now)
    contact_points.change(home, is_primary=True, by=cast.rep, at=now)
    carla.refresh_from_db()
    assert (carla.email, carla.version) == ("carla@home.example", 2)
    assert reached(carla)[:2] == [("email", "carla@home.example", True), ("email", "carla@acme.example", False)]
    # And removing it gives the field back to the other one.
    contact_points.remove(home, by=cast.rep, at=now)
    carla.refresh_from_db()
    assert carla.email == "carla@acme.example"
    told = Event.objects.filter(type__startswith="contact.point").order_by("pk").values_list("type", flat=True)
    assert list(told) == ["contact.point_added", "contact.point_changed", "contact.point_removed"]


def test_the_rows_follow_when_the_field_is_edited(cast, now, carla):
    contact_points.add(carla, type="email", value="carla@home.example", by=cast.rep, at=now)
    contacts.update(carla, {"email": "carla.c@acme.example"}, by=cast.rep, at=now)  # a correction
    assert reached(carla)[:2] == [("email", "carla.c@acme.example", True), ("email", "carla@home.example", False)]
    contacts.update(carla, {"email": "carla@home.example"}, by=cast.rep, at=now)  # one that is known
    assert reached(carla)[:2] == [("email", "carla@home.example", True), ("email", "carla.c@acme.example", False)]
    first = ContactPoint.objects.get(value="carla@home.example")
    contact_points.change(first, opted_out=True, by=cast.rep, at=now)
    contacts.update(carla, {"email": ""}, by=cast.rep, at=now)  # what must not be forgotten stays
    assert reached(carla)[:2] == [("email", "carla@home.example", False), ("email", "carla.c@acme.example", False)]
    first.refresh_from_db()
    assert first.opted_out_at == now


def test_a_mark_says_since_when_and_another_address_has_none(cast, now, carla):
    later = now + timedelta(days=1)
    assert contact_points.mark_invalid("carla@acme.example", by=None, at=now) == 1
    assert contact_points.mark_invalid("carla@acme.example", by=None, at=later) == 0
    point = ContactPoint.objects.get(contact=carla, type="email")
    assert (point.validity, point.invalid_since, point.is_primary) == ("invalid", now, True)
    contact_points.change(point, value="carla2@acme.example", by=cast.rep, at=later)
    point.refresh_from_db()
    assert (point.value, point.validity, point.invalid_since) == ("carla2@acme.example", "unknown", None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "email", "value": "not an address"}, "valid email"),
        ({"type": "handle", "value": "carla"}, "has_a_network"),
        ({"type": "email", "value": ""}, "valid email"),
    ],
)
def test_what_is_no_address_is_refused_and_nothing_is_kept(cast, now, carla, given, said):
    with pytest.raises((ValidationError, IntegrityError), match=said), transaction.atomic():
        contact_points.add(carla, by=cast.rep, at=now, **given)
    assert not ContactPoint.objects.exists()


def test_the_database_refuses_a_second_first_one(cast, now, carla):
    contact_points.add(carla, type="email", value="carla@home.example", by=cast.rep, at=now)
    with pytest.raises(IntegrityError, match="contact_has_one_first_of_a_type"), transaction.atomic():
        ContactPoint.objects.update(is_primary=True)


def test_a_merge_keeps_the_addresses_of_both_and_undoing_gives_them_back(cast, now):
    master = make_customer(cast.rep, "Acme Ltd", email="info@acme.example")
    other = make_customer(cast.rep, "ACME Limited", email="office@acme.example", phone="+442079460958")
    contact_points.add(other, type="email", value="info@acme.example", by=cast.rep, at=now)
    contact_points.add(other, type="address", value="Mill Lane 5", city="Leeds", by=cast.rep, at=now)
    before = (reached(master), reached(other))
    chosen = {"email": "office@acme.example", "phone": "+442079460958"}
    done = merging.merge(master, other, chosen=chosen, by=cast.rep, at=now)
    assert reached(master) == [
        ("email", "office@acme.example", True), ("email", "info@acme.example", False),
        ("phone", "+442079460958", True), ("address", "Mill Lane 5", True),
    ]  # fmt: skip
    journal.undo(done, by=cast.rep, at=now + timedelta(hours=1))
    assert (reached(master), reached(other)) == before
    assert Customer.objects.alive().get(pk=other.pk).email == "office@acme.example"


def test_an_edit_that_is_undone_brings_the_first_one_back(cast, now):
    acme = make_customer(cast.rep, email="info@acme.example")
    contact_points.add(acme, type="email", value="info@acme.example", label="work", by=cast.rep, at=now)
    customers.update(acme, {"email": "new@acme.example"}, by=cast.rep, at=now)
    customers.update(acme, {"email": "info@acme.example"}, by=cast.rep, at=now)
    point = ContactPoint.objects.get()
    assert (point.value, point.label, point.is_primary) == ("info@acme.example", "work", True)
