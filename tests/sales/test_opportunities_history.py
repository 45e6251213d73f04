"""Where an opportunity has been: every value that counts is captured with the moment it became true."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from crm.models import Event
from crm.purging import purging
from customers.sales.actions import opportunities, stage_changes
from customers.sales.actions.stage_changes import PastChange
from customers.sales.models import Opportunity, Stage, StageChange
from tests.factories.sales import default_pipeline, lost_reason, make_customer, make_opportunity, make_product, stage

HOUR = timedelta(hours=1)


def told(opportunity):
    """The history in short: (from, to, amount, probability, owner's name)."""
    return [
        (
            row.from_stage and row.from_stage.name,
            row.to_stage.name,
            row.amount,
            row.probability,
            row.owner and row.owner.name,
        )
        for row in StageChange.objects.filter(opportunity=opportunity).in_order()
    ]


def test_opening_writes_the_first_stage_change(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, expected_close=date(2026, 6, 30))
    row = StageChange.objects.get()
    assert (row.opportunity, row.pipeline, row.from_stage) == (opportunity, default_pipeline(), None)
    assert (row.to_stage.name, row.outcome) == ("Qualifying", "open")
    assert (row.at, row.recorded_at, row.by) == (now, now, cast.rep)
    assert (row.owner, row.team, row.customer) == (cast.rep, cast.north, opportunity.customer)
    assert (row.amount, row.currency, row.probability) == (Decimal("1000.00"), "USD", Decimal("0.100"))
    assert row.expected_close == date(2026, 6, 30)
    assert (opportunity.opened_at, opportunity.stage_since, opportunity.closed_at) == (now, now, None)
    assert Event.objects.get(type="opportunity.created").subject_id == opportunity.pk


def test_a_sale_that_began_earlier_counts_from_then(cast, now):
    began = now - timedelta(days=40)
    opportunity = make_opportunity(cast.rep, at=now, opened_at=began)
    row = StageChange.objects.get()
    assert (row.at, row.recorded_at) == (began, now)
    assert (opportunity.stage_since, opportunity.opened_at, opportunity.created_at) == (began, began, now)


def test_moving_on_keeps_what_was_true_before(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    moved = opportunities.move(opportunity, stage=stage("Proposal"), by=cast.rep, at=now + HOUR)
    assert (moved.stage.name, moved.stage_since, moved.version) == ("Proposal", now + HOUR, 2)
    assert told(opportunity) == [
        (None, "Qualifying", Decimal("1000.00"), Decimal("0.100"), "Rosa Rep"),
        ("Qualifying", "Proposal", Decimal("1000.00"), Decimal("0.400"), "Rosa Rep"),
    ]
    event = Event.objects.get(type="opportunity.moved")
    assert [side["label"] for side in event.data["stage"]] == ["Qualifying", "Proposal"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", Decimal("1500.00")),
        ("probability", Decimal("0.250")),
        ("expected_close", date(2026, 7, 31)),
        ("currency", "EUR"),
    ],
)
def test_an_edit_that_counts_adds_a_row_in_the_same_stage(cast, now, field, value):
    opportunity = make_opportunity(cast.rep, at=now)
    opportunities.update(opportunity, {field: value}, by=cast.rep, at=now + HOUR)
    first, second = StageChange.objects.in_order()
    assert (second.from_stage, second.to_stage) == (first.to_stage, first.to_stage)
    assert not second.is_entry
    assert second.at == now + HOUR
    assert getattr(second, field) == value != getattr(first, field)
    opportunity.refresh_from_db()
    assert opportunity.stage_since == now  # it is in the stage since it entered it


def test_another_customer_or_product_adds_a_row_too(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    other, pump = make_customer(cast.rep, "Beta"), make_product()
    opportunities.update(opportunity, {"customer": other, "product": pump}, by=cast.rep, at=now + HOUR)
    last = StageChange.objects.in_order().last()
    assert (last.customer, last.product) == (other, pump)
    assert StageChange.objects.count() == 2


def test_an_edit_of_words_adds_no_row(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    opportunities.update(opportunity, {"notes": "Call on Monday.", "name": "Newer"}, by=cast.rep, at=now + HOUR)
    assert StageChange.objects.count() == 1


def test_editing_what_is_closed_adds_no_row(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    won = opportunities.win(opportunity, by=cast.rep, at=now + HOUR)
    how = {"by": cast.manager, "at": now + 2 * HOUR, "overriding": "Typed wrongly"}
    edited = opportunities.update(won, {"amount": Decimal("900.00")}, **how)
    assert edited.amount == Decimal("900.00")
    assert [row[2] for row in told(opportunity)] == [Decimal("1000.00"), Decimal("1000.00")]


def test_a_probability_set_by_hand_holds_until_the_stage_is_left(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    edited = opportunities.update(opportunity, {"probability": Decimal("0.300")}, by=cast.rep, at=now + HOUR)
    assert edited.effective_probability == Decimal("0.300")
    moved = opportunities.move(edited, stage=stage("Negotiation"), by=cast.rep, at=now + 2 * HOUR)
    assert moved.probability is None
    assert [row[3] for row in told(opportunity)] == [Decimal("0.100"), Decimal("0.300"), Decimal("0.700")]


def test_credit_is_dated_a_handover_does_not_rewrite_what_came_before(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    opportunities.hand_over(opportunity, owner=cast.outsider, by=cast.manager, at=now + HOUR)
    opportunity.refresh_from_db()
    opportunities.win(opportunity, by=cast.outsider, at=now + 2 * HOUR)
    rows = list(StageChange.objects.in_order())
    assert [row.owner.name for row in rows] == ["Rosa Rep", "Olaf Outsider", "Olaf Outsider"]
    assert [row.team.name for row in rows] == ["North", "South", "South"]
    assert StageChange.objects.as_of(now + timedelta(minutes=30)).get().owner == cast.rep
    assert StageChange.objects.as_of(now + HOUR).get().owner == cast.outsider
    assert Event.objects.filter(type="opportunity.handed_over").count() == 1


def test_what_was_won_stays_credited_after_a_handover(cast, now):
    opportunity = opportunities.win(make_opportunity(cast.rep, at=now), by=cast.rep, at=now + HOUR)
    how = {"by": cast.manager, "at": now + 2 * HOUR, "overriding": "She looks after it now"}
    opportunities.hand_over(opportunity, owner=cast.teammate, **how)
    assert StageChange.objects.wins().get().owner == cast.rep
    assert StageChange.objects.count() == 2


def test_a_row_never_stands_before_one_that_was_written_earlier(cast, now):
    opportunity = make_opportunity(cast.rep, at=now + HOUR)
    opportunities.update(opportunity, {"amount": Decimal("7.00")}, by=cast.rep, at=now)
    assert [row.amount for row in StageChange.objects.in_order()] == [Decimal("1000.00"), Decimal("7.00")]
    assert [row.at for row in StageChange.objects.in_order()] == [now + HOUR, now + HOUR]


def test_the_pipeline_of_a_past_day_is_what_it_was(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    opportunities.update(opportunity, {"amount": Decimal("2000.00")}, by=cast.rep, at=now + timedelta(days=10))
    opportunity.refresh_from_db()
    opportunities.lose(opportunity, reason=lost_reason(), by=cast.rep, at=now + timedelta(days=20))

    def amount_on(day):
        row = StageChange.objects.as_of(now + timedelta(days=day)).first()
        return row and (row.outcome, row.amount)

    assert amount_on(-1) is None
    assert amount_on(5) == ("open", Decimal("1000.00"))
    assert amount_on(15) == ("open", Decimal("2000.00"))
    assert amount_on(25) == ("lost", Decimal("2000.00"))


def test_a_closing_that_was_taken_back_no_longer_stands(cast, now):
    opportunity = opportunities.win(make_opportunity(cast.rep, at=now), by=cast.rep, at=now + HOUR)
    assert StageChange.objects.wins().still_standing().count() == 1
    reopened = opportunities.reopen(opportunity, by=cast.rep, at=now + 2 * HOUR)
    assert (reopened.stage.name, reopened.closed_at) == ("Qualifying", None)
    assert StageChange.objects.wins().still_standing().count() == 0
    opportunities.win(reopened, by=cast.rep, at=now + 3 * HOUR)
    assert StageChange.objects.wins().count() == 2
    assert StageChange.objects.wins().still_standing().get().at == now + 3 * HOUR


# The database itself refuses to rewrite history --------------------------------------------------------------------


def test_the_database_refuses_to_change_a_stage_change(cast, now):
    make_opportunity(cast.rep, at=now)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        StageChange.objects.update(amount=1)
    assert StageChange.objects.get().amount == Decimal("1000.00")


def test_the_database_refuses_to_remove_a_stage_change(cast, now):
    make_opportunity(cast.rep, at=now)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        StageChange.objects.all().delete()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM sales_stagechange")
    assert StageChange.objects.count() == 1


def test_not_even_a_purge_may_change_a_row(cast, now):
    make_opportunity(cast.rep, at=now)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), purging():
        StageChange.objects.update(amount=1)
    assert StageChange.objects.get().amount == Decimal("1000.00")


def test_a_purge_removes_the_opportunity_with_its_history_and_closes_the_door_again(cast, now):
    gone = opportunities.win(make_opportunity(cast.rep, at=now), by=cast.rep, at=now + HOUR)
    stays = make_opportunity(cast.rep, at=now, customer=gone.customer)
    opportunities.purge(gone, by=cast.administrator, at=now + 2 * HOUR)
    assert list(Opportunity._base_manager.all()) == [stays]
    assert StageChange.objects.get().opportunity == stays
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        StageChange.objects.all().delete()


# Histories that an import brings -----------------------------------------------------------------------------------


def day(number):
    return datetime(2017, 3, number, tzinfo=UTC)


def past():
    return [
        PastChange(stage("Qualifying"), day(1), {"amount": Decimal("400.00")}),
        PastChange(stage("Proposal"), day(5), {"amount": Decimal("500.00")}),
        PastChange(stage("Won"), day(9), {"amount": Decimal("514.00")}),
    ]


def test_a_history_can_come_with_the_opportunity(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, history=past(), amount=None, opened_at=day(1))
    opportunity.refresh_from_db()
    assert (opportunity.stage.name, opportunity.amount) == ("Won", Decimal("514.00"))
    assert (opportunity.stage_since, opportunity.closed_at, opportunity.opened_at) == (day(9), day(9), day(1))
    assert told(opportunity) == [
        (None, "Qualifying", Decimal("400.00"), Decimal("0.100"), "Rosa Rep"),
        ("Qualifying", "Proposal", Decimal("500.00"), Decimal("0.400"), "Rosa Rep"),
        ("Proposal", "Won", Decimal("514.00"), Decimal("1.000"), "Rosa Rep"),
    ]
    assert {row.recorded_at for row in StageChange.objects.all()} == {now}


def test_telling_the_same_history_twice_changes_nothing(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, history=past(), amount=None)
    before = Opportunity.objects.values().get(), list(StageChange.objects.values()), Event.objects.count()
    assert opportunities.record_history(opportunity, changes=past(), by=cast.rep, at=now + HOUR) == []
    assert (Opportunity.objects.values().get(), list(StageChange.objects.values()), Event.objects.count()) == before


def test_a_longer_history_adds_only_what_is_missing(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, history=past()[:2], amount=None)
    added = opportunities.record_history(opportunity, changes=past(), by=cast.administrator, at=now + HOUR)
    assert [(row.from_stage.name, row.to_stage.name, row.at) for row in added] == [("Proposal", "Won", day(9))]
    opportunity.refresh_from_db()
    assert (opportunity.stage.name, opportunity.closed_at, opportunity.amount) == ("Won", day(9), Decimal("514.00"))


def test_what_is_older_than_the_recorded_history_is_refused(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, history=past()[1:], amount=None)
    with pytest.raises(ValidationError, match="2017-03-01 is older"):
        opportunities.record_history(opportunity, changes=past(), by=cast.rep, at=now)
    assert StageChange.objects.count() == 2


def test_a_file_that_says_won_without_an_amount_is_refused(cast, now):
    with pytest.raises(ValidationError, match="needs an amount"):
        make_opportunity(cast.rep, at=now, history=[PastChange(stage("Won"), day(1))], amount=None)
    assert not Opportunity.objects.exists()


def test_undoing_an_import_takes_its_rows_back(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, history=past()[:1], amount=None)
    before = Opportunity.objects.values("stage", "amount", "stage_since", "closed_at").get()
    added = opportunities.record_history(opportunity, changes=past(), by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="Only the newest"):
        stage_changes.take_back(opportunity, rows=[added[0].pk], by=cast.rep, at=now)
    assert StageChange.objects.count() == 3
    stage_changes.take_back(opportunity, rows=[row.pk for row in added], by=cast.rep, at=now + HOUR)
    assert StageChange.objects.count() == 1
    assert Opportunity.objects.values("stage", "amount", "stage_since", "closed_at").get() == before


def test_a_stage_change_keeps_its_outcome_when_the_stage_is_changed_later(cast, now):
    make_opportunity(cast.rep, at=now)
    Stage.objects.filter(name="Qualifying").update(probability=Decimal("0.9"))
    assert StageChange.objects.get().probability == Decimal("0.100")
