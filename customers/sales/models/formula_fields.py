"""What formulas of leads and opportunities may name: docs/administrators.md."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Q, Value, When

from crm.custom_fields.formulas import expressions
from crm.custom_fields.formulas.names import Readable, declare
from crm.custom_fields.formulas.types import Type
from customers.sales.models.lead import Lead
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Stage


def declare_all() -> None:
    declare(
        Lead, "name", "organisation", "email", "phone", "channel", "campaign", "country", "province", "city",
        "language", "employees", "state", "reason", "score", "first_contact_at", "contact_due_at", "answered_at",
        "converted_at", "created_at", "updated_at",
    )  # fmt: skip
    declare(
        Opportunity, "name", "currency", "expected_close", "close_pushes", "opened_at", "stage_since", "closed_at",
        "external_id", "created_at", "updated_at", amounts={"amount": "currency", "monthly_value": "currency"},
        others=(
            Readable("probability", Type.NUMBER, _percent),
            Readable("outcome", Type.TEXT, _outcome, codes=lambda: Stage.Outcome.values),
        ),
    )  # fmt: skip


def _percent() -> Any:
    """What counts now, as `Opportunity.effective_probability` says, from 0 to 100 as pages show it."""
    by_hand = When(Q(stage__outcome=Stage.Outcome.OPEN, probability__isnull=False), then=F("probability"))
    share = Case(by_hand, default=F("stage__probability"), output_field=expressions.NUMBER)
    return expressions.between("*", expressions.NUMBER, expressions.number(share), Value(100))


def _outcome() -> Any:
    return expressions.text(F("stage__outcome"))
