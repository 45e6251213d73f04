"""What the events of people, competitors and credit at an opportunity say, to whoever may read it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from crm.joining import listed
from crm.models import Event
from crm.web import changes
from customers.models import Contact
from customers.sales.models import Attitude, BuyingRole, Competitor, CompetitorState, CreditSplit


def words(event: Event, user: Any) -> dict[str, str]:
    """Whom it is about is named to those who may see them."""
    verb = event.type.removeprefix("opportunity.")
    data = event.data
    if verb in ("person_noted", "person_removed"):
        return {
            "person": changes.label(Contact, data["contact"], user),
            "role": _now(BuyingRole, data.get("role")),
            "attitude": _now(Attitude, data.get("attitude")),
        }
    if verb in ("competitor_noted", "competitor_removed"):
        return {
            "competitor": changes.label(Competitor, data["competitor"], user),
            "competing": _now(CompetitorState, data.get("state")),
        }
    if verb == "credit_divided":
        held = listed(data["credit"][1])
        owners = data["kind"] == CreditSplit.Kind.REVENUE
        return {
            "credit": held or (_("the owner") if owners else _("nobody")),
            "credit_kind": str(dict(CreditSplit.Kind.choices).get(data["kind"], "")),
        }
    return {}


def _now(choices: Any, pair: Any) -> str:
    return str(dict(choices.choices).get(pair[1], "")) if isinstance(pair, list) else ""
