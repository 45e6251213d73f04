"""`manage.py measure`: what it prints is what others outside rely on."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from evaluation import kpis
from evaluation.formulas import intervals
from tests.factories.crm import TeamFactory
from tests.factories.evaluation import a_response, a_ticket, lost, won

pytestmark = pytest.mark.django_db


@pytest.fixture
def measure():
    """Run it as the shell does, without its closing of the connection: exit code, standard output and error."""

    def run(*words):
        out = StringIO()
        try:
            call_command("measure", *words, stdout=out)
        except CommandError as refused:
            return refused.returncode, out.getvalue(), str(refused)
        return 0, out.getvalue(), ""

    return run


@pytest.fixture
def answer(measure):
    def run(*words):
        code, out, err = measure(*words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return run


def test_one_json_object_with_the_value_and_what_it_is_made_of(answer):
    won("2017-04-02")
    won("2017-06-30 23:00")
    lost("2017-05-01")
    low, high = intervals.wilson(2, 3)
    assert answer("win_rate", "--period", "2017-Q2") == {
        "kpi": "win_rate",
        "version": 1,
        "unit": "ratio",
        "period": {"start": "2017-04-01", "end": "2017-06-30", "complete": True},
        "as_of": None,
        "results": [
            {
                "scope": {"kind": "company", "name": "company"},
                "value": 2 / 3,
                "numerator": 2,
                "denominator": 3,
                "n": 3,
                "interval": {"low": low, "high": high, "level": 0.95, "method": "wilson"},
                "flags": ["small_n"],
            }
        ],
    }


def test_money_has_a_currency_and_durations_are_seconds(answer):
    won("2017-04-02", amount="1054.50", opened="2017-04-01")
    (revenue,) = answer("revenue", "--period", "2017")["results"]
    assert revenue["value"] == {"amount": 1054.5, "currency": "USD"}
    (cycle,) = answer("sales_cycle", "--period", "2017")["results"]
    assert cycle["value"] == 86400


def test_what_is_not_computable_is_null_with_the_reason(answer):
    (result,) = answer("csat", "--period", "2017-06")["results"]
    assert (result["value"], result["interval"], result["flags"]) == (None, None, ["no_denominator"])


def test_a_scope_and_a_dimension(answer, cast):
    won("2017-04-02", cast.rep)
    lost("2017-04-02", cast.junior)
    won("2017-04-02", cast.outsider)
    (north,) = answer("win_rate", "--period", "2017", "--scope", "team:North")["results"]
    assert (north["scope"], north["value"]) == ({"kind": "team", "name": "North"}, 0.5)
    teams = answer("win_rate", "--period", "2017", "--by", "team")["results"]
    assert {row["scope"]["name"]: row["denominator"] for row in teams} == {
        "Company": 3,
        "North": 2,
        "North Inside": 1,
        "South": 1,
    }
    below = answer("win_rate", "--period", "2017", "--by", "person", "--scope", "team:North")["results"]
    assert [row["scope"]["name"] for row in below] == ["Jana Junior", "Rosa Rep"]


def test_teams_of_one_name_are_printed_by_their_paths(answer, cast):
    inside = [TeamFactory(name="Inside", parent=parent) for parent in (cast.north, cast.south)]
    for team in inside:
        won("2017-04-02", cast.person(f"One of {team.pk}", team))
    names = [row["scope"]["name"] for row in answer("win_rate", "--period", "2017", "--by", "team")["results"]]
    assert names == ["Company", "Company / North / Inside", "Company / South / Inside", "North", "South"]


def test_evidence_is_the_records_behind_each_result(answer, cast):
    opportunity = won("2017-04-02", cast.rep, name="Machines")
    (result,) = answer("win_rate", "--period", "2017", "--by", "person", "--evidence")["results"]
    assert result["evidence"] == [
        {
            "kind": "opportunity",
            "id": opportunity.pk,
            "label": "Machines",
            "at": "2017-04-02T00:00:00+00:00",
            "counted": True,
            "numerator": 1,
            "value": None,
            "issue": None,
            "fields": {"outcome": "won", "amount": 1000, "currency": "USD"},
        }
    ]


def test_answers_of_a_group_too_small_to_hide_in_are_not_printed(answer, measure, cast):
    for score in (5, 5, 1, 1):
        a_response("2017-04-02", score, cast.agent)
    for score in (5, 5, 5, 5, 1):
        a_response("2017-04-03", score, cast.outsider)
    parts = answer("csat", "--period", "2017", "--by", "person", "--evidence")["results"]
    assert {row["scope"]["name"]: (row["value"], len(row["evidence"])) for row in parts} == {
        cast.agent.name: (None, 0), cast.outsider.name: (0.8, 5),
    }  # fmt: skip
    code, out, _err = measure("csat", "--period", "2017", "--scope", f"person:{cast.agent.name}", "--evidence")
    assert (code, "hidden_small_group" in out, "2017-04-02" in out) == (0, True, False)


def test_as_of_a_day_includes_that_day(answer):
    a_ticket("2017-04-01", ("resolved", "2017-04-03 15:00"))
    rates = {}
    for day in ("2017-04-02", "2017-04-03"):
        found = answer("resolution_rate", "--period", "2017-Q2", "--as-of", day)
        assert (found["as_of"], found["period"]["complete"]) == (day, False)
        rates[day] = found["results"][0]["value"]
    assert rates == {"2017-04-02": 0.0, "2017-04-03": 1.0}


def test_any_stretch_of_days_is_a_period(answer):
    won("2017-06-30 23:59")
    found = answer("win_rate", "--period", "2017-04-01..2017-06-30")
    assert (found["period"]["end"], found["results"][0]["n"]) == ("2017-06-30", 1)


def test_the_list_shows_every_declaration(answer):
    listed = answer("--list")["kpis"]
    assert [kpi["code"] for kpi in listed] == [kpi.code for kpi in kpis.all_kpis()]
    rate = next(kpi for kpi in listed if kpi["code"] == "win_rate")
    assert rate["scopes"] == ["company", "person", "team", "channel", "product", "customer"]
    assert (rate["unit"], rate["direction"], rate["minimum_n"], rate["guard"]) == (
        "ratio", "higher", 30, "pipeline_value",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["deals", "--period", "2017"], "There is no KPI 'deals'; there are: new_customers, lead_conversion"),
        (["win_rate", "--period", "2017-Q9"], "'2017-Q9' is not a period; write 2017, 2017-H1, 2017-Q2"),
        (["win_rate"], "Write --period"),
        ([], "Write the code of a KPI: new_customers"),
        (["win_rate", "--period", "2017", "--by", "segment"], "cannot be cut by 'segment'; it can by: company, person"),
        (["win_rate", "--period", "2017", "--scope", "team:East"], "There is no team 'East'"),
        (["win_rate", "--period", "2017", "--scope", "region:East"], "KIND one of: company, team, person"),
        (["csat", "--period", "2017", "--by", "product"], "cannot be cut by 'product'"),
        (["win_rate", "--period", "2017", "--as-of", "soon"], "'soon' is not a day"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(measure, words, says):
    code, out, err = measure(*words, "--json")
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_an_ambiguous_name_is_refused_with_names_that_are_accepted(measure, cast):
    for parent in (cast.north, cast.south):
        TeamFactory(name="Inside", parent=parent)
    code, _, err = measure("win_rate", "--period", "2017", "--scope", "team:Inside")
    assert code == 2
    assert '"Company / North / Inside", "Company / South / Inside"' in err
    assert measure("win_rate", "--period", "2017", "--scope", "team:Company / South / Inside")[0] == 0


def test_without_json_it_is_a_table_to_read(measure, cast):
    won("2017-04-02", cast.rep, name="Machines")
    code, out, _ = measure("win_rate", "--period", "2017", "--by", "person", "--evidence")
    assert code == 0
    assert out.splitlines()[0] == "win_rate v1, 2017-01-01 to 2017-12-31"
    assert "person: Rosa Rep  1" in out
    assert "Machines" in out
    assert "win_rate" in measure("--list")[1]
