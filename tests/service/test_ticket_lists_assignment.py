"""Tickets are assigned from the list, after a look at what will change."""

from __future__ import annotations

import pytest
from django.urls import reverse

from service.models import Ticket
from tests.factories import service

pytestmark = pytest.mark.django_db


def test_a_service_manager_assigns_the_selected_tickets(client, cast, now):
    tickets = [service.a_ticket(cast.agent, now, subject=f"Broken {number}") for number in range(2)]
    client.force_login(cast.administrator)
    address = reverse("ticket-list-bulk", args=["assign"])
    chosen = [ticket.pk for ticket in tickets]

    shown = client.post(address, {"row": chosen})
    assert shown.status_code == 200
    assert set(Ticket.objects.values_list("owner", flat=True)) == {None}

    done = client.post(
        address, {"confirmed": "1", "ids": ",".join(map(str, chosen)), "owner": cast.agent.pk}, follow=True
    )
    assert done.status_code == 200
    assert set(Ticket.objects.values_list("owner", flat=True)) == {cast.agent.pk}
