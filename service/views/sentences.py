"""What a timeline says about tickets: what happened, then which ticket."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# type of event: (sentence, icon, tone)
SENTENCES: dict[str, tuple[Any, str, str]] = {
    "ticket.created": (_("Ticket opened: %(ticket)s"), "headset", "info"),
    "ticket.assigned": (_("Ticket given to %(owner)s: %(ticket)s"), "user-check", "neutral"),
    "ticket.moved": (_("Ticket moved to %(queue)s: %(ticket)s"), "inbox", "neutral"),
    "ticket.answered": (_("Ticket answered: %(ticket)s"), "send", "good"),
    "ticket.written": (_("The customer wrote: %(ticket)s"), "message", "info"),
    "ticket.noted": (_("Note on a ticket: %(ticket)s"), "notes", "neutral"),
    "ticket.paused": (_("Waiting for the customer: %(ticket)s"), "player-pause", "neutral"),
    "ticket.resumed": (_("Work goes on: %(ticket)s"), "player-play", "neutral"),
    "ticket.resolved": (_("Ticket resolved: %(ticket)s"), "check", "good"),
    "ticket.reopened": (_("Ticket reopened: %(ticket)s"), "rotate-clockwise", "warn"),
    "ticket.closed": (_("Ticket closed: %(ticket)s"), "lock", "neutral"),
    "ticket.prioritised": (_("Priority changed: %(ticket)s"), "flag", "neutral"),
    "ticket.changed": (_("State changed: %(ticket)s"), "circle-dot", "neutral"),
    "ticket.updated": (_("Ticket edited: %(ticket)s"), "edit", "neutral"),
    "ticket.tagged": (_("Tags changed: %(ticket)s"), "tags", "neutral"),
    "ticket.sla_breached": (_("Deadline missed: %(ticket)s"), "alert-triangle", "bad"),
    "ticket.deleted": (_("Ticket deleted: %(ticket)s"), "trash", "neutral"),
    "ticket.restored": (_("Ticket restored: %(ticket)s"), "restore", "neutral"),
}
UNASSIGNED = _("Ticket given back: %(ticket)s")


def sentence(event: Any) -> dict[str, Any]:
    """Title, icon, tone and address of an event about a ticket."""
    text, icon, tone = SENTENCES[event.type]
    values = {name: _label(event.data, name) for name in ("owner", "queue")} | {"ticket": event.subject_label}
    if event.type == "ticket.assigned" and not values["owner"]:
        text = UNASSIGNED
    return {"text": str(text) % values, "icon": icon, "tone": tone}


def _label(data: dict[str, Any], name: str) -> str:
    """The name of what a field was changed to."""
    change = data.get(name)
    after = change[1] if isinstance(change, list) and len(change) == 2 else None
    return str(after.get("label", "")) if isinstance(after, dict) else ""
