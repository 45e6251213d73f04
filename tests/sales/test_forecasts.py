"""Forecasts: what counts, what is kept, what is locked, and how good they were."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import translation

from crm.models import Event, Notification, User
from customers.sales.actions import forecasts, opportunities
from customers.sales.models import ForecastAdjustment, ForecastSubmission, forecast_rollup
from customers.sales.models import forecast_figures as figures
from customers.sales.models import forecast_track as tracks
from customers.sales.models.forecast_board import day_in
from customers.sales.models.forecast_period import Period, monday, week_of
from customers.sales.models.forecast_rollup import roll_up
from customers.sales.models.forecast_track import Outcome
from customers.sales.models.opportunity import is_push
from tests.factories.sales import default_pipeline, make_forecast, make_opportunity, stage

QUARTER = Period.named("2026-Q2")
ZONE = ZoneInfo("UTC")


def at(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_periods_have_names_neighbours_and_bounds_in_a_time_zone():
    assert (Period.named("2026-05").end, QUARTER.start, QUARTER.end) == (
        date(2026, 5, 31), date(2026, 4, 1), date(2026, 6, 30),
    )  # fmt: skip
    assert (QUARTER.after(-2).code, Period.of("month", date(2026, 12, 31)).after().code) == ("2025-Q4", "2027-01")
    assert [Period.named(text) for text in ("2026-13", "2026-Q5", "2026", "0001-01", "2026-5")] == [None] * 5
    shanghai = ZoneInfo("Asia/Shanghai")
    assert QUARTER.bounds(shanghai)[0] == datetime(2026, 3, 31, 16, tzinfo=UTC)
    # Sunday evening in London is Monday morning in Shanghai: another week.
    evening = datetime(2026, 5, 17, 18, tzinfo=UTC)
    assert (week_of(evening, ZONE), week_of(evening, shanghai)) == (date(2026, 5, 11), date(2026, 5, 18))
    assert QUARTER.deadline == monday(date(2026, 4, 1)) == date(2026, 3, 30)


def test_a_card_dropped_on_a_month_keeps_its_day_and_never_lands_in_the_past():
    today, may, june = date(2026, 5, 13), Period.named("2026-05"), Period.named("2026-06")
    assert day_in(june, date(2026, 5, 31), today) == date(2026, 6, 30)
    assert day_in(may, date(2026, 6, 3), today) == today
    assert day_in(june, None, today) == date(2026, 6, 30)
    assert [is_push(date(2026, 5, 3), date(2026, *after)) for after in ((5, 31), (6, 1), (4, 30))] == [
        False,
        True,
        False,
    ]


def test_accuracy_and_bias_are_one_minus_wape_and_signed_and_not_defined_where_nothing_came():
    month = Period.named("2026-01")

    def outcomes(*pairs):
        return [Outcome(month, None if said is None else Decimal(said), Decimal(came)) for said, came in pairs]

    # |100 − 80| + |50 − 70| over 150; the month without a forecast is left out of both.
    mixed = outcomes((100, 80), (50, 70), (None, 1000))
    assert tracks.accuracy(mixed) == 1 - Decimal(40) / 150
    assert tracks.bias(mixed) == 0
    assert tracks.bias(outcomes((120, 100))) == Decimal("0.2")
    assert tracks.accuracy(outcomes((400, 100))) == -2
    for nothing in (outcomes((100, 0)), outcomes((None, 50)), []):
        assert (tracks.accuracy(nothing), tracks.bias(nothing)) == (None, None)
    track = tracks.Track(outcomes((120, 100), (80, 100)))
    assert track.calibrated(Decimal(50)) == Decimal("50.00")
    assert tracks.Track(outcomes((0, 100))).calibrated(Decimal(50)) is None


@pytest.fixture
def quarter(cast):
    """Of the rep in this quarter: 100 won, 200 commit, 400 best case, 800 pipeline, 1600 omitted, 7 euros."""
    default_pipeline()
    end = date(2026, 6, 20)
    won = make_opportunity(cast.rep, amount=Decimal(100), at=at(4, 2))
    opportunities.win(won, by=cast.rep, at=at(4, 20))
    make_opportunity(cast.rep, amount=Decimal(200), stage=stage("Negotiation"), expected_close=end)
    make_opportunity(cast.rep, amount=Decimal(400), stage=stage("Proposal"), expected_close=end)
    make_opportunity(cast.rep, amount=Decimal(800), expected_close=end)
    make_opportunity(cast.rep, amount=Decimal(1600), expected_close=end, forecast_category="omitted")
    make_opportunity(cast.rep, amount=Decimal(7), currency="EUR", expected_close=end, forecast_category="commit")
    make_opportunity(cast.rep, amount=Decimal(9999), expected_close=date(2026, 7, 1))  # the next quarter's
    make_opportunity(cast.rep, amount=None, expected_close=end)
    reopened = make_opportunity(cast.rep, amount=Decimal(5000), at=at(4, 2))
    reopened = opportunities.win(reopened, by=cast.rep, at=at(4, 21))
    opportunities.reopen(reopened, by=cast.rep, at=at(4, 22))


@pytest.mark.django_db
def test_a_submission_keeps_what_the_pipeline_held_at_that_moment(cast, quarter, now):
    said = make_forecast(cast.rep, commit=350, best_case=700, note=" Sure. ", at=now)

    kept = sorted(said.figures.values_list("category", "currency", "count", "amount"))
    assert kept == [
        ("best_case", "USD", 1, Decimal(400)),
        ("closed", "USD", 1, Decimal(100)),
        ("commit", "EUR", 1, Decimal(7)),
        ("commit", "USD", 1, Decimal(200)),
        ("omitted", "USD", 1, Decimal(1600)),
        ("pipeline", "USD", 2, Decimal(800)),
    ]
    assert (said.owner, said.team, said.week, said.note) == (cast.rep, cast.north, date(2026, 5, 11), "Sure.")
    found = figures.of_person(cast.rep, QUARTER, ZONE, now.date())
    assert [(str(money.amount), money.currency) for money in found.best_case] == [("700.00", "USD"), ("7.00", "EUR")]
    assert Event.objects.get(type="forecast.submitted").data["amount"] == "350"


@pytest.mark.django_db
def test_a_handover_takes_what_is_open_along_and_leaves_what_was_won(cast, quarter, now):
    for opportunity in opportunities.Opportunity.objects.filter(owner=cast.rep):
        opportunities.hand_over(opportunity, owner=cast.outsider, by=cast.manager, at=now, overriding="She moves on")
    assert [str(one.amount) for one in figures.of_person(cast.rep, QUARTER, ZONE, now.date()).pipeline] == ["100.00"]
    assert figures.of_person(cast.outsider, QUARTER, ZONE, now.date()).own("best_case") == 600


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"commit": 5, "best_case": 4}, "not less than what you commit"),
        ({"commit": -1, "best_case": 4}, "less than nothing"),
        ({"period": "2026-Q1"}, "This period is over"),
        ({"week": date(2026, 5, 4)}, "is over, and its forecast is locked"),
    ],
)
def test_what_makes_no_sense_or_comes_too_late_is_refused(cast, now, how, sentence):
    with pytest.raises(ValidationError, match=sentence):
        make_forecast(cast.rep, at=now, **how)
    assert not ForecastSubmission.objects.exists()


@pytest.mark.django_db
def test_whoever_is_adjusted_is_told_of_the_period_in_their_own_language(cast, now):
    User.objects.filter(pk=cast.rep.pk).update(language="zh-hans")
    cast.rep.refresh_from_db()
    said = make_forecast(cast.rep, commit=350, at=now)
    forecasts.adjust(said, commit=Decimal(300), best_case=Decimal(400), note="Too sure", by=cast.manager, at=now)
    told = Notification.objects.get()
    with translation.override("zh-hans"):
        assert told.text == "Mia Manager 调整了您对 2026年第2季度 的预测。"


@pytest.mark.django_db
def test_a_forecast_is_adjusted_while_its_week_lasts_and_nothing_changes_it_afterwards(cast, now):
    said = make_forecast(cast.rep, commit=350, at=now)
    forecasts.adjust(said, commit=Decimal(300), best_case=Decimal(400), note="Too sure", by=cast.manager, at=now)

    said = ForecastSubmission.objects.get()
    assert (said.commit, said.counted.commit, said.counted.note) == (350, 300, "Too sure")
    assert Notification.objects.get().receiver == cast.rep
    monday_after = datetime(2026, 5, 18, tzinfo=UTC)
    with pytest.raises(ValidationError, match="locked"):
        forecasts.adjust(said, commit=Decimal(1), best_case=Decimal(1), note="Late", by=cast.manager, at=monday_after)
    with pytest.raises(ValidationError, match="Say why"):
        forecasts.adjust(said, commit=Decimal(1), best_case=Decimal(1), note=" ", by=cast.manager, at=now)
    assert ForecastAdjustment.objects.count() == 1
    for change in (lambda rows: rows.update(commit=1), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            change(ForecastSubmission.objects.all())
    assert ForecastSubmission.objects.get().commit == 350


@pytest.mark.django_db
def test_teams_add_up_what_was_submitted_and_stand_beside_what_the_pipeline_says(cast, quarter, now, monkeypatch):
    make_opportunity(cast.junior, amount=Decimal(50), stage=stage("Negotiation"), expected_close=date(2026, 5, 20))
    make_forecast(cast.rep, commit=300, best_case=500, at=now - timedelta(days=7))
    make_forecast(cast.rep, commit=999, at=now - timedelta(hours=1))
    rep = make_forecast(cast.rep, commit=350, best_case=700, at=now)  # of two in a week, the last
    forecasts.adjust(rep, commit=Decimal(320), best_case=Decimal(700), note="Less", by=cast.manager, at=now)
    make_forecast(cast.junior, commit=60, best_case=60, at=now)
    make_opportunity(cast.teammate, amount=Decimal(30), stage=stage("Negotiation"), expected_close=date(2026, 5, 20))
    make_forecast(cast.manager, commit=40, best_case=90, team=cast.north_inside, at=now)

    seen = ForecastSubmission.objects.visible_to(cast.manager)
    teams = figures.teams_within_reach(cast.manager, "view")
    lines = roll_up(teams, seen, period=QUARTER, week=date(2026, 5, 11), today=now.date(), zone=ZONE)

    told = [
        (str(line.subject), line.depth, line.commit, line.change, line.figures.own("commit"), line.missing)
        for line in lines
    ]
    assert told == [
        # 320 of the rep as adjusted, and 40 that was submitted for the team below instead of its 60.
        ("North", 0, 360, None, 380, 1),
        ("Rosa Rep", 1, 320, 20, 300, 0),
        ("Tom Teammate", 1, None, None, 30, 1),
        ("North Inside", 1, 40, None, 50, 0),
        ("Jana Junior", 2, 60, None, 50, 0),
    ]
    assert (lines[0].best_case, lines[3].below) == (790, (60, 60))

    monkeypatch.setattr(forecast_rollup, "MOST_LINES", 4)
    folded = roll_up(teams, seen, period=QUARTER, week=date(2026, 5, 11), today=now.date(), zone=ZONE)
    assert [(str(line.subject), line.commit, line.is_folded) for line in folded] == [
        ("North", 360, False), ("Rosa Rep", 320, False), ("Tom Teammate", None, False), ("North Inside", 40, True)
    ]  # fmt: skip
    assert figures.teams_within_reach(cast.rep, "view") == []


@pytest.mark.django_db
def test_a_period_is_held_against_the_commit_of_its_first_week(cast, now):
    default_pipeline()
    won = make_opportunity(cast.rep, amount=Decimal(80), at=at(2, 1))
    opportunities.win(won, by=cast.rep, at=at(3, 31, 23))
    make_forecast(cast.rep, "2026-03", commit=50, at=at(2, 20))
    make_forecast(cast.rep, "2026-03", commit=100, at=at(3, 1))  # a Sunday: the week in which March begins
    make_forecast(cast.rep, "2026-03", commit=80, at=at(3, 30))  # when it was known
    make_forecast(cast.rep, "2026-04", commit=10, at=at(4, 8))  # too late for April

    track = tracks.of_people([cast.rep.pk], "month", now.date(), ZONE)[cast.rep.pk]
    assert [(one.period.code, one.forecast, one.actual) for one in track.known] == [("2026-03", 100, 80)]
    assert (track.accuracy, track.bias, track.calibrated(Decimal(50))) == (Decimal("0.75"), Decimal("0.25"), 40)
    assert len(track.outcomes) == 12
    team = tracks.of_teams({cast.north.pk: [cast.north.pk]}, "month", now.date(), ZONE)[cast.north.pk]
    assert (team.accuracy, team.outcomes[-2].actual) == (None, 80)


@pytest.mark.django_db
def test_putting_off_to_a_later_month_is_counted_and_moving_on_takes_the_stages_category(cast, now):
    sale = make_opportunity(cast.rep, expected_close=date(2026, 5, 20), forecast_category="commit", at=now)
    for month, day in ((5, 31), (6, 1), (5, 2), (8, 1)):
        sale = opportunities.update(sale, {"expected_close": date(2026, month, day)}, by=cast.rep, at=now)
    assert (sale.close_pushes, sale.effective_category) == (2, "commit")
    sale = opportunities.move(sale, stage=stage("Proposal"), by=cast.rep, at=now)
    assert (sale.close_pushes, sale.forecast_category, sale.effective_category) == (2, "", "best_case")
    assert opportunities.win(sale, by=cast.rep, at=now).effective_category == ""
