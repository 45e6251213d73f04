"""What each part of the waterfall holds, to the cent, and that the parts always add up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.sales.actions import opportunities
from customers.sales.actions.stage_changes import PastChange
from customers.sales.models.pipeline_history import Selection, altogether, standing
from customers.sales.models.waterfall import Part, records_behind, waterfalls
from tests.factories.sales import default_pipeline, lost_reason, make_opportunity, make_pipeline, stage

APRIL, JUNE = date(2026, 4, 1), date(2026, 6, 30)


def at(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def parts(selection, first=APRIL, last=JUNE, currency="USD"):
    """The bars that are not empty, as name: (amount, count)."""
    for one in waterfalls(selection, first, last):
        if one.currency == currency:
            return {bar.part.value: (str(bar.amount), bar.count) for bar in one.bars if bar.concerned}
    return {}


def sale(owner, name, amount, opened, **fields):
    return make_opportunity(owner, name=name, amount=amount and Decimal(amount), at=opened, **fields)


@pytest.fixture
def everything(cast):
    return Selection(default_pipeline(), cast.administrator)


@pytest.fixture
def quarter(cast):
    """One sale for each part of a second quarter, of the rep unless it says otherwise."""
    rep, by = cast.rep, {"by": cast.rep}
    told = {name: sale(rep, name, amount, at(3, 1)) for name, amount in [
        ("stays", "1000.00"), ("won", "2000.10"), ("lost", "300.00"), ("dearer", "400.00"), ("cheaper", "500.50"),
        ("given away", "600.00"), ("binned", "70.00"), ("was lost", "80.00"), ("no amount", None),
    ]}  # fmt: skip
    told["taken over"] = sale(cast.outsider, "taken over", "900.00", at(3, 1))
    told["was lost"] = opportunities.lose(told["was lost"], reason=lost_reason(), at=at(3, 20), **by)
    told["new"] = sale(rep, "new", "1234.56", at(4, 1))
    opportunities.win(told["won"], amount=Decimal("2500.20"), at=at(5, 2), **by)
    opportunities.lose(told["lost"], reason=lost_reason(), at=at(5, 3), **by)
    opportunities.update(told["dearer"], {"amount": Decimal("450.05")}, at=at(5, 4), **by)
    opportunities.update(told["cheaper"], {"amount": Decimal("100.00")}, at=at(5, 5), **by)
    opportunities.hand_over(told["given away"], owner=cast.outsider, at=at(5, 6), **by)
    opportunities.hand_over(told["taken over"], owner=rep, at=at(5, 7), **by)
    opportunities.delete(told["binned"], at=at(5, 8), **by)
    opportunities.reopen(told["was lost"], at=at(5, 9), **by)
    return told


def test_a_quarter_worked_by_hand(cast, quarter):
    mine = Selection(default_pipeline(), cast.administrator, owner=cast.rep)
    assert parts(mine) == {
        # 1000.00 + 2000.10 + 300.00 + 400.00 + 500.50 + 600.00 + 70.00 + 0 (without an amount)
        "opening": ("4870.60", 8),
        "new": ("1234.56", 1),
        "reopened": ("80.00", 1),
        "moved_in": ("900.00", 1),
        "repriced": ("149.65", 0),  # won + 500.10, dearer + 50.05, cheaper − 400.50
        "won": ("-2500.20", -1),
        "lost": ("-300.00", -1),
        "moved_out": ("-600.00", -1),
        "binned": ("-70.00", -1),
        # stays 1000.00, dearer 450.05, cheaper 100.00, new 1234.56, was lost 80.00, taken over 900.00, no amount 0
        "closing": ("3764.61", 7),
    }


def test_within_everything_a_handover_moves_nothing(everything, quarter):
    found = parts(everything)
    assert found["opening"] == ("5770.60", 9)
    assert found["closing"] == ("4364.61", 8)
    assert not {"moved_in", "moved_out"} & set(found)


def test_each_bar_names_its_opportunities(cast, quarter):
    mine = Selection(default_pipeline(), cast.administrator, owner=cast.rep)
    behind = records_behind(mine, APRIL, JUNE, Part.REPRICED, "USD")
    assert [(row.opportunity.name, str(row.amount), row.count) for row in behind.rows] == [
        ("won", "500.10", 0),
        ("cheaper", "-400.50", 0),
        ("dearer", "50.05", 0),
    ]
    assert (behind.total, behind.hidden, behind.is_cut) == (3, 0, False)
    for one in waterfalls(mine, APRIL, JUNE)[0].bars:
        behind = records_behind(mine, APRIL, JUNE, one.part, "USD")
        assert behind.total == one.concerned
        if not behind.hidden:  # what is in the bin is seen by nobody
            assert sum((row.amount for row in behind.rows), Decimal(0)) == one.amount


def test_what_is_in_the_bin_is_counted_but_not_shown(cast, quarter):
    mine = Selection(default_pipeline(), cast.administrator, owner=cast.rep)
    behind = records_behind(mine, APRIL, JUNE, Part.BINNED, "USD")
    assert (behind.rows, behind.total, behind.hidden) == ([], 1, 1)
    opportunities.restore(quarter["binned"], by=cast.rep, at=at(5, 20))
    assert "binned" not in parts(mine)
    assert parts(mine)["closing"] == ("3834.61", 8)


def test_expected_closes_slip_out_of_the_selected_days_and_are_pulled_in(cast, everything):
    by = {"by": cast.rep}
    slips = sale(cast.rep, "slips", "100.00", at(3, 1), expected_close=date(2026, 6, 30))
    sale(cast.rep, "stays", "10.00", at(3, 1), expected_close=APRIL)
    pulled = sale(cast.rep, "pulled", "1000.00", at(3, 1), expected_close=date(2026, 7, 1))
    sale(cast.rep, "undated", "5.00", at(3, 1))
    opportunities.update(slips, {"expected_close": date(2026, 7, 1)}, at=at(4, 4), **by)
    opportunities.update(pulled, {"expected_close": JUNE, "amount": Decimal("900.00")}, at=at(4, 5), **by)
    window = Selection(default_pipeline(), cast.administrator, closes_from=APRIL, closes_until=JUNE)
    assert parts(window) == {
        "opening": ("110.00", 2),
        "pulled_in": ("900.00", 1),
        "slipped": ("-100.00", -1),
        "closing": ("910.00", 2),
    }
    assert parts(everything) == {"opening": ("1115.00", 4), "repriced": ("-100.00", 0), "closing": ("1015.00", 4)}
    bars = waterfalls(everything, APRIL, JUNE)[0].bars
    assert not {Part.SLIPPED, Part.PULLED_IN} & {bar.part for bar in bars}


def test_currencies_are_kept_apart_and_a_change_of_currency_leaves_one_for_the_other(cast, everything):
    sold = sale(cast.rep, "abroad", "100.00", at(3, 1), currency="EUR")
    sale(cast.rep, "at home", "50.00", at(3, 1))
    opportunities.update(sold, {"currency": "USD", "amount": Decimal("110.00")}, by=cast.rep, at=at(4, 2))
    assert [one.currency for one in waterfalls(everything, APRIL, JUNE)] == ["USD", "EUR"]
    assert parts(everything) == {"opening": ("50.00", 1), "repriced": ("110.00", 1), "closing": ("160.00", 2)}
    assert parts(everything, currency="EUR") == {"opening": ("100.00", 1), "repriced": ("-100.00", -1)}


def test_another_pipeline_is_another_place(cast, everything):
    other = make_pipeline()
    sold = sale(cast.rep, "moves", "100.00", at(3, 1))
    opportunities.move(sold, stage=stage("Proposal", other), by=cast.rep, at=at(4, 2))
    assert parts(everything) == {"opening": ("100.00", 1), "moved_out": ("-100.00", -1)}
    there = Selection(other, cast.administrator)
    assert parts(there) == {"moved_in": ("100.00", 1), "closing": ("100.00", 1)}


def test_won_reopened_and_won_again_counts_each_time(cast, everything):
    sold = sale(cast.rep, "twice", "100.00", at(4, 1))
    for month in (4, 5):
        sold = opportunities.win(sold, by=cast.rep, at=at(month, 10))
        sold = opportunities.reopen(sold, by=cast.rep, at=at(month, 20)) if month == 4 else sold
    assert parts(everything) == {"new": ("100.00", 1), "reopened": ("100.00", 1), "won": ("-200.00", -2)}


def test_a_day_ends_at_midnight_of_the_organisation(cast, everything, settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    # 15:59 and 16:00 in Greenwich are 23:59 on the 31st and midnight of the 1st in Shanghai.
    sale(cast.rep, "before", "1.00", datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    sale(cast.rep, "after", "20.00", datetime(2026, 3, 31, 16, 0, tzinfo=UTC))
    assert parts(everything) == {"opening": ("1.00", 1), "new": ("20.00", 1), "closing": ("21.00", 2)}


def test_what_stood_in_each_stage_when_a_day_ended(cast, everything):
    first = sale(cast.rep, "first", "1000.00", at(3, 1))
    sale(cast.rep, "second", None, at(3, 2))
    opportunities.move(first, stage=stage("Proposal"), by=cast.rep, at=at(4, 2))
    opportunities.update(first, {"probability": Decimal("0.55")}, by=cast.rep, at=at(4, 3))

    def told(day):
        return [
            (one.stage.name, one.sums.count, one.sums.unpriced, [str(money.amount) for money in one.sums.weighted])
            for one in standing(everything, day)
        ]

    assert told(date(2026, 3, 1)) == [
        ("Qualifying", 1, 0, ["100.00"]), ("Proposal", 0, 0, []), ("Negotiation", 0, 0, []),
    ]  # fmt: skip
    assert told(date(2026, 4, 2)) == [
        ("Qualifying", 1, 1, []), ("Proposal", 1, 0, ["400.00"]), ("Negotiation", 0, 0, []),
    ]  # fmt: skip
    assert told(date(2026, 4, 3))[1] == ("Proposal", 1, 0, ["550.00"])
    assert [str(money.amount) for money in altogether(standing(everything, JUNE)).amounts] == ["1000.00"]


# Whose numbers --------------------------------------------------------------------------------------------------


def test_a_team_is_that_of_then_with_those_below_it(cast):
    sale(cast.rep, "north", "1.00", at(3, 1))
    sale(cast.junior, "inside", "20.00", at(3, 1))
    moved = sale(cast.outsider, "south", "300.00", at(3, 1))
    opportunities.hand_over(moved, owner=cast.rep, by=cast.administrator, at=at(5, 1))

    def of(team, reader=cast.administrator):
        return parts(Selection(default_pipeline(), reader, team=team))

    assert of(cast.north) == {"opening": ("21.00", 2), "moved_in": ("300.00", 1), "closing": ("321.00", 3)}
    assert of(cast.south) == {"opening": ("300.00", 1), "moved_out": ("-300.00", -1)}
    assert of(cast.company) == {"opening": ("321.00", 3), "closing": ("321.00", 3)}


def test_nobody_gets_sums_of_what_their_role_does_not_reach(cast):
    sale(cast.rep, "north", "1.00", at(3, 1))
    sale(cast.teammate, "also north", "20.00", at(3, 1))
    sale(cast.junior, "inside", "300.00", at(3, 1))
    sale(cast.outsider, "south", "4000.00", at(3, 1))

    def opening(reader, **chosen):
        return parts(Selection(default_pipeline(), reader, **chosen)).get("opening")

    assert opening(cast.rep) == ("21.00", 2)
    assert opening(cast.rep, owner=cast.outsider) is None
    assert opening(cast.rep, team=cast.company) == ("21.00", 2)
    assert opening(cast.outsider) == ("4000.00", 1)
    assert opening(cast.manager) == ("321.00", 3)
    assert opening(cast.administrator) == ("4321.00", 4)
    assert opening(cast.nobody) is None


def test_what_was_mine_stays_counted_but_is_hidden_once_it_is_another_teams(cast):
    sold = sale(cast.rep, "given away", "100.00", at(3, 1), customer=None)
    opportunities.hand_over(sold, owner=cast.outsider, by=cast.administrator, at=at(5, 1))
    mine = Selection(default_pipeline(), cast.rep)
    assert parts(mine) == {"opening": ("100.00", 1), "moved_out": ("-100.00", -1)}
    behind = records_behind(mine, APRIL, JUNE, Part.MOVED_OUT, "USD")
    assert (behind.rows, behind.total, behind.hidden) == ([], 1, 1)


# It always adds up ----------------------------------------------------------------------------------------------

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
amounts = st.one_of(st.none(), st.decimals(0, 100_000, places=2))
steps = st.tuples(
    st.sampled_from(["Qualifying", "Proposal", "Negotiation", "Won", "Lost"]),
    st.integers(0, 1),  # pipeline
    st.integers(0, 24 * 40),  # hours since the step before
    amounts,
    st.sampled_from(["USD", "EUR"]),
    st.integers(0, 3),  # owner
    st.one_of(st.none(), st.dates(date(2026, 3, 1), date(2026, 9, 1))),
)
histories = st.lists(
    st.tuples(st.lists(steps, min_size=1, max_size=6), st.one_of(st.none(), st.integers(0, 24 * 120))), max_size=6
)
days = st.dates(date(2026, 2, 20), date(2026, 9, 10))


def store(history, binned, pipelines, people):
    changes, moment = [], START
    for name, pipeline, hours, amount, currency, owner, expected in history:
        moment += timedelta(hours=hours, microseconds=1)
        values = {
            "amount": Decimal("9.99") if amount is None and name == "Won" else amount,
            "currency": currency,
            "owner": people[owner],
            "team": people[owner].team,
            "expected_close": expected,
            "lost_reason": lost_reason() if name == "Lost" else None,
        }
        changes.append(PastChange(stage(name, pipelines[pipeline]), moment, values))
    sold = opportunities.open(name="Any", by=None, at=moment, history=changes)
    if binned is not None:
        opportunities.delete(sold, by=None, at=START + timedelta(hours=binned))


@pytest.fixture
def places(cast):
    return [default_pipeline(), make_pipeline()], [cast.rep, cast.teammate, cast.junior, cast.outsider]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=histories,
    cuts=st.tuples(days, days, days).map(sorted),
    pipeline=st.integers(0, 1),
    owner=st.one_of(st.none(), st.integers(0, 3)),
    in_north=st.booleans(),
    window=st.tuples(st.one_of(st.none(), days), st.one_of(st.none(), days)),
    reader=st.sampled_from(["administrator", "manager", "rep"]),
)
def test_opening_and_parts_are_the_closing_to_the_cent(
    cast, places, told, cuts, pipeline, owner, in_north, window, reader
):
    pipelines, people = places
    for history, binned in told:
        store(history, binned, pipelines, people)
    selection = Selection(
        pipelines[pipeline], getattr(cast, reader), None if owner is None else people[owner],
        cast.north if in_north else None, *window,
    )  # fmt: skip
    first, middle, last = cuts
    whole = adds_up(selection, first, last)
    halves = [adds_up(selection, first, middle), adds_up(selection, middle + timedelta(days=1), last)]
    if middle < last:
        between = {Part.OPENING, Part.CLOSING}
        assert summed(halves, leave_out=between) == summed([whole], leave_out=between)


def adds_up(selection, first, last):
    """Each waterfall's bars, checked against what stood there before and after; (part, currency): (amount, count)."""
    if first > last:
        return {}
    found = waterfalls(selection, first, last)
    for one in found:
        *moved, closing = one.bars
        assert sum(bar.amount for bar in moved) == closing.amount
        assert sum(bar.count for bar in moved) == closing.count
    for place, day in ((Part.OPENING, first - timedelta(days=1)), (Part.CLOSING, last)):
        sums = altogether(standing(selection, day))
        bars = {one.currency: bar for one in found for bar in one.bars if bar.part == place}
        assert {money.currency: money.amount for money in sums.amounts if money.amount} == {
            code: bar.amount for code, bar in bars.items() if bar.amount
        }
        assert sum(bar.count for bar in bars.values()) == sums.count
    return {(bar.part, one.currency): (bar.amount, bar.count) for one in found for bar in one.bars}


def summed(waterfalls_, leave_out):
    total = {}
    for one in waterfalls_:
        for key, (amount, count) in one.items():
            if key[0] not in leave_out and (amount or count):
                before = total.get(key, (Decimal(0), 0))
                total[key] = (before[0] + amount, before[1] + count)
    return {key: value for key, value in total.items() if any(value)}
