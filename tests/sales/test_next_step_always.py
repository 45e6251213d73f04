"""Pipelines in which every open opportunity has a next step with a date: asked in the same form, refused without."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.actions import journal
from crm.models import Event
from crm.models.operation import Operation
from customers.actions import activities, repetition, tasks
from customers.actions.activities import NextStep
from customers.actions.next_steps import NextStepMissing
from customers.models import Activity, Task
from customers.sales.actions import lead_conversion, opportunities
from customers.sales.models import Opportunity
from tests.factories.customers import make_task
from tests.factories.sales import default_pipeline, lost_reason, make_lead, make_opportunity, make_pipeline, stage

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}
CALL = {"type": "call", "subject": "Called"}
FORM = CALL | {"direction": "outbound", "at": "2026-05-13T10:00", "next_due": "tomorrow"}
SENTENCE = "“New machines” is to have a next step with a date: say what comes next, and when."


@pytest.fixture
def sale(cast: Any, now: Any) -> Opportunity:
    """Open, without anything to come: as from before the pipeline asked."""
    pipeline = default_pipeline()
    found = make_opportunity(cast.rep, pipeline=pipeline, at=now - timedelta(days=9))
    pipeline.asks_next_step = True
    pipeline.save()
    return found


@pytest.fixture
def step(cast: Any, sale: Opportunity, now: Any) -> Task:
    return make_task(cast.rep, "Send the offer", about=sale, due_at=now + timedelta(days=1))


def test_noting_something_says_what_comes_next_in_the_same_form_or_is_refused(client, cast, sale):
    client.force_login(cast.rep)
    new, named = (
        reverse("activity-new"),
        {"about_kind": "opportunity", "about_id": sale.pk, "customer": sale.customer_id},
    )
    assert "Asked for here" in client.get(new, named).content.decode()
    refused = client.post(new, FORM | named)
    assert (refused.status_code, refused.context["form"].errors) == (422, {"next_title": [SENTENCE]})
    # Whoever makes no exceptions is not asked for one, and a reason of theirs counts for nothing.
    assert "overriding" not in refused.context["form"].fields
    assert client.post(new, FORM | named | {"overriding": "No need"}).status_code == 422
    assert (Activity.objects.count(), Task.objects.count()) == (0, 0)
    assert client.post(new, FORM | named | {"next_title": "Send the offer"}).status_code == 302
    assert Task.objects.get().about_for(cast.rep) == sale
    assert client.post(new, FORM | named).status_code == 302  # something with a date is to come still
    assert client.post(new, FORM | {"customer": sale.customer_id}).status_code == 302  # the customer as a whole
    assert Activity.objects.count() == 3


def test_a_step_that_comes_again_by_itself_needs_no_other(cast, sale, step, now):
    step = repetition.repeat(step, rule="FREQ=WEEKLY", by=cast.rep, at=now)
    assert tasks.complete(step, by=cast.rep, at=now).is_done
    following = repetition.make_next(step.series_id, at=now)
    repetition.stop(following, by=cast.rep, at=now)
    with pytest.raises(NextStepMissing):
        tasks.complete(Task.objects.get(pk=following.pk), by=cast.rep, at=now)
    assert Task.objects.open().get().about_for(cast.rep) == sale


def test_closing_it_in_the_same_breath_needs_nothing_to_come(client, cast, sale):
    client.force_login(cast.rep)
    named = {"about_kind": "opportunity", "about_id": sale.pk, "customer": sale.customer_id}
    moved = {"moves_to": sale.pipeline.won_stage.pk, "version": sale.version, "seen_in": sale.stage_id}
    assert client.post(reverse("activity-new"), FORM | named | moved).status_code == 302
    sale.refresh_from_db()
    assert sale.stage.is_won


def test_one_click_on_the_last_step_opens_the_form_that_asks(client, cast, step):
    client.force_login(cast.rep)
    click = reverse("task-completion", args=[step.pk])
    over = client.post(click, headers={"HX-Request": "true"})
    assert (over.status_code, over["HX-Retarget"], over["HX-Reswap"]) == (200, "#dialog", "innerHTML")
    assert SENTENCE in over.content.decode()
    result = reverse("task-result", args=[step.pk])
    assert client.post(click)["Location"] == result
    refused = client.post(result, FORM)
    assert (refused.status_code, refused.context["form"].errors) == (422, {"next_title": [SENTENCE]})
    step.refresh_from_db()
    assert (step.is_done, Activity.objects.count()) == (False, 0)
    assert client.post(result, FORM | {"next_title": "Ask what they think"}).status_code == 302
    step.refresh_from_db()
    assert (step.is_done, Task.objects.open().get().title) == (True, "Ask what they think")


def test_the_last_step_neither_goes_nor_loses_its_day_but_with_others_or_in_the_bulk(client, cast, sale, step, now):
    client.force_login(cast.rep)
    assert client.post(reverse("task-delete", args=[step.pk]))["Location"] == step.get_absolute_url()
    with pytest.raises(NextStepMissing):
        tasks.update(step, {"due_at": None}, by=cast.rep, at=now)
    kept = Task.objects.get(pk=step.pk)
    assert (kept.deleted_at, kept.due_at) == (None, step.due_at)
    tasks.update(step, {"title": "Send it", "due_at": step.due_at}, by=cast.rep, at=now)
    another = make_task(cast.rep, "Call", about=sale, due_at=now)
    tasks.complete(another, by=cast.rep, at=now)
    selected = {"ids": str(step.pk), "confirmed": "1"}
    client.post(reverse("task-list-bulk", kwargs={"action": "deletion"}), selected)
    assert not Task.objects.alive().open().exists()
    journal.undo(Operation.objects.get(), by=cast.rep, at=now)
    assert Task.objects.alive().open().get() == step


def test_whoever_makes_exceptions_says_why_and_it_is_on_record(client, cast, sale, step):
    client.force_login(cast.manager)
    result = reverse("task-result", args=[step.pk])
    refused = client.post(result, FORM)
    assert refused.status_code == 422
    assert "Why nothing comes next" in refused.content.decode()
    assert client.post(result, FORM | {"overriding": " They call  us "}).status_code == 302
    event = Event.objects.get(type="opportunity.next_step_overridden")
    assert (event.subject_id, event.by, event.data) == (sale.pk, cast.manager, {"reason": "They call us"})
    page = client.get(reverse("opportunity-timeline", args=[sale.pk])).content.decode()
    assert "“New machines” is left without a next step. Why: They call us" in page


def test_a_new_one_begins_with_its_next_step(client, cast, sale):
    client.force_login(cast.rep)
    new = reverse("opportunity-new")
    said = {"name": "Pumps", "customer": sale.customer_id, "stage": sale.stage_id, "currency": "EUR"}
    refused = client.post(new, said)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["next_title"])
    half = client.post(new, said | {"next_title": "Visit"})
    assert half.context["form"].errors == {"next_day": ["A next step has a name and a day."]}
    assert Opportunity.objects.count() == 1
    assert client.post(new, said | {"next_title": "Visit", "next_day": "2026-06-01"}).status_code == 302
    made = Opportunity.objects.get(name="Pumps")
    task = Task.objects.get()
    assert (task.title, task.about_id, task.customer, task.owner) == ("Visit", made.pk, sale.customer, cast.rep)
    sale.pipeline.asks_next_step = False
    sale.pipeline.save()
    assert "next_title" not in client.get(new).context["form"].fields


def test_programs_are_asked_too(client, cast, sale, step):
    client.force_login(cast.rep)
    about, when = {"about_kind": "opportunity", "about_id": sale.pk}, "2026-06-01T09:00:00Z"
    new = {"name": "Pumps", "customer": sale.customer_id, "stage": sale.stage_id}
    any_version = {"headers": {"If-Match": "*"}}

    def refused(answer: Any) -> list[str]:
        return [answer.status_code, *(error["field"] for error in answer.json()["errors"])]

    task = f"/api/v1/tasks/{step.pk}/"
    for answer in (
        client.post("/api/v1/opportunities/", new, **JSON),
        client.post("/api/v1/opportunities/", new | {"next_title": "Visit"}, **JSON),
        client.post(f"{task}completion/", **JSON, **any_version),
        client.post(f"{task}result/", CALL, **JSON, **any_version),
        client.patch(task, {"due_at": None}, **JSON, **any_version),
        client.delete(task, **any_version),
    ):
        assert refused(answer) == [400, "next_title"]
    assert (Opportunity.objects.count(), Task.objects.alive().open().get().version) == (1, 1)
    comes_next = {"next_title": "Visit", "next_due_at": when}
    assert client.post("/api/v1/opportunities/", new | comes_next, **JSON).status_code == 201
    assert client.post(f"{task}result/", CALL | comes_next, **JSON, **any_version).status_code == 200
    assert client.post("/api/v1/activities/", CALL | about, **JSON).status_code == 201
    Task.objects.update(due_at=None)
    assert refused(client.post("/api/v1/activities/", CALL | about, **JSON)) == [400, "next_title"]
    assert client.post("/api/v1/activities/", CALL | about | comes_next, **JSON).status_code == 201
    assert [one["asks_next_step"] for one in client.get("/api/v1/pipelines/").json()["results"]] == [True]


def test_a_lead_that_becomes_a_sale_says_its_next_step_which_goes_with_it_when_that_is_undone(cast, sale, now):
    lead = make_lead(cast.rep)
    with pytest.raises(NextStepMissing):
        lead_conversion.convert(lead, opportunity={"name": "Pumps"}, by=cast.rep, at=now)
    lead.refresh_from_db()
    assert not lead.is_converted
    said = {"name": "Pumps", "next_step": NextStep("Visit", now + timedelta(days=3))}
    lead = lead_conversion.convert(lead, opportunity=said, by=cast.rep, at=now)
    assert Task.objects.get().about_id == lead.opportunity_id
    done = lead_conversion.undo_conversion(lead, by=cast.administrator, at=now + timedelta(hours=1))
    assert ([record.kind for record in done.taken_back], done.kept) == (["opportunity", "contact", "customer"], [])
    assert not Task.objects.alive().exists()


def test_what_is_taken_back_closed_moved_here_or_done_by_nobody(cast, sale, step, now):
    activity = activities.log(**CALL, about=sale, next_step=NextStep("Wait", now), by=cast.rep, at=now)
    tasks.complete(step, by=cast.rep, at=now)
    activities.delete(activity, by=cast.rep, at=now)  # Undo is never refused
    assert not Task.objects.alive().open().exists()
    tasks.reopen(step, by=cast.rep, at=now)
    opportunities.lose(sale, reason=lost_reason(), by=cast.rep, at=now)
    tasks.complete(step, by=cast.rep, at=now)
    opportunities.reopen(sale, by=cast.rep, at=now)
    opportunities.open(name="By a job", customer=sale.customer, pipeline=sale.pipeline, by=None, at=now)
    elsewhere = make_opportunity(cast.rep, pipeline=make_pipeline("Others"), at=now)
    with pytest.raises(ValidationError):
        opportunities.move(elsewhere, stage=stage("Proposal", sale.pipeline), by=cast.rep, at=now)
    make_task(cast.rep, "Call", about=elsewhere, due_at=now)
    assert opportunities.move(elsewhere, stage=stage("Proposal", sale.pipeline), by=cast.rep, at=now).stage.name
