"""A round of reviews narrowed to a segment: what is counted, who is kept as having belonged, and that it stays."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from customers.actions import customers, segments
from customers.models import Segment
from evaluation.actions import cycles, freezing, goals, reviews
from evaluation.actions.verifying import Fault, verify
from evaluation.engine import scopes
from evaluation.models import Cycle, CycleMember, Review
from evaluation.views.review_exports import as_csv, as_xlsx
from evaluation.views.review_pdf import as_pdf
from tests.factories import sales
from tests.factories.customers import make_customer
from tests.factories.evaluation import moment
from tests.factories.reviews import FROZEN, a_cycle, advanced, at_the_meeting, signed_by_both

pytestmark = pytest.mark.django_db
IN_MARCH = moment("2026-03-10")
PLANNED = moment("2025-12-20")


@pytest.fixture
def told(cast):
    """The manager's segment of key customers: one of the rep's, and one of another team that the manager cannot see."""
    found = {}
    for name, owner, tier, amount in (
        ("Alpha", cast.rep, "A", 500),
        ("Beta", cast.rep, "C", 300),
        ("Theirs", cast.outsider, "A", 900),
    ):
        found[name] = make_customer(owner, name, tier=tier, at=IN_MARCH)
        sales.make_order(owner, customer=found[name], amount=Decimal(amount), number=name, at=IN_MARCH)
    found["segment"] = segments.create(name="Key", question={"tier": ["A"]}, by=cast.manager, at=PLANNED)
    return found


def narrowed(cast, told, **said):
    return a_cycle(cast, kpi_codes=["revenue", "csat"], segment=told["segment"], **said)


@pytest.fixture
def review(cast, told):
    cycle = advanced(narrowed(cast, told), "open", "running", "closed", "frozen", by=cast.manager)
    return cycle.reviews.get()


def shown(client, user, name, review, **more):
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(reverse(name, kwargs={"pk": review.pk, **more}))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_only_records_of_its_customers_count_and_who_they_were_is_kept(client, cast, told):
    terms = {"period_kind": "quarter", "target_kind": "at_least", "target": 800, "starts_on": date(2026, 1, 1)}
    goals.set_goal(kpi_code="revenue", scope=scopes.of_person(cast.rep), by=cast.manager, at=PLANNED, **terms)
    cycle = advanced(narrowed(cast, told), "open", "running", "closed", "frozen", by=cast.manager)
    line = cycle.reviews.get().lines.get(kpi_code="revenue")
    assert (line.said["value"], line.said["n"], line.said["goal"]) == (500, 1, None)  # 800 in all would meet it
    assert [row.said["label"] for row in line.records.all()] == ["Alpha"]
    kept = [told["Alpha"].pk]
    assert list(CycleMember.objects.values_list("cycle", "customer_number")) == [(cycle.pk, kept[0])]
    said = {"count": 1, "digest": freezing.digest_of(freezing.canonical(kept))}
    assert line.said["segment"] == {"id": told["segment"].pk, "name": "Key", "members": said}
    page = shown(client, cast.rep, "review-detail", line.review)
    assert "Only their records count. Goals are of all customers, so none is judged here." in page
    assert "Only of the customers in “Key”: 1 as the numbers" in shown(
        client, cast.rep, "review-records", line.review, code="revenue"
    )
    members = shown(client, cast.rep, "review-members", line.review)
    assert "Alpha" in members
    assert "Theirs" not in members
    assert "Beta" not in members
    assert "Key" in shown(client, cast.manager, "cycle-detail", cycle)


def test_a_cycle_of_all_customers_says_what_it_said_before(client, cast, told):
    cycle = advanced(a_cycle(cast, kpi_codes=["revenue", "csat"]), "open", "running", "closed", "frozen", by=None)
    review = cycle.reviews.get()
    line = review.lines.get(kpi_code="revenue")
    assert (line.said["value"], "segment" in line.said) == (800, False)
    client.force_login(cast.rep)
    address = reverse("review-members", args=[review.pk])
    assert client.get(address).headers["Location"] == review.get_absolute_url()


def test_what_was_signed_stays_readable_and_the_same_whatever_becomes_of_the_segment(client, cast, told, review):
    review = signed_by_both(at_the_meeting(review, cast), cast)
    before = (as_csv(review), as_xlsx(review), as_pdf(review), review.report.content)
    assert as_csv(review).decode("utf-8-sig").splitlines()[1].startswith("segment,,,Key,,,,1,")
    customers.update(told["Alpha"], {"tier": "C"}, by=cast.rep, at=FROZEN)
    Segment.objects.filter(pk=told["segment"].pk).update(name="Renamed", owner=cast.outsider, team=cast.south)
    segments.delete(Segment.objects.get(pk=told["segment"].pk), by=cast.administrator, at=FROZEN)
    review = Review.objects.get(pk=review.pk)
    assert (as_csv(review), as_xlsx(review), as_pdf(review), review.report.content) == before
    assert verify(review).is_intact
    for name in ("review-detail", "review-report", "review-members"):
        page = shown(client, cast.rep, name, review)
        assert "Key" in page
        assert "Renamed" not in page
    assert reverse("segment-detail", args=[told["segment"].pk]) not in shown(
        client, cast.manager, "cycle-detail", review.cycle
    )


def test_a_corrected_number_is_of_those_who_belonged_when_it_was_frozen(cast, told, review):
    customers.update(told["Alpha"], {"tier": "C"}, by=cast.rep, at=FROZEN)
    customers.update(told["Beta"], {"tier": "A"}, by=cast.rep, at=FROZEN)
    segments.delete(told["segment"], by=cast.manager, at=FROZEN)
    for name, amount in (("Alpha", 70), ("Beta", 40)):
        sales.make_order(cast.rep, customer=told[name], amount=Decimal(amount), number=f"{name} 2", at=IN_MARCH)
    disputed = reviews.dispute(
        review=review, kpi_code="revenue", claim="Less", evidence="Order 2", by=cast.rep, at=FROZEN
    )
    amended = reviews.accept(disputed, reason="It was missing", by=cast.manager, at=FROZEN)
    assert (amended.said["value"], amended.said["segment"]["name"]) == (570, "Key")
    assert verify(review).is_intact


def test_a_segment_deleted_before_the_freeze_is_still_what_the_review_is_about(cast, told):
    cycle = advanced(narrowed(cast, told), "open", "running", by=cast.manager)
    segments.delete(told["segment"], by=cast.manager, at=FROZEN)
    assert cycles.advance_due(now=FROZEN) == 2
    assert cycle.reviews.get().lines.get(kpi_code="revenue").said["value"] == 500


def test_who_belonged_cannot_be_changed_and_a_change_is_found(cast, told, review):
    rows = CycleMember.objects.filter(cycle=review.cycle)
    for refused in (lambda: rows.update(customer_number=told["Beta"].pk), lambda: rows._raw_delete(rows.db)):
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            refused()
    assert list(rows.values_list("customer_number", flat=True)) == [told["Alpha"].pk]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE evaluation_cyclemember SET customer_number = %s", [told["Beta"].pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert verify(review).faults == (Fault("members", "revenue", 1), Fault("members", "csat", 1))


def test_a_kpi_that_is_not_about_customers_is_refused_and_nothing_changes(cast, told):
    codes = ["forecast_bias", "csat"]
    with pytest.raises(ValidationError, match="is not about customers: a scorecard with it cannot be narrowed"):
        a_cycle(cast, kpi_codes=codes, segment=told["segment"])
    assert not Cycle.objects.exists()
    cycle = a_cycle(cast, kpi_codes=codes)
    with pytest.raises(ValidationError, match="is not about customers"):
        cycles.replan(cycle, {"segment": told["segment"]}, people=[cast.rep], teams=[], by=cast.manager, at=PLANNED)
    cycle.refresh_from_db()
    assert (cycle.segment, cycle.segment_name) == (None, "")


def test_the_form_offers_the_segments_whose_numbers_one_may_see_and_keeps_the_one_there_is(client, cast, told):
    theirs = segments.create(name="Theirs alone", question={"tier": ["A"]}, by=cast.outsider, at=PLANNED)
    cast.north.manager = cast.manager
    cast.north.save()
    client.force_login(cast.manager)
    form = {"name": "Q1", "period": "2026-Q1", "kpi_codes": ["csat"], "people": [cast.rep.pk], "grace_days": 5}
    assert client.post(reverse("cycle-new"), {**form, "segment": theirs.pk}).status_code == 422
    assert not Cycle.objects.exists()
    assert client.post(reverse("cycle-new"), {**form, "segment": told["segment"].pk}).status_code == 302
    cycle = Cycle.objects.get()
    assert (cycle.segment, cycle.segment_name) == (told["segment"], "Key")
    segments.delete(told["segment"], by=cast.manager, at=PLANNED)
    edit = reverse("cycle-edit", args=[cycle.pk])
    assert f'<option value="{told["segment"].pk}" selected>Key</option>' in client.get(edit).content.decode()
    again = {**form, "name": "Renamed", "segment": told["segment"].pk, "version": cycle.version}
    assert client.post(edit, again).status_code == 302
    assert Cycle.objects.get().segment_name == "Key"
    assert client.post(edit, {**again, "version": Cycle.objects.get().version, "segment": ""}).status_code == 302
    cycle = Cycle.objects.get()
    assert (cycle.name, cycle.segment, cycle.segment_name) == ("Renamed", None, "")


def test_a_plan_from_a_narrowed_review_says_that_it_measures_everything(client, cast, told, review):
    client.force_login(cast.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    said = "The review counts the customers of Key only. The plan measures all that is Rosa Rep's"
    form = client.get(reverse("plan-new"), {"review": review.pk, "kpi": "revenue"}).content.decode()
    assert said in form
    whole = client.get(reverse("plan-new")).content.decode()
    assert "The review counts the customers of" not in whole
