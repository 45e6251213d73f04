"""What an administrator decides about the service desk, in the admin site."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.models import Event
from service.models import Queue, SlaPolicy, SlaTarget, Ticket, TicketState
from tests.factories.service import a_ticket, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.administrator)
    return client


def test_every_page_of_it_opens_for_administrators_and_nobody_else(client, cast):
    pages = [
        f"/admin/service/{model}/{page}"
        for model, row in (
            ("queue", Queue.objects.get()),
            ("slapolicy", SlaPolicy.objects.get()),
            ("ticketstate", state("New")),
        )
        for page in ("", "add/", f"{row.pk}/change/")
    ]
    client.force_login(cast.administrator)
    assert [client.get(page).status_code for page in pages] == [200] * 9
    client.force_login(cast.service_manager)
    assert [client.get(page).status_code for page in pages] == [302] * 9


def targets(policy: SlaPolicy, hours: str) -> dict:
    rows = list(policy.targets.all())
    values = {"name": policy.name, "calendar": policy.calendar_id, "is_default": "on"}
    values |= {"targets-TOTAL_FORMS": len(rows), "targets-INITIAL_FORMS": len(rows)}
    for number, target in enumerate(rows):
        values |= {
            f"targets-{number}-id": target.pk,
            f"targets-{number}-policy": policy.pk,
            f"targets-{number}-priority": target.priority,
            f"targets-{number}-first_response_hours": hours,
            f"targets-{number}-resolution_hours": "10",
        }
    return values


def test_targets_are_written_in_hours_and_their_change_is_audited(admin):
    policy = SlaPolicy.objects.get()
    page = admin.get(f"/admin/service/slapolicy/{policy.pk}/change/").content.decode()
    assert 'value="24.00"' in page or 'value="24.0"' in page
    answer = admin.post(f"/admin/service/slapolicy/{policy.pk}/change/", targets(policy, "1.5"))
    assert answer.status_code == 302
    assert set(SlaTarget.objects.values_list("first_response", "resolution")) == {
        (timedelta(hours=1.5), timedelta(hours=10))
    }
    assert Event.objects.filter(type="settings.changed").count() == 1


def test_a_target_of_nothing_is_refused(admin):
    policy = SlaPolicy.objects.get()
    answer = admin.post(f"/admin/service/slapolicy/{policy.pk}/change/", targets(policy, "0"))
    assert answer.status_code == 200
    assert "Write more than nothing." in answer.content.decode()
    assert SlaTarget.objects.filter(first_response=timedelta(0)).count() == 0


def test_a_new_promise_reaches_unresolved_tickets_only_when_asked(admin, cast, now):
    ticket = a_ticket(cast.agent, now)
    policy = SlaPolicy.objects.get()
    admin.post(f"/admin/service/slapolicy/{policy.pk}/change/", targets(policy, "2"))
    assert Ticket.objects.get().first_response_due_at == ticket.first_response_due_at
    answer = admin.post(
        "/admin/service/slapolicy/", {"action": "apply_to_open", "_selected_action": policy.pk}, follow=True
    )
    assert "1 ticket has new deadlines." in answer.content.decode()
    assert Ticket.objects.get().first_response_due_at == datetime(2026, 5, 13, 14, tzinfo=UTC)


def test_the_category_of_a_state_in_use_is_fixed(admin, cast, now):
    a_ticket(cast.agent, now)
    used, free = state("New"), state("In progress")
    for one, category in ((used, "open"), (free, "paused")):
        values = {"name": one.name, "category": "paused", "position": 1}
        admin.post(f"/admin/service/ticketstate/{one.pk}/change/", values)
        assert TicketState.objects.get(pk=one.pk).category == category


def test_only_a_resolved_state_can_close(admin):
    free = state("In progress")
    answer = admin.post(
        f"/admin/service/ticketstate/{free.pk}/change/",
        {"name": free.name, "category": "open", "position": 1, "closes": "on"},
    )
    assert answer.status_code == 200
    assert TicketState.objects.get(pk=free.pk).closes is False
