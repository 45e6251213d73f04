"""What one says of an opportunity in passing: with an activity where it stands now, and when it will close."""

import re

from django.urls import reverse

from customers.models import Activity, Task
from customers.sales.models import ExitCriterion
from tests.factories.sales import default_pipeline, make_opportunity, stage


def test_a_call_its_next_step_and_the_stage_are_one_request_or_nothing_is(cast, client, now, time_machine):
    time_machine.move_to(now, tick=False)
    pipeline = default_pipeline()
    for what in ("amount", "next_step"):
        ExitCriterion.objects.create(stage=stage("Qualifying", pipeline), what=what)
    sale = make_opportunity(cast.rep, amount=None, pipeline=pipeline, at=now)
    client.force_login(cast.rep)
    url, choices = reverse("activity-new"), reverse("activity-people")
    # From the customer: the sale can be chosen, and what can become of it comes with it.
    assert f'value="opportunity:{sale.pk}"' in client.get(url, {"customer": sale.customer_id}).content.decode()
    offered = client.get(choices, {"about": f"opportunity:{sale.pk}"}).content.decode()
    assert re.findall(r">(stays in Qualifying|Qualifying|Proposal|Negotiation|Won|Lost)</option>", offered) == [
        "stays in Qualifying", "Proposal", "Negotiation", "Won",
    ]  # fmt: skip
    sent = {
        "customer": sale.customer_id, "about": f"opportunity:{sale.pk}", "type": "call", "direction": "outbound",
        "at": "2026-05-13T11:00", "subject": "They want forty", "moves_to": stage("Proposal", pipeline).pk,
        "version": sale.version, "seen_in": sale.stage_id, "submit_once": "one form",
    }  # fmt: skip
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert "Before it goes on to “Proposal”: an amount; a next step with a date." in refused.content.decode()
    assert 'name="amount"' in refused.content.decode()
    sale.refresh_from_db()
    assert (sale.stage.name, Activity.objects.count()) == ("Qualifying", 0)

    filled = sent | {"amount": "4000", "next_title": "Send the offer", "next_due": "tomorrow"}
    for _twice in range(2):
        assert client.post(url, filled).status_code == 302
    sale.refresh_from_db()
    assert (sale.stage.name, sale.amount, sale.stage_changes.count()) == ("Proposal", 4000, 3)
    call, step = Activity.objects.get(), Task.objects.get()
    assert (call.about_kind, call.about_id, step.about_id, step.after) == ("opportunity", sale.pk, sale.pk, call)
    # Who may see it but not work on it is not asked, and what is done with a task moves it too.
    client.force_login(cast.analyst)
    assert "moves_to" not in client.get(choices, {"about": f"opportunity:{sale.pk}"}).content.decode()
    client.force_login(cast.rep)
    done = {"type": "call", "subject": "Agreed", "outcome": "positive", "moves_to": stage("Won", pipeline).pk}
    done |= {"version": sale.version, "seen_in": sale.stage_id}
    assert client.post(reverse("task-result", args=[step.pk]), done).status_code == 302
    sale.refresh_from_db()
    step.refresh_from_db()
    assert (sale.stage.name, step.is_done) == ("Won", True)


def test_a_sale_is_not_put_off_to_a_day_that_has_gone_by(cast, client, now, time_machine):
    time_machine.move_to(now, tick=False)
    sale = make_opportunity(cast.rep, at=now)
    client.force_login(cast.rep)
    url = reverse("opportunity-close-date", args=[sale.pk])
    refused = client.post(url, {"expected_close": "2026-05-12", "version": sale.version})
    assert (refused.status_code, "This day has gone by already." in refused.content.decode()) == (422, True)
    assert client.post(url, {"expected_close": "2026-05-13", "version": sale.version}).status_code == 302
    sale.refresh_from_db()
    assert str(sale.expected_close) == "2026-05-13"
