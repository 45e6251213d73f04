"""What formulas of tickets may name: docs/administrators.md."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from crm.custom_fields.formulas import expressions
from crm.custom_fields.formulas.names import Readable, declare
from crm.custom_fields.formulas.types import Type
from service.models.state import TicketState
from service.models.ticket import Ticket


def declare_all() -> None:
    declare(
        Ticket, "number", "subject", "type", "source", "priority", "category", "opened_at", "first_response_at",
        "first_response_due_at", "resolution_due_at", "resolved_at", "closed_at", "waiting_since", "reopen_count",
        "created_at", "updated_at",
        others=(Readable("state", Type.TEXT, _state, codes=lambda: TicketState.Category.values),),
    )  # fmt: skip


def _state() -> Any:
    """What the clocks understand of it: states are called as the organisation likes."""
    return expressions.text(F("state__category"))
