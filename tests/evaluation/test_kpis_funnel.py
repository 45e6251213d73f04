"""Funnel conversion, opportunities in touch, and quotes that became orders."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from customers.sales.models import Pipeline, Stage
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_quote, an_activity, an_opportunity, lost, moment, won

pytestmark = pytest.mark.django_db


def test_a_stage_is_passed_by_entering_a_later_one_or_winning_within_ninety_days(cast):
    an_opportunity(
        ("open", "2026-04-01"), ("later", "2026-04-10"), ("won", "2026-05-01"), owner=cast.rep
    )  # both passed
    an_opportunity(("open", "2026-04-01"), ("won", "2026-05-01"), owner=cast.rep)  # one stage skipped: passed the first
    an_opportunity(("open", "2026-04-01"), ("lost", "2026-04-05"), owner=cast.outsider)
    back_and_forth = an_opportunity(
        ("open", "2026-04-01"), ("later", "2026-04-02"), ("open", "2026-04-03"), ("later", "2026-04-04"), owner=cast.rep
    )
    an_opportunity(("open", "2026-06-30"), ("later", "2026-09-28"), owner=cast.rep)  # on the ninetieth day
    an_opportunity(("open", "2026-06-30"), ("open", "2026-07-01", {"amount": 1}), ("later", "2026-09-29"))  # a day late
    an_opportunity(("open", "2026-03-31"), ("later", "2026-04-01"), ("open", "2026-05-01"))  # entered the first before
    won("2026-05-01")  # never in an open stage
    result = measured("funnel_conversion")
    # First stage: 4 of 6; the second: 1 of 3.
    assert (result.numerator, result.denominator) == (5, 9)
    assert parts("funnel_conversion", "stage") == {"open": pytest.approx(4 / 6), "later": pytest.approx(1 / 3)}
    assert parts("funnel_conversion", "person")["Olaf Outsider"] == 0
    assert measured("funnel_conversion", as_of=date(2026, 4, 9)).numerator == 1
    assert [row.fields["went_on_to"] for row in records("funnel_conversion").rows if row.id == back_and_forth.pk] == [
        None, "later",
    ]  # fmt: skip
    assert "provisional" not in result.flags
    assert "provisional" in measured("funnel_conversion", now=moment("2026-09-28")).flags
    assert measured("funnel_conversion", period="2025").flags == ("no_denominator",)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH entry AS (SELECT opportunity_id, to_stage_id, min(at) AS at FROM sales_stagechange
                WHERE outcome = 'open' AND from_stage_id IS DISTINCT FROM to_stage_id GROUP BY 1, 2)
            SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM sales_stagechange AS next
                JOIN sales_stage AS there ON there.id = next.to_stage_id
                WHERE next.opportunity_id = entry.opportunity_id AND next.at > entry.at
                AND next.at <= entry.at + interval '90 days' AND next.outcome <> 'lost'
                AND there.position > here.position)), count(*)
            FROM entry JOIN sales_stage AS here ON here.id = to_stage_id
            WHERE at >= '2026-04-01' AND at < '2026-07-01'"""
        )
        assert cursor.fetchone() == (result.numerator, result.denominator)


def test_stages_of_one_name_are_told_apart_by_their_pipeline():
    an_opportunity(("open", "2026-04-01"))
    Stage.objects.create(pipeline=Pipeline.objects.create(name="Partners"), name="open", position=0)
    assert parts("funnel_conversion", "stage") == {"Numbers / open": 0}


def test_in_touch_is_contact_about_it_in_the_last_thirty_days(cast):
    def one(*touches, **fields):
        opportunity = an_opportunity(("open", "2026-04-01"), owner=cast.rep)
        for when in touches:
            an_activity(when, cast.rep, about_kind="opportunity", about_id=opportunity.pk, **fields)
        return opportunity

    called = one("2026-06-20", "2026-06-25")
    one("2026-06-01", direction="inbound", type="email")  # the first moment of the thirty days
    one("2026-05-31 23:59")
    one("2026-07-01")  # after the period
    one("2026-06-20", type="note", direction="none")
    one("2026-06-20", outcome="not_reached")
    one("2026-06-20", deleted_at=moment("2026-06-21"))
    an_activity("2026-06-20", cast.rep)  # about nothing in particular
    lost("2026-06-01")
    result = measured("touch_coverage")
    assert (result.numerator, result.denominator) == (2, 7)
    assert measured("touch_coverage", cast.outsider).flags == ("no_denominator",)
    assert measured("touch_coverage", as_of=date(2026, 6, 20)).numerator == 4
    touched = [row for row in records("touch_coverage").rows if row.numerator and row.id == called.pk]
    assert touched[0].fields["last_contact_at"].startswith("2026-06-25")


def test_a_quote_counts_once_from_the_day_it_was_first_sent(cast):
    first = a_quote("2026-04-01", owner=cast.rep, number="Q-7", state="replaced")
    a_quote("2026-06-25", "2026-06-29", cast.rep, first.customer, number="Q-7", revision=2, replaces=first)
    a_quote("2026-04-01", "2026-07-01", cast.rep)  # a day late
    a_quote("2026-05-01", owner=cast.outsider, state="declined", answered_at=moment("2026-05-02"), answered_by="Buyer")
    gone = a_quote("2026-05-01", "2026-05-02", cast.outsider)
    gone.order.deleted_at = moment("2026-05-10")
    gone.order.save()
    a_quote("2026-07-01", "2026-07-02", cast.rep)
    result = measured("purchase_conversion")
    assert (result.numerator, result.denominator) == (1, 4)
    assert parts("purchase_conversion", "person") == {"Rosa Rep": 0.5, "Olaf Outsider": 0}
    assert measured("purchase_conversion", as_of=date(2026, 6, 28)).numerator == 0
    assert measured("purchase_conversion", as_of=date(2026, 5, 5)).numerator == 1  # what went into the bin later
    assert "provisional" in measured("purchase_conversion", now=moment("2026-07-15")).flags
    assert {row.id for row in records("purchase_conversion").rows if row.numerator} == {first.pk}
    assert measured("purchase_conversion", period="2026-Q3").value == 1
