"""The dashboard shows stored numbers of scopes within reach, each leading to its records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from evaluation import kpis
from evaluation.actions import measurements
from evaluation.engine import COMPANY, scopes, watched
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.models import Measurement
from evaluation.views.used_values import NAMES
from tests.factories.evaluation import a_customer, an_activity, lost, moment, won
from tests.factories.goals import a_goal

pytestmark = pytest.mark.django_db

NOW = moment("2026-05-13 12:00")
URL = "/evaluation/"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def measured(cast, monkeypatch):
    """Six months of one opportunity a day for north, watched for everybody in the cast."""

    def measure(*of, code="win_rate", kind="month", months=8):
        found = [COMPANY if one is None else scope(one) for one in of]
        watches = [Watch(kpis.get(code), one, kind) for one in found]
        monkeypatch.setattr(watched, "_sources", {"test": lambda now: watches})
        for period in periods.last(kind, months, periods.containing(kind, NOW.date())):
            measurements.measure_period(period=period, now=NOW)

    return measure


def scope(of):
    return scopes.of_person(of) if hasattr(of, "email") else scopes.of_team(of)


def opportunities(owner, months=8, good=3, bad=1):
    for back in range(months):
        day = f"{2026 - (back > 4):04}-{(5 - back - 1) % 12 + 1:02}-02"
        for number in range(good + bad):
            (won if number < good else lost)(day, owner)


def page(client, user, url=URL, **query):
    client.force_login(user)
    return client.get(url, query)


def text(response):
    return " ".join(response.content.decode().split())


def test_without_a_measurement_the_page_says_what_happens_next(client, cast):
    answer = page(client, cast.manager)
    assert answer.status_code == 200
    assert "Nothing has been measured for this scope yet" in text(answer)


def test_a_tile_shows_the_stored_number_with_interval_records_and_link(client, cast, measured):
    opportunities(cast.rep)
    measured(cast.north)
    tile = page(client, cast.manager).context["groups"][0][1][0]
    assert (tile.value, tile.result.n, tile.interval) == ("75.0%", 4, "30.1% to 95.4%")
    assert tile.url == f"/evaluation/kpis/win_rate/?scope=team%3A{cast.north.pk}&period=2026-05"
    answer = text(page(client, cast.manager))
    assert "75.0%" in answer
    assert "Provisional: it can still change." in answer


def test_the_page_never_computes(client, cast, measured):
    opportunities(cast.rep)
    measured(cast.north)
    Measurement.objects.update(value=0.123)
    assert "12.3%" in text(page(client, cast.manager))


def test_a_period_that_was_not_measured_is_said_to_be_so(client, cast, measured):
    opportunities(cast.rep)
    measured(cast.north)
    answer = page(client, cast.manager, period="2026-Q1")
    assert "Nothing has been measured for this scope yet" in text(answer)
    assert page(client, cast.manager, period="2026-W20").status_code == 404
    assert page(client, cast.manager, period="rubbish").status_code == 404


def test_nobody_sees_a_scope_out_of_reach(client, cast, measured):
    measured(cast.north, cast.south, None)
    allowed = {
        cast.rep: [cast.rep],
        cast.manager: [cast.manager, cast.rep, cast.junior, cast.north, cast.north_inside],
        cast.analyst: [None, cast.north, cast.south, cast.rep, cast.outsider],
    }
    everything = [None, cast.north, cast.north_inside, cast.south, cast.rep, cast.junior, cast.outsider, cast.manager]
    for user, seen in allowed.items():
        for of in everything:
            code = "company" if of is None else f"{scope(of).kind}:{of.pk}"
            status = page(client, user, scope=code).status_code
            expected = 200 if of in seen or (user == cast.analyst) else 404
            assert status == expected, (user, code)
    assert page(client, cast.nobody).status_code == 403
    assert page(client, cast.analyst, scope="team:999999").status_code == 404
    assert page(client, cast.analyst, scope="planet:1").status_code == 404


def test_the_scope_choice_offers_only_what_can_be_seen(client, cast):
    cast.outsider, cast.junior  # noqa: B018 - they exist
    groups = page(client, cast.manager).context["scope_options"]
    assert [one.label for one in groups["Teams"]] == ["North", "North Inside"]
    assert [one.label for one in groups["People"]] == ["Jana Junior", "Mia Manager"]
    assert "Company" not in groups
    assert list(page(client, cast.rep).context["scope_options"]) == ["People"]


def test_a_goal_is_judged_beside_variation_and_data_quality(client, cast, measured):
    opportunities(cast.rep, good=30, bad=10)
    goal = a_goal(cast.north, target=0.5, at=NOW)
    measured(cast.north)
    tile = page(client, cast.manager).context["groups"][0][1][0]
    assert tile.goal == goal
    assert tile.said["attainment"]["label"] == "met"
    assert tile.said["variation"]["text"] == "Usual variation: no signal."
    assert tile.said["quality"] == ["Provisional: it can still change."]


def test_queries_do_not_grow_with_tiles_and_periods(client, cast, measured):
    opportunities(cast.rep)
    a_goal(cast.north, at=NOW)
    measured(cast.north, months=2)
    page(client, cast.manager)
    with CaptureQueriesContext(connection) as few:
        page(client, cast.manager)
    for code in ("revenue", "sales_cycle", "new_customers"):
        measured(cast.north, code=code)
    a_goal(cast.north, kpi_code="revenue", target=10, at=NOW)
    with CaptureQueriesContext(connection) as many:
        page(client, cast.manager)
    assert len(many) == len(few)


def test_a_kpi_page_shows_definition_number_course_parts_and_records(client, cast, measured):
    opportunities(cast.rep)
    answer = page(client, cast.manager, "/evaluation/kpis/win_rate/", scope=f"team:{cast.north.pk}", period="2026-05")
    assert answer.status_code == 200
    assert (answer.context["value"], answer.context["result"].n) == ("75.0%", 4)
    assert [(part.name, part.value, part.n) for part in answer.context["breakdown"].parts] == [("Rosa Rep", "75.0%", 4)]
    assert (answer.context["evidence"].total, answer.context["evidence"].hidden) == (4, 0)
    assert "Wilson score, 95%" in text(answer)
    assert len(answer.context["chart"]["spec"]["data"]["values"]) == 24


def test_records_of_others_are_counted_but_hidden(client, cast):
    customer = a_customer(owner=cast.rep)
    won("2026-05-02", cast.rep, customer)
    won("2026-05-03", cast.outsider)
    answer = page(client, cast.analyst, "/evaluation/kpis/win_rate/", scope="company", period="2026-05")
    assert (answer.context["evidence"].total, answer.context["evidence"].hidden) == (2, 0)
    an_activity("2026-05-02", cast.outsider, customer)
    teammates = page(client, cast.manager, "/evaluation/kpis/win_rate/", scope=f"team:{cast.north.pk}")
    assert (teammates.context["evidence"].total, teammates.context["evidence"].hidden) == (1, 0)


def test_parts_out_of_reach_are_left_out_with_their_number(client, cast):
    mover = cast.person("Max Mover", cast.north, "sales_rep")
    won("2026-05-02", cast.rep)
    won("2026-05-03", mover)  # in north, before moving to south
    type(mover).objects.filter(pk=mover.pk).update(team=cast.south)
    answer = page(client, cast.manager, "/evaluation/kpis/win_rate/", scope=f"team:{cast.north.pk}", by="person")
    found = answer.context["breakdown"]
    assert ([part.name for part in found.parts], found.left_out) == (["Rosa Rep"], 1)


def test_unknown_kpis_scopes_and_dimensions_are_not_found(client, cast):
    assert page(client, cast.analyst, "/evaluation/kpis/nonsense/").status_code == 404
    assert page(client, cast.analyst, "/evaluation/kpis/win_rate/", by="weather").status_code == 404
    assert page(client, cast.rep, "/evaluation/kpis/win_rate/", scope=f"person:{cast.outsider.pk}").status_code == 404
    assert page(client, cast.rep, "/evaluation/kpis/win_rate/").status_code == 200


def test_the_change_is_explained_by_effects_and_records(client, cast):
    won("2026-04-02", cast.rep)
    lost("2026-05-02", cast.rep)
    url = reverse("kpi-explanation", args=["win_rate"])
    answer = text(page(client, cast.manager, url, scope=f"team:{cast.north.pk}", period="2026-05"))
    assert "−100.0 pp" in answer
    assert "Records that moved it most" in answer
    nothing = text(page(client, cast.manager, url, scope=f"team:{cast.north.pk}", against="year", period="2026-05"))
    assert "cannot be computed" in nothing


def test_a_final_number_stays_and_what_changed_since_is_told(client, cast, measured, monkeypatch):
    opportunity = won("2026-03-02", cast.rep)
    measured(cast.north)
    assert Measurement.objects.get(period_start="2026-03-01").is_final
    type(opportunity).objects.filter(pk=opportunity.pk).update(deleted_at=NOW - timedelta(days=1))
    query = {"scope": f"team:{cast.north.pk}", "period": "2026-03"}
    assert page(client, cast.manager, "/evaluation/kpis/win_rate/", **query).context["value"] == "100.0%"
    told = text(page(client, cast.manager, reverse("kpi-restatement", args=["win_rate"]), **query))
    assert "The final number stays 100.0%" in told


def test_the_records_are_exported_by_whoever_may(client, cast):
    won("2026-05-02", cast.rep, name="=SUM(A1)")
    url = reverse("kpi-evidence", args=["win_rate"])
    assert page(client, cast.rep, url).status_code == 403
    answer = page(client, cast.manager, url, scope=f"team:{cast.north.pk}", period="2026-05")
    rows = b"".join(answer.streaming_content).decode().splitlines()
    assert len(rows) == 2
    assert "'=SUM(A1)" in rows[1]


def test_the_home_page_tells_a_manager_of_missed_goals_and_everybody_of_their_own(client, cast, measured):
    opportunities(cast.rep, good=3, bad=27)
    a_goal(cast.north, target=0.5, at=NOW - timedelta(days=30))
    mine = a_goal(cast.rep, target=0.03, at=NOW)
    measured(cast.north, cast.rep)
    team = text(page(client, cast.manager, reverse("team-numbers")))
    assert "Goal missed: at least 50.0%" in team
    goals = text(page(client, cast.rep, reverse("my-goals")))
    assert mine.get_absolute_url() in goals
    assert "to answer" in goals
    assert "Goal met: at least 3.0%" in goals
    assert page(client, cast.rep, reverse("team-numbers")).status_code == 403


@pytest.mark.parametrize("period", ["0001-01", "9999-12", "0003-Q1", "1900-01-01..2199-12-31"])
def test_a_period_beyond_the_calendar_is_not_found(client, cast, period):
    client.force_login(cast.analyst)
    for address in (reverse("dashboard"), reverse("kpi-detail", args=["win_rate"]), reverse("retention-curve")):
        assert client.get(address, {"period": period}).status_code == 404


def test_records_taken_away_have_columns_and_outcomes_in_the_readers_language(client, cast):
    won("2026-04-02", cast.rep, name="Machines")
    address = reverse("kpi-evidence", args=["win_rate"])
    client.force_login(cast.analyst)
    cast.analyst.language = "zh-hans"
    cast.analyst.save()
    with translation.override("en"):  # whatever the reader's is, it is not kept for the next test
        heads, row = b"".join(client.get(address, {"period": "2026-04"})).decode("utf-8-sig").splitlines()
    assert heads.endswith(",结果,金额,币种")
    assert row.endswith(",赢单,1000.00,USD")
    cast.analyst.language = "en"
    cast.analyst.save()
    heads, row = b"".join(client.get(address, {"period": "2026-04"})).decode("utf-8-sig").splitlines()
    assert heads == "Kind,Record,Link,When,Counted,Numerator,Value,Outcome,Amount,Currency"
    assert row.startswith("opportunity,Machines,")
    assert row.endswith(",yes,1,,won,1000.00,USD")


def test_every_value_that_evidence_shows_has_a_name():
    assert {name for kpi in kpis.all_kpis() for name in kpi.facts.shown} - set(NAMES) == set()
