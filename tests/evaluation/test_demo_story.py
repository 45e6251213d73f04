"""The demo organisation: the same each time, right in itself, and its story visible to the engine."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.models import Count, F, Q

from crm.models import Delivery, Event, EventLink, SearchDocument, User
from crm.search import rebuilding
from customers.models import Customer, Standing, Task
from customers.sales.models import Contract, ContractMovement, ExitCriterion, Opportunity, StageChange, stage_exit
from evaluation import engine, kpis
from evaluation.actions import beginning, verifying
from evaluation.actions.beginning_tables import RECORDS, models_of
from evaluation.demo import filling, people
from evaluation.demo.calendar import StoryDays
from evaluation.demo.world import SIZES, Share, World
from evaluation.engine import scopes
from evaluation.formulas import control_chart, periods
from evaluation.models import ActionPlan, Cycle, Goal, HealthScore, PlanStep, Review
from service.models import Ticket, TicketEvent
from surveys.models import Response

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


class Again(Exception):
    """Takes back what was filled."""


def digest() -> str:
    """What is in the tables, without the numbers a sequence gave and what no seed decides."""
    said = [
        list(Customer.objects.order_by("name").values_list("name", "owner__name", "lifecycle", "created_at", "phone")),
        list(StageChange.objects.order_by("at", "pk").values_list("at", "opportunity__name", "outcome", "amount")),
        list(
            ContractMovement.objects.order_by("counts_from", "pk").values_list("type", "counts_from", "after", "until")
        ),
        list(TicketEvent.objects.order_by("at", "pk").values_list("at", "type", "ticket__number", "elapsed")),
        list(Response.objects.order_by("answered_at", "pk").values_list("answered_at", "score", "comment")),
        list(Task.objects.order_by("due_at", "title", "pk").values_list("title", "due_at", "done_at")),
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """One small demo organisation for the whole module; its records are made twice to see that they are the same."""
    digests: list[str] = []

    def note(step: str) -> None:
        if step == "story":
            digests.append(digest())

    with django_db_blocker.unblock():
        with pytest.raises(Again), transaction.atomic():  # noqa: PT012
            records_only()
            note("story")
            raise Again
        with pytest.raises(Again), transaction.atomic():  # noqa: PT012
            world = filling.fill(today=TODAY, size="small", progress=note)
            connection.check_constraints()  # what the end of each test would do, all over again, for every record
            yield world, digests
            raise Again


def records_only() -> None:
    world = World(today=TODAY, size=SIZES["small"], days=StoryDays.of(TODAY))
    for name, step in filling.STEPS:
        if name == "story":
            return
        step(world)


@pytest.fixture
def world(filled):
    return filled[0]


def test_two_runs_for_the_same_day_make_the_same_organisation(filled):
    _, digests = filled
    assert len(digests) == 2
    assert digests[0] == digests[1]


def test_it_is_as_large_as_asked_for_and_half_of_it_is_chinese(world):
    size = world.size
    assert Customer.objects.count() == size.customers
    assert Opportunity.objects.count() == size.opportunities
    assert Ticket.objects.count() == size.tickets
    assert Customer.objects.filter(name__regex="[一-龥]").count() == size.customers // 2
    assert Customer.objects.values("name").distinct().count() == size.customers
    assert User.objects.filter(email__endswith=people.DOMAIN).count() == 15


def test_everybody_of_the_demo_can_sign_in(world):
    for login in people.logins():
        assert User.objects.get(email=login["email"]).check_password(login["password"])


def test_no_ticket_is_without_its_history_and_no_time_runs_backwards(world):
    assert not Ticket.objects.filter(events=None).exists()
    for ticket in Ticket.objects.prefetch_related("events")[:200]:
        rows = list(ticket.events.all())
        assert rows[0].type == "opened"
        assert rows[0].at == ticket.opened_at
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        assert rows[-1].state_id == ticket.state_id
    assert not Ticket.objects.filter(first_response_at__lt=F("opened_at")).exists()
    assert not TicketEvent.objects.filter(at__gte=world.now).exists()


def test_the_last_stage_change_of_each_opportunity_is_where_it_stands(world):
    previous: dict[int, StageChange] = {}
    for row in StageChange.objects.order_by("opportunity", "at", "pk"):
        before = previous.get(row.opportunity_id)
        assert row.from_stage_id == (before.to_stage_id if before else None)
        assert before is None or before.at < row.at
        previous[row.opportunity_id] = row
    for opportunity in Opportunity.objects.select_related("stage"):
        last = previous[opportunity.pk]
        assert (last.to_stage_id, last.at) == (opportunity.stage_id, opportunity.stage_since)
        assert (opportunity.closed_at is None) == opportunity.is_open
        assert (opportunity.lost_reason_id is None) != opportunity.stage.is_lost


def test_a_proposal_goes_on_only_with_a_next_step_and_an_agreed_price(world):
    criteria = ExitCriterion.objects.select_related("stage")
    assert [(one.stage.name, one.what, one.text) for one in criteria] == [
        ("Proposal 方案报价", "next_step", ""),
        ("Proposal 方案报价", "manual", "Price agreed with who decides 已与决策人谈妥价格"),
    ]
    proposals = Opportunity.objects.filter(stage__name="Proposal 方案报价").select_related("stage__pipeline")
    lacking = [stage_exit.missing(one, stage_exit.next_stage(one), world.today) for one in proposals]
    assert {tuple(one.what for one in each) for each in lacking} == {("manual",), ("next_step", "manual")}


def test_the_last_standing_of_each_customer_is_what_the_customer_says(world):
    latest = {row.customer_id: row for row in Standing.objects.as_of(world.now)}
    for customer in Customer.objects.all():
        row = latest[customer.pk]
        assert (row.owner_id, row.team_id, row.lifecycle) == (customer.owner_id, customer.team_id, customer.lifecycle)
    assert Customer.objects.filter(lifecycle="active").exists()
    assert Customer.objects.filter(lifecycle="churned").exists()


def test_some_companies_are_groups_of_one_rep_until_a_subsidiary_is_given_away(world):
    below = Customer.objects.filter(parent__isnull=False)
    assert below.count() == 24
    assert below.filter(parent__parent__isnull=False).count() == 8
    assert below.filter(owner=F("parent__owner")).count() == 22


def test_scores_are_on_their_scales_and_answers_come_after_the_question(world):
    assert not Response.objects.filter(survey__type="csat").exclude(score__range=(1, 5)).exists()
    assert not Response.objects.filter(score__gt=10).exists()
    assert not Response.objects.filter(answered_at__lte=F("invitation__sent_at")).exists()


def test_nothing_of_the_past_waits_to_be_delivered_and_everything_is_found(world):
    assert not Delivery.objects.exists()
    assert SearchDocument.objects.filter(kind="customer").count() == world.size.customers
    assert SearchDocument.objects.filter(kind="ticket").count() == world.size.tickets


def test_satisfaction_and_first_answers_give_signals_in_the_quarter_of_the_fall(world):
    months = periods.last("month", 24, periods.containing("month", TODAY).previous())
    service = scopes.of_team(world.teams["service"])
    fall = [place for place, month in enumerate(months) if world.days.fall.first <= month.first <= world.days.fall.last]
    for code, above in (("csat", False), ("first_response_time", True)):
        values = [
            None if found.value is None else float(found.value)
            for found in engine.series(kpis.get(code), service, months, now=world.now)
        ]
        chart = control_chart.xmr(values, baseline=12)
        outside = {
            place for signal in chart.signals for place in signal.indexes
            if signal.rule is control_chart.Rule.OUTSIDE_LIMITS and signal.above == above
        }  # fmt: skip
        assert len(outside & set(fall)) >= 2, code
        assert not {place for place in outside if place < fall[0]}, code


def test_contracts_are_lost_in_the_fall_and_the_goals_of_before_are_met_again_after_the_plan(world):
    fall = world.days.fall
    before, after = fall.previous(), fall.next()
    rates = {
        code: [engine.value(code, engine.COMPANY, one, now=world.now).value for one in (before, fall, after)]
        for code in ("renewal_rate", "churn_rate", "gross_revenue_retention")
    }
    assert [value >= 0.85 for value in rates["renewal_rate"]] == [True, False, True]
    assert [value <= 0.05 for value in rates["churn_rate"]] == [True, False, True]
    assert rates["gross_revenue_retention"][1] < min(rates["gross_revenue_retention"][::2])
    for contract in Contract.objects.prefetch_related("movements"):
        rows = sorted(contract.movements.all(), key=lambda row: (row.counts_from, row.pk))
        assert [row.before for row in rows] == [0, *(row.after for row in rows[:-1])]
        assert (rows[-1].type == "churn") == contract.has_ended


def test_the_review_of_the_fall_is_signed_and_intact_and_its_disputed_line_was_measured_again(world):
    review = Review.objects.get(cycle__period_start=world.days.fall.first, subject_team=world.teams["service"])
    assert review.state == Review.State.EFFECT_MEASURED
    assert review.signatures.count() == 2
    assert verifying.verify(review).is_intact
    assert [dispute.state for dispute in review.disputes.all()] == ["accepted"]
    first, amended = review.lines.filter(kpi_code="csat").order_by("number")
    assert amended.reason
    assert first.said != amended.said


def test_the_plan_improved_what_it_was_for_and_its_steps_were_tasks(world):
    plan = ActionPlan.objects.get(state=ActionPlan.State.CLOSED, kpi_code="csat")
    effect = plan.effects.get()
    assert (effect.verdict, effect.grade) == ("improved", "D")
    assert effect.estimate > 0.05
    assert all(step.is_done and step.task.is_done for step in plan.steps.select_related("task"))
    assert Task.objects.filter(about_kind=PlanStep.kind, done_at=None).count() == 3  # of the plan at work now


def test_a_plan_of_one_rep_is_measured_against_the_others_and_graded_better(world):
    plan = ActionPlan.objects.get(state=ActionPlan.State.CLOSED, kpi_code="follow_ups")
    effect = plan.effects.get()
    assert (effect.design, effect.grade, effect.verdict) == ("difference in differences", "B", "improved")
    assert effect.n_after == 5  # reps who went on as before
    assert effect.interval_low > 0


def test_most_open_sales_have_a_next_step_of_their_owner_some_late_and_some_none(world):
    open_ones = {one.pk: one for one in Opportunity.objects.filter(closed_at=None)}
    steps = Task.objects.open().filter(about_kind="opportunity", about_id__in=open_ones)
    known = {step.about_id for step in steps if step.owner_id == open_ones[step.about_id].owner_id}
    late = [step for step in steps if step.due_at < world.now]
    assert 0.75 < len(known) / len(open_ones) < 0.95
    assert 0.03 < len(late) / len(open_ones) < 0.3
    assert all(step.customer_id == open_ones[step.about_id].customer_id for step in steps)


def test_somebody_has_something_to_do_on_each_home_page(world):
    for key in ("rep_north_1", "manager_north", "manager_east"):
        user = world.users[key]
        assert Task.objects.visible_to(user).owned_by(user).open().exists(), key
    for key in ("rep_north_1", "agent_1", "manager_service", "director"):
        user = world.users[key]
        assert Review.objects.visible_to(user).waiting_for(user, world.today).exists(), key
    agent = world.users["agent_1"]
    assert Ticket.objects.visible_to(agent).unresolved().unassigned().exists()
    assert Cycle.objects.filter(state=Cycle.State.RUNNING).count() == 1
    assert Goal.objects.active().unanswered().count() == 2
    scored = HealthScore.objects.aggregate(all=Count("pk"), known=Count("pk", filter=Q(score__isnull=False)))
    assert 0 < scored["known"] <= scored["all"]


def test_it_refuses_where_others_work_and_changes_nothing(world):
    before = Customer.objects.count(), User.objects.count()
    with pytest.raises(CommandError, match="There are customers already"):
        call_command("demo", "--size", "small")
    assert (Customer.objects.count(), User.objects.count()) == before


def test_it_is_taken_away_whole_and_its_administrator_stays(world):
    seen = beginning.begin(by=None, at=world.now)
    assert {line.code: line.count for line in seen.goes}["customer"] == world.size.customers
    assert (len(seen.people), len(seen.teams), seen.added, seen.outsiders) == (14, 4, [], [])
    filled = [model for model in models_of(RECORDS) if model._base_manager.exists()]
    assert filled == [Event, EventLink]  # that it was filled, and taken away
    assert Event.objects.count() == 2
    assert [user.email for user in User.objects.all()] == ["admin@demo.example"]
    assert ExitCriterion.objects.exists()


def test_it_refuses_where_strangers_could_sign_in(world, settings):
    settings.LOCAL = False
    with pytest.raises(CommandError, match="ALLOWED_HOSTS"):
        call_command("demo", "--again")


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 2, 28), date(2026, 5, 13), date(2026, 12, 31)])
def test_the_story_leaves_three_months_to_see_what_the_plan_does(day):
    days = StoryDays.of(day)
    assert days.plan_start.day == 1
    assert days.fall.last < days.plan_start < days.effect_due <= day
    assert (days.today - days.fall.last).days < 320


def test_a_share_is_kept_evenly():
    share = Share()
    assert sum(share.says_yes(0.8) for _ in range(10)) == 8


def test_what_finds_its_customers_is_what_describing_them_again_finds(filled):
    def documents():
        return list(
            SearchDocument.objects.filter(kind="customer").order_by("object_id").values_list("object_id", "words")
        )

    before = documents()
    assert len(before) == Customer.objects.alive().count() > 0
    for _ in rebuilding.rebuild("customer"):
        pass
    assert documents() == before


def test_the_index_of_words_stands_again_as_the_migrations_made_it(filled):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_words'")
        assert cursor.fetchall() == [
            ("CREATE INDEX search_words ON public.crm_searchdocument USING gin (words) WITH (fastupdate=off)",)
        ]
