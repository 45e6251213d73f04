"""Who may be written to, for what, and why not."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from crm.models import Event
from customers.actions import consents, contact_points, contacts, customers
from customers.models import Consent, ContactPoint, Purpose
from customers.models.writing import may_write_to
from customers.views import sentences
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(cast):
    return make_customer(cast.rep)


@pytest.fixture
def carla(cast, acme):
    return make_contact(cast.rep, email="carla@acme.example", customer=acme)


def purpose(code: str) -> Purpose:
    return Purpose.objects.get(code=code)


def verdicts(contact) -> tuple[str, str, str]:
    """For an answer, a survey and marketing."""
    contact.refresh_from_db()
    return tuple(may_write_to(contact, code).reason for code in ("service", "surveys", "marketing"))


def test_without_a_word_there_are_answers_and_surveys_but_no_marketing(carla):
    assert verdicts(carla) == ("", "", "no_consent")
    assert may_write_to("carla@acme.example", "surveys")
    assert not may_write_to("Carla@acme.example ", "marketing")
    assert may_write_to("", "surveys").reason == "no_email"
    with pytest.raises(ValueError, match="no purpose 'gossip'"):
        may_write_to(carla, "gossip")


def _do_not_contact(carla, acme, by, at):
    contacts.update(carla, {"do_not_contact": True, "do_not_contact_reason": " by  letter "}, by=by, at=at)


def _nobody_there(carla, acme, by, at):
    customers.update(acme, {"do_not_contact": True}, by=by, at=at)


def _opt_out(carla, acme, by, at):
    contact_points.add(carla, type="email", value=carla.email, opted_out=True, by=by, at=at)


def _invalid(carla, acme, by, at):
    contact_points.mark_invalid(carla.email, by=None, at=at)


def _withdraw(carla, acme, by, at):
    consents.give(carla, purpose=purpose("surveys"), by=by, at=at)
    consents.withdraw(carla, purpose=purpose("surveys"), by=by, at=at)


def _agree(carla, acme, by, at):
    consents.give(carla, purpose=purpose("marketing"), by=by, at=at, source="fair")


def _in_the_bin(carla, acme, by, at):
    contacts.delete(carla, by=by, at=at)


@pytest.mark.parametrize(
    ("happens", "service", "surveys", "marketing"),
    [
        (_do_not_contact, "", "do_not_contact", "do_not_contact"),
        (_nobody_there, "", "customer", "customer"),
        (_opt_out, "", "opted_out", "opted_out"),
        (_invalid, "invalid", "invalid", "invalid"),
        (_withdraw, "", "withdrawn", "no_consent"),
        (_agree, "", "", ""),
        (_in_the_bin, "gone", "gone", "gone"),
    ],
)
def test_each_no_has_its_reason_and_only_what_cannot_arrive_stops_an_answer(
    cast, now, carla, acme, happens, service, surveys, marketing
):
    happens(carla, acme, cast.rep, now)
    assert verdicts(carla) == (service, surveys, marketing)
    # Asked by the address alone the answer is the same, for whoever is still there.
    if happens is not _in_the_bin:
        assert may_write_to("carla@acme.example", "surveys").reason == surveys


def test_an_address_that_came_back_is_invalid_for_everybody_who_has_it(cast, now, carla):
    twin = make_contact(cast.outsider, "Carla C", email="carla@acme.example")
    gone = make_contact(cast.rep, "Carla G", email="carla@acme.example")
    contact_points.add(gone, type="email", value="carla@acme.example", by=cast.rep, at=now)
    contacts.delete(gone, by=cast.rep, at=now)
    assert contact_points.mark_invalid("carla@acme.example", by=None, at=now) == 2
    assert (verdicts(carla)[1], verdicts(twin)[1]) == ("invalid", "invalid")
    # Another of her addresses is not.
    assert may_write_to(carla, "surveys", address="carla@home.example")
    contact_points.change(
        ContactPoint.objects.get(contact=carla), validity="valid", by=cast.rep, at=now + timedelta(days=1)
    )
    contact_points.change(ContactPoint.objects.get(contact=twin), validity="valid", by=cast.rep, at=now)
    assert verdicts(carla)[1] == ""


def test_what_was_said_last_counts_and_all_of_it_stays(cast, now, carla):
    marketing, hour = purpose("marketing"), timedelta(hours=1)
    consents.give(carla, purpose=marketing, by=cast.rep, at=now, source="signed at the fair", given_at=now - 9 * hour)
    consents.give(carla, purpose=marketing, by=cast.rep, at=now)  # the same again is nothing new
    consents.withdraw(carla, purpose=marketing, by=None, at=now + hour, source="link in the mail")
    assert verdicts(carla)[2] == "withdrawn"
    consents.give(carla, purpose=marketing, by=cast.rep, at=now + 2 * hour, basis="contract")
    assert verdicts(carla)[2] == ""
    rows = Consent.objects.order_by("pk").values_list("state", "basis", "at", "source", "by")
    assert list(rows) == [
        ("given", "consent", now - 9 * hour, "signed at the fair", cast.rep.pk),
        ("withdrawn", "consent", now + hour, "link in the mail", None),
        ("given", "contract", now + 2 * hour, "", cast.rep.pk),
    ]
    told = Event.objects.filter(type__startswith="contact.consent").order_by("pk").values_list("type", flat=True)
    assert list(told) == ["contact.consent_given", "contact.consent_withdrawn", "contact.consent_given"]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Consent.objects.update(source="")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Consent.objects.all().delete()


def test_the_timeline_names_a_purpose_in_the_readers_language(cast, now, carla):
    consents.give(carla, purpose=purpose("marketing"), by=cast.rep, at=now)
    told = Event.objects.get(type="contact.consent_given")
    said = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said[language] = sentences.of(told, cast.rep).text
    assert said == {"en": "Carla Contact allows: Marketing", "zh-hans": "Carla Contact 同意：市场推广"}


def test_a_consent_of_tomorrow_or_before_the_last_word_is_refused(cast, now, carla):
    surveys, day = purpose("surveys"), timedelta(days=1)
    with pytest.raises(ValidationError, match="in the future"):
        consents.give(carla, purpose=surveys, by=cast.rep, at=now, given_at=now + day)
    consents.withdraw(carla, purpose=surveys, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="later is known"):
        consents.give(carla, purpose=surveys, by=cast.rep, at=now, given_at=now - day)
    assert Consent.objects.get().state == "withdrawn"


def test_the_answer_to_a_question_waits_for_no_consent():
    with pytest.raises(IntegrityError, match="purpose_service_needs_no_consent"), transaction.atomic():
        Purpose.objects.filter(code="service").update(needs_consent=True)


def test_the_reason_goes_with_the_mark(cast, now, carla):
    _do_not_contact(carla, None, cast.rep, now)
    carla.refresh_from_db()
    assert carla.do_not_contact_reason == "by letter"
    carla = contacts.update(carla, {"do_not_contact": False}, by=cast.rep, at=now)
    assert carla.do_not_contact_reason == ""
