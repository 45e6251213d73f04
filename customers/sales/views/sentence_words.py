"""What stands for the %(…)s of the sentences of events, from what the event has kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from crm.joining import clauses, labelled, listed
from crm.models import Event
from crm.models.configured_code import ConfiguredCode
from crm.web import changes, formats
from customers.models import Activity, Contact
from customers.sales.models import (
    Attitude,
    BuyingRole,
    Competitor,
    CompetitorState,
    CreditSplit,
    DiscardReason,
    MemberState,
    lead_given,
)
from customers.sales.models.mailing_letter import Why


def of(event: Event, user: Any) -> dict[str, str]:
    return _of_any(event) | _around_opportunity(event, user)


def _of_any(event: Event) -> dict[str, str]:
    data = event.data
    before, after = _labels(data.get("stage"))
    owner = _labels(data.get("owner"))[1]
    reason = data.get("lost_reason")
    return {
        "subject": event.subject_label,
        "before": before,
        "after": after,
        "owner": owner or _("nobody"),
        "reason": str(reason.get("label", "")) if isinstance(reason, dict) else _("no reason given"),
        "amount": _amount(data),
        "way": _way(data),
        "given": lead_given.in_words(data.get("why", {})) if isinstance(data.get("why"), dict) else "",
        "answers": clauses(labelled(one["question"], one["answer"]) for one in data.get("answers", [])),
        "letter": data["subject"] if isinstance(data.get("subject"), str) else "",
        "note": data.get("reason") or "",
        **_of_contract(data),
        **_of_quote(data),
        **_of_return(data),
        "missing": listed(data.get("missing", [])),
        "why_so": data["reason"] if isinstance(data.get("reason"), str) else "",
        "count": str(data.get("count", "")),
        "left_out": str(data.get("left_out", "")),
        "left_out_for": _named(Why, data.get("why")),
        "member_state": _named(MemberState, data.get("state")),
        "criterion": str(data.get("criterion", "")),
        "why": _of_list(DiscardReason, data.get("reason")),
    }


def _of_contract(data: dict[str, Any]) -> dict[str, str]:
    """What a movement of a contract says."""
    values = data.get("monthly_value")
    was, now = values if isinstance(values, list) else ("", "")
    reason = data.get("churn_reason")
    return {
        "was": _amount({"amount": was or None, "currency": data.get("currency", "")}),
        "now": _amount({"amount": now or None, "currency": data.get("currency", "")}),
        "day": _day(data.get("day")),
        "until": _day(data.get("until")),
        "churned": str(reason.get("label", "")) if isinstance(reason, dict) else _("no reason given"),
    }


def _of_quote(data: dict[str, Any]) -> dict[str, str]:
    """What became of a quote."""
    said = str(data.get("said", ""))
    return {
        "name": str(data.get("name", "")),
        "said": f"“{said}”" if said else "",
        "replaced_by": str(data.get("replaced_by", "")),
        "order": str(data.get("order", "")),
    }


def _of_return(data: dict[str, Any]) -> dict[str, str]:
    """What of an order came back, and why."""
    lines, reason = data.get("lines"), data.get("return_reason")
    return {
        "came_back": listed(lines) if isinstance(lines, list) and lines else _("nothing"),
        "return_reason": str(reason.get("label", "")) if isinstance(reason, dict) else _("no reason given"),
        "return_number": str(data.get("number", "")),
    }


def _around_opportunity(event: Event, user: Any) -> dict[str, str]:
    """People, competitors and credit; whom it is about is named to those who may see them."""
    verb = event.type.removeprefix("opportunity.")
    data = event.data
    if verb in ("person_noted", "person_removed"):
        return {
            "person": changes.label(Contact, data["contact"], user),
            "role": _chosen(BuyingRole, data.get("role")),
            "attitude": _chosen(Attitude, data.get("attitude")),
        }
    if verb in ("competitor_noted", "competitor_removed"):
        return {
            "competitor": changes.label(Competitor, data["competitor"], user),
            "competing": _chosen(CompetitorState, data.get("state")),
        }
    if verb == "credit_divided":
        held = listed(data["credit"][1])
        owners = data["kind"] == CreditSplit.Kind.REVENUE
        return {
            "credit": held or (_("the owner") if owners else _("nobody")),
            "credit_kind": str(dict(CreditSplit.Kind.choices).get(data["kind"], "")),
        }
    return {}


def _named(choices: Any, value: Any) -> str:
    """The label of a choice; of other events the same word may hold something else, which is none of them."""
    return str(dict(choices.choices).get(value, "")) if isinstance(value, str) else ""


def _of_list(configured: type[ConfiguredCode], value: Any) -> str:
    """The same of a list that administrators keep."""
    return dict(configured.choices()).get(value, "") if isinstance(value, str) else ""


def _chosen(choices: Any, pair: Any) -> str:
    return str(dict(choices.choices).get(pair[1], "")) if isinstance(pair, list) else ""


def _day(said: Any) -> str:
    return formats.exact_date(date.fromisoformat(said)) if said else formats.NOTHING


def _way(data: dict[str, Any]) -> str:
    """How somebody got in touch with a lead, and what was said."""
    way = str(dict(Activity.Type.choices).get(data.get("type", ""), ""))
    return labelled(way, data["note"]) if data.get("note") else way


def _labels(pair: Any) -> tuple[str, str]:
    if not isinstance(pair, list) or len(pair) != 2:
        return "", ""
    before, after = (str(side.get("label", "")) if isinstance(side, dict) else "" for side in pair)
    return before, after


def _amount(data: dict[str, Any]) -> str:
    amount = data.get("amount")
    return formats.money(Decimal(amount), data.get("currency", "")) if isinstance(amount, str) else formats.NOTHING
