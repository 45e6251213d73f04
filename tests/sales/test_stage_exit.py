"""Exit criteria: told, filled in place, ticked, overridden with a reason; and what lies too long."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.models import Event
from customers.models import Task
from customers.sales.actions import opportunities, stage_exit
from customers.sales.models import CriterionTick, ExitCriterion, Opportunity
from customers.sales.models import stage_exit as exits
from customers.sales.models.rotting import days_over
from tests.factories.customers import make_activity, make_contact
from tests.factories.sales import default_pipeline, lost_reason, make_opportunity, stage


@pytest.fixture
def as_user(client, time_machine, now):
    time_machine.move_to(now, tick=False)

    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def criteria(db):
    """Of the first stage: amount, role, next step and a tick; of the second a close date."""
    pipeline = default_pipeline()
    asked = [("amount", ""), ("role", ""), ("next_step", ""), ("manual", "Budget is known")]
    for place, (what, text) in enumerate(asked):
        ExitCriterion.objects.create(stage=stage("Qualifying", pipeline), what=what, text=text, position=place)
    ExitCriterion.objects.create(stage=stage("Proposal", pipeline), what="close_date")
    return pipeline


ALL = ["an amount", "a contact with a role", "a next step with a date", "Budget is known"]


def test_it_rots_from_its_stage_or_the_last_contact_whichever_is_later(now):
    def ago(days):
        return now - timedelta(days=days)

    assert days_over(ago(20), None, None, now) is None
    assert days_over(ago(20), None, 14, now) == 6
    assert days_over(ago(20), ago(15), 14, now) == 1
    assert days_over(ago(20), ago(13), 14, now) is None
    assert days_over(ago(2), ago(15), 14, now) is None


def test_going_on_asks_for_every_stage_that_is_left_and_going_back_for_nothing(cast, criteria, now):
    sale = make_opportunity(cast.rep, amount=None, pipeline=criteria, at=now)

    def asked(target):
        return [str(one) for one in exits.missing(sale, stage(target, criteria), now.date())]

    assert asked("Proposal") == ALL
    assert asked("Negotiation") == asked("Won") == [*ALL, "an expected close that has not gone by"]
    assert asked("Lost") == asked("Qualifying") == []
    with pytest.raises(exits.NotMet, match="Before it goes on to “Proposal”: an amount; a contact with a role"):
        opportunities.move(sale, stage=stage("Proposal", criteria), by=cast.rep, at=now)
    with pytest.raises(exits.NotMet):
        opportunities.win(sale, amount=Decimal(5), by=cast.rep, at=now)
    sale.refresh_from_db()
    assert (sale.stage.name, sale.version, sale.stage_changes.count()) == ("Qualifying", 1, 1)
    late = make_opportunity(cast.rep, stage=stage("Negotiation", criteria), at=now)
    assert opportunities.move(late, stage=stage("Proposal", criteria), by=cast.rep, at=now).stage.name == "Proposal"
    assert opportunities.lose(late, reason=lost_reason(), by=cast.rep, at=now).stage.is_lost


def test_what_is_missing_is_filled_in_where_it_is_asked_in_one_step(cast, criteria, as_user, now):
    sale = make_opportunity(cast.rep, amount=None, pipeline=criteria, at=now)
    person = make_contact(cast.rep, "Petra Purchaser", customer=sale.customer, at=now)
    rep = as_user(cast.rep)
    target = stage("Proposal", criteria)
    dropped = {"column": target.pk, "previous": "", "next": "", "version": 1}
    dialog = rep.post(reverse("opportunity-stage", args=[sale.pk]), dropped)
    assert (dialog.status_code, dialog["HX-Retarget"]) == (200, "#dialog")
    assert all(text in dialog.content.decode() for text in ALL)
    assert "overriding" not in dialog.content.decode()

    tick = f"tick_{ExitCriterion.objects.get(what='manual').pk}"
    said = {"amount": "500", "contact": person.pk, "role": "Buyer", "next_step": "Call", tick: "on", "version": 1}
    address = reverse("opportunity-exit", args=[sale.pk]) + f"?stage={target.pk}"
    half = rep.post(address, said)
    assert (half.status_code, "A next step has a name and a day." in half.content.decode()) == (422, True)
    without = rep.post(address, {**said, "next_step": ""})
    assert (without.status_code, "Proposal”: a next step with a date." in without.content.decode()) == (422, True)
    assert 'value="500"' in without.content.decode()
    assert (Task.objects.count(), CriterionTick.objects.count(), Opportunity.objects.get().amount) == (0, 0, None)

    assert rep.post(address, {**said, "next_step_on": "2026-05-20"}).status_code == 302
    sale.refresh_from_db()
    assert (sale.stage, sale.amount, sale.contact) == (target, 500, person)
    assert person.customer_links.get(customer=sale.customer).role == "Buyer"
    assert Task.objects.get().title == "Call"
    assert rep.post(address, {**said, "next_step_on": "2026-05-20"}).status_code in (302, 409)
    assert Task.objects.count() == 1
    page = rep.get(sale.get_absolute_url()).content.decode()
    assert "Before Negotiation" in page
    assert "an expected close that has not gone by" in page


def test_a_manager_may_go_on_with_a_reason_that_stays_and_nobody_else(cast, criteria, as_user, now):
    sale = make_opportunity(cast.rep, pipeline=criteria, at=now)
    target = stage("Proposal", criteria)
    address = reverse("opportunity-exit", args=[sale.pk]) + f"?stage={target.pk}"
    assert as_user(cast.rep).post(address, {"overriding": "I want to"}).status_code == 403
    api = f"/api/v1/opportunities/{sale.pk}/stage/"
    headers = {"If-Match": "*"}
    assert (
        as_user(cast.rep)
        .post(api, {"stage": target.pk, "overriding": "x"}, "application/json", headers=headers)
        .status_code
        == 403
    )
    refused = as_user(cast.rep).post(api, {"stage": target.pk}, "application/json", headers=headers)
    assert (refused.status_code, "a contact with a role" in refused.content.decode()) == (400, True)
    manager = as_user(cast.manager)
    assert manager.post(address, {"overriding": " "}).status_code == 422
    sale.refresh_from_db()
    assert sale.stage.name == "Qualifying"
    assert manager.post(address, {"overriding": "The customer is known"}).status_code == 302
    told = Event.objects.get(type="opportunity.criteria_overridden")
    assert (told.by, told.data["reason"], told.data["missing"]) == (cast.manager, "The customer is known", ALL[1:])
    page = " ".join(manager.get(reverse("opportunity-timeline", args=[sale.pk])).content.decode().split())
    assert "although this is missing: a contact with a role" in page


def test_a_tick_is_set_and_taken_back_and_belongs_to_its_pipeline(cast, criteria, as_user, now):
    sale = make_opportunity(cast.rep, pipeline=criteria, at=now)
    criterion = ExitCriterion.objects.get(what="manual")
    rep = as_user(cast.rep)
    address = reverse("opportunity-tick", args=[sale.pk])
    for data, count in (({}, 1), ({}, 1), ({"off": "1"}, 0), ({"off": "1"}, 0)):
        assert rep.post(address, {"criterion": criterion.pk, **data}).status_code == 302
        assert CriterionTick.objects.count() == count
    assert Event.objects.filter(type__startswith="opportunity.criterion_").count() == 2
    answer = rep.post(address, {"criterion": ExitCriterion.objects.get(what="amount").pk}, follow=True)
    assert "There is no such criterion." in answer.content.decode()
    stage_exit.tick(sale, criterion, by=cast.rep, at=now)
    for wrong in ({"what": "manual"}, {"what": "amount", "stage": stage("Won", criteria)}):
        with pytest.raises(ValidationError):
            ExitCriterion(**{"stage": criterion.stage, **wrong}).full_clean()


def test_a_card_says_when_it_lies_too_long_and_contact_wakes_it_while_a_note_does_not(cast, as_user, now):
    first = stage("Qualifying")
    first.rot_days = 14
    first.save()
    sale = make_opportunity(cast.rep, name="Asleep", at=now - timedelta(days=20), expected_close=date(2026, 8, 1))
    rep = as_user(cast.rep)

    def lying():
        pages = [rep.get(reverse("opportunity-board")), rep.get(sale.get_absolute_url())]
        return [bool(re.search("lying too long|for more than 14 days", page.content.decode())) for page in pages]

    about = {"about": sale, "at": now - timedelta(days=1)}
    assert lying() == [True, True]
    make_activity(cast.rep, sale.customer, "Thought about it", type="note", **about)
    assert lying() == [True, True]
    make_activity(cast.rep, sale.customer, "Called", type="call", **about)
    assert lying() == [False, False]
