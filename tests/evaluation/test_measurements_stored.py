"""Measuring again and again: only what changed is written, and a final number stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.jobs import schedule
from customers.sales.models import StageChange
from evaluation import engine, kpis
from evaluation.actions import measurements
from evaluation.actions.kpis import sync_versions
from evaluation.actions.restatements import restated
from evaluation.engine import COMPANY, scopes, watched
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.models import KpiVersion, MeasuredFact, Measurement
from tests.factories.evaluation import a_customer, an_opportunity, an_order, lost, measure_open, moment, stages, won

pytestmark = pytest.mark.django_db

NOW = moment("2026-05-13 12:00")


@pytest.fixture
def only(monkeypatch):
    """Watch nothing but what a test says."""

    def watch(*watches):
        monkeypatch.setattr(watched, "_sources", {"test": lambda now: watches})

    return watch


def stored(code="win_rate", **fields):
    return Measurement.objects.of_kpi(code).get(**fields)


def writes():
    """How often a row of the table was written, by PostgreSQL's own count of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_all_tables
            WHERE relname = 'evaluation_measurement'"""
        )
        return cursor.fetchone()[0]


def test_what_is_watched_is_measured_for_the_current_periods(cast, only):
    won("2026-05-02", cast.rep)
    lost("2026-04-02", cast.rep)
    only(*(Watch(kpis.get("win_rate"), COMPANY, kind) for kind in ("month", "quarter")))
    assert measurements.measure_current(now=NOW) == 2
    month = stored(period_kind="month")
    assert (month.period_start, month.period_end) == (date(2026, 5, 1), date(2026, 5, 31))
    assert (month.value, month.numerator, month.denominator, month.n) == (1.0, 1, 1, 1)
    assert (month.state, month.flags, month.measured_at) == ("provisional", ["small_n", "provisional"], NOW)
    assert stored(period_kind="quarter").value == 0.5
    assert month.interval_method == "wilson"


def test_measuring_again_writes_nothing(cast, only):
    won("2026-05-02", cast.rep)
    only(*(Watch(kpi, COMPANY, "quarter") for kpi in kpis.all_kpis()))
    measure_open(now=NOW)
    before = writes()
    assert measure_open(now=NOW + timedelta(hours=1)) == 0
    assert writes() == before > 0
    assert set(Measurement.objects.values_list("measured_at", flat=True)) == {NOW}


def test_many_numbers_are_written_together(cast, only):
    won("2026-05-02", cast.rep)
    counted = kpis.all_kpis()[: measurements.TOGETHER + 1]
    only(*(Watch(kpi, COMPANY, "month") for kpi in counted))
    with CaptureQueriesContext(connection) as asked:
        assert measurements.measure_current(now=NOW) == measurements.TOGETHER + 1
    assert len([one for one in asked if one["sql"].startswith("INSERT INTO evaluation_measurement ")]) == 2


def test_measuring_again_writes_what_changed(cast, only):
    won("2026-05-02", cast.rep)
    wanted = [scopes.of_person(cast.rep), scopes.of_person(cast.outsider)]
    only(*(Watch(kpis.get("win_rate"), scope, "quarter") for scope in wanted))
    assert measurements.measure_current(now=NOW) == 2
    lost("2026-05-03", cast.rep)
    assert measurements.measure_current(now=NOW + timedelta(hours=1)) == 1
    assert stored(scope_key=str(cast.rep.pk)).value == 0.5
    assert stored(scope_key=str(cast.rep.pk)).measured_at == NOW + timedelta(hours=1)
    assert stored(scope_key=str(cast.outsider.pk)).measured_at == NOW


def test_a_scope_without_records_is_measured_too(cast, only):
    only(Watch(kpis.get("win_rate"), scopes.of_team(cast.south), "quarter"))
    measurements.measure_current(now=NOW)
    assert (stored().value, stored().flags) == (None, ["no_denominator", "provisional"])


def test_the_last_period_is_final_when_the_days_of_grace_are_over(only):
    won("2026-03-02")
    only(Watch(kpis.get("win_rate"), COMPANY, "quarter"))
    measurements.measure_last(now=moment("2026-04-05 23:59"))
    assert stored().state == "provisional"
    measurements.measure_last(now=moment("2026-04-06"))
    assert (stored().state, stored().value) == ("final", 1.0)


def test_a_cohort_is_final_when_it_is_ripe(only):
    kpi = kpis.get("reopen_rate")
    assert measurements.final_from(kpi, periods.parse("2026-Q1")) == moment("2026-04-15")
    only(Watch(kpi, COMPANY, "quarter"))
    measurements.measure_last(now=moment("2026-04-14 23:59"))
    assert stored("reopen_rate").state == "provisional"
    measurements.measure_last(now=moment("2026-04-15"))
    assert stored("reopen_rate").state == "final"


def test_what_stayed_provisional_while_nothing_ran_is_made_final(only):
    won("2026-03-02")
    only(Watch(kpis.get("win_rate"), COMPANY, "month"))
    measurements.measure_current(now=moment("2026-03-20"))
    measurements.measure_last(now=moment("2026-08-20"))
    assert stored(period_start=date(2026, 3, 1)).is_final
    assert stored(period_start=date(2026, 7, 1)).is_final


def test_a_final_number_never_changes_and_is_told_as_restated(cast, only):
    kept = won("2026-03-02", cast.rep, name="Kept", amount=100)
    gone = won("2026-03-03", cast.rep, name="Gone", amount=50)
    only(Watch(kpis.get("revenue"), scopes.of_person(cast.rep), "quarter"))
    measurements.measure_last(now=moment("2026-04-10"))
    final = stored("revenue")
    assert (final.value, final.n) == (150, 2)
    assert restated(final, now=moment("2026-04-11")) is None

    gone.deleted_at = moment("2026-04-12")
    gone.save()
    late = won("2026-03-31", cast.rep, name="Late", amount=7)
    won("2026-03-31", cast.outsider, name="Somebody else's", amount=7)
    assert measure_open(now=moment("2026-04-13")) == 1  # the new quarter's, not the final one's
    final.refresh_from_db()
    assert (final.value, final.state) == (150, "final")

    told = restated(final, now=moment("2026-04-13"))
    assert told.differs
    assert told.result.value == 107
    assert {(row.label, row.before is None, row.after is None) for row in told.moved} == {
        ("Gone", False, True),
        ("Late", True, False),
    }
    assert {row.id for row in told.moved} == {gone.pk, late.pk}
    assert kept.pk not in {row.id for row in told.moved}


def test_a_restatement_shows_only_records_the_reader_may_see(cast, only):
    only(Watch(kpis.get("win_rate"), COMPANY, "quarter"))
    measurements.measure_last(now=moment("2026-04-10"))
    won("2026-03-02", cast.rep, name="Mine")
    won("2026-03-02", cast.outsider, name="Secret")
    told = restated(stored(), now=moment("2026-04-11"), user=cast.rep)
    assert ([row.label for row in told.moved], told.hidden) == (["Mine"], 1)


def test_what_was_put_into_the_bin_is_told_as_deleted_not_as_hidden(cast, only):
    gone = won("2026-03-02", cast.rep, name="Gone")
    won("2026-03-03", cast.rep, name="Stays")
    only(Watch(kpis.get("win_rate"), COMPANY, "quarter"))
    measurements.measure_last(now=moment("2026-04-10"))
    gone.deleted_at = moment("2026-04-12")
    gone.save()
    told = restated(stored(), now=moment("2026-04-13"), user=cast.outsider)
    assert (told.moved, told.hidden, told.deleted) == ([], 0, 1)
    told = restated(stored(), now=moment("2026-04-13"))
    assert [(row.label, row.is_deleted) for row in told.moved] == [("Gone", True)]


def test_a_record_that_counts_otherwise_is_told_with_both_states(only):
    opportunity = an_opportunity(("open", "2026-01-02"), ("lost", "2026-03-02"), name="Revived")
    only(Watch(kpis.get("win_rate"), COMPANY, "quarter"))
    measurements.measure_last(now=moment("2026-04-10"))
    history, won_at = opportunity.stage_changes.order_by("at").last(), moment("2026-03-20")
    to_stage = stages()["won"]
    StageChange.objects.create(
        opportunity=opportunity, pipeline=history.pipeline, from_stage=history.to_stage, to_stage=to_stage,
        outcome="won", at=won_at, recorded_at=moment("2026-04-12"), probability=1, currency="USD",
    )  # fmt: skip
    opportunity.stage, opportunity.stage_since, opportunity.closed_at = to_stage, won_at, won_at
    opportunity.save()
    (row,) = restated(stored(), now=moment("2026-04-13")).moved
    assert (row.before["numerator"], row.after["numerator"]) == (0, 1)
    assert stored().value == 0.0


def test_the_records_of_final_numbers_are_kept_once_for_all_scopes(cast, only):
    won("2026-03-02", cast.rep)
    an_order("2026-03-05", a_customer(), cast.outsider)
    kpi = kpis.get("revenue")
    only(*(Watch(kpi, scope, "quarter") for scope in (COMPANY, scopes.of_person(cast.rep), scopes.of_team(cast.north))))
    measurements.measure_last(now=moment("2026-04-10"))
    assert sorted(MeasuredFact.objects.values_list("record_kind", flat=True)) == ["opportunity", "order"]


def test_a_measurement_is_seen_by_whom_it_is_about_and_who_manages_them(cast, only):
    kpi = kpis.get("win_rate")
    people = [cast.rep, cast.teammate, cast.outsider]
    everything = [COMPANY, scopes.of_team(cast.north), scopes.of_team(cast.south), *map(scopes.of_person, people)]
    only(*(Watch(kpi, scope, "quarter") for scope in everything))
    measurements.measure_current(now=NOW)

    def seen(user):
        rows = Measurement.objects.visible_to(user).order_by("pk")
        return sorted(str(measurements.scope_of(row)) for row in rows)

    assert seen(cast.rep) == ["Rosa Rep"]
    assert seen(cast.manager) == ["North", "Rosa Rep", "Tom Teammate"]
    assert len(seen(cast.analyst)) == 6
    assert seen(cast.nobody) == []


def test_all_scopes_of_a_dimension_take_one_statement(cast, only):
    people = [cast.rep, cast.teammate, cast.junior, cast.outsider]

    def queries(*wanted):
        Measurement.objects.all().delete()
        only(*(Watch(kpis.get("win_rate"), scopes.of_person(person), "quarter") for person in wanted))
        with CaptureQueriesContext(connection) as captured:
            measurements.measure_current(now=NOW)
        return len(captured)

    assert queries(people[0]) == queries(*people)


def test_the_dashboard_watches_company_teams_and_active_people(cast):
    assert cast.rep
    cast.outsider.is_active = False
    cast.outsider.save()
    wanted = {(watch.kpi.code, str(watch.scope)) for watch in watched.all_watches(NOW)}
    assert {("win_rate", "company"), ("win_rate", "North"), ("csat", "Rosa Rep")} <= wanted
    assert ("win_rate", "Olaf Outsider") not in wanted
    assert {watch.period_kind for watch in watched.all_watches(NOW)} == {"month", "quarter"}


def test_others_can_have_numbers_watched(cast, monkeypatch):
    monkeypatch.setattr(watched, "_sources", dict(watched._sources))
    wanted = Watch(kpis.get("nps"), COMPANY, "year")
    watched.register("goals", lambda now: [wanted])
    assert wanted in watched.all_watches(NOW)


def test_the_jobs_are_registered_and_measure(only):
    jobs = {job.name: job for job in schedule.all_jobs()}
    assert jobs["measure-current-periods"].every == "hour"
    assert jobs["measure-last-periods"].every == "day"
    only(Watch(kpis.get("win_rate"), COMPANY, "quarter"))
    jobs["measure-current-periods"].run(NOW)
    jobs["measure-last-periods"].run(NOW)
    assert Measurement.objects.count() == 2


def test_every_kpi_has_its_version_after_migrate():
    known = {(version.code, version.version, version.digest) for version in KpiVersion.objects.in_force()}
    assert known == {(kpi.code, kpi.version, kpi.digest) for kpi in kpis.all_kpis()}
    before = KpiVersion.objects.count()
    sync_versions(at=NOW)
    assert KpiVersion.objects.count() == before


def test_a_new_definition_is_measured_apart_from_the_old_one(only, monkeypatch):
    from dataclasses import replace

    won("2026-05-02")
    kpi = kpis.get("win_rate")
    only(Watch(kpi, COMPANY, "quarter"))
    measurements.measure_current(now=NOW)
    newer = replace(kpi, version=2, minimum_n=50)
    monkeypatch.setitem(kpis._KPIS, "win_rate", newer)
    only(Watch(newer, COMPANY, "quarter"))
    measurements.measure_current(now=NOW)
    assert [row.kpi.version for row in Measurement.objects.of_kpi("win_rate").order_by("pk")] == [1, 2]


def test_a_stored_number_is_the_one_the_engine_answers(cast, only):
    won("2026-05-02", cast.rep, amount="0.10")
    won("2026-05-02", cast.rep, amount="0.20")
    only(Watch(kpis.get("revenue"), COMPANY, "quarter"))
    measurements.measure_current(now=NOW)
    row = stored("revenue")
    answer = engine.value("revenue", measurements.scope_of(row), measurements.period_of(row), now=NOW)
    assert (row.value, row.currency) == (float(answer.value), "USD") == (0.3, "USD")
