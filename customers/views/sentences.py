"""Each event of this app as a sentence, said when it is read, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm.access import kinds
from crm.access.grants import access_of
from crm.models import Event
from crm.web import changes
from customers.models import Customer


@dataclass(frozen=True)
class Sentence:
    """How an event reads: the sentence, its sign, where it leads, and what changed field by field."""

    text: str
    icon: str
    tone: str = "neutral"
    url: str = ""
    changes: list[changes.Change] = field(default_factory=list)


# Type of event: sentence, icon, tone. What stands for %(…)s is made in `_words`.
SENTENCES: dict[str, tuple[Any, str, str]] = {
    "customer.created": (gettext_lazy("Customer created"), "plus", "info"),
    "customer.updated": (gettext_lazy("Customer changed"), "pencil", "neutral"),
    "customer.handed_over": (gettext_lazy("Handed over to %(to)s with the open work"), "arrows-exchange", "info"),
    "customer.owner_changed": (gettext_lazy("Handed over to %(to)s"), "arrows-exchange", "info"),
    "customer.lifecycle_changed": (gettext_lazy("Lifecycle: %(to)s%(why)s"), "refresh", "info"),
    "customer.won_back": (gettext_lazy("Won back"), "rotate-clockwise", "good"),
    "customer.claimed": (gettext_lazy("Claimed from the pool by %(to)s"), "user-check", "info"),
    "customer.released": (gettext_lazy("Released to the pool"), "users-group", "warn"),
    "customer.taken_back": (gettext_lazy("Back in the pool: nobody was in touch"), "hourglass", "warn"),
    "customer.collaborator_added": (gettext_lazy("%(user)s works on it too (%(level)s)"), "user-plus", "neutral"),
    "customer.collaborator_changed": (
        gettext_lazy("What %(user)s may do here now: %(level)s"),
        "user-check",
        "neutral",
    ),
    "customer.collaborator_removed": (gettext_lazy("%(user)s no longer works on it"), "user-x", "neutral"),
    "customer.created_apart": (gettext_lazy("Created although there was one like it"), "copy", "warn"),
    "customer.merged": (gettext_lazy("%(other)s was merged into it"), "git-merge", "info"),
    "customer.merged_away": (gettext_lazy("Merged into %(master)s"), "git-merge", "warn"),
    "customer.merge_undone": (gettext_lazy("Merge of %(other)s and %(master)s undone"), "arrow-back-up", "warn"),
    "customer.not_a_duplicate": (gettext_lazy("Not the same as %(other)s"), "x", "neutral"),
    "customer.maybe_a_duplicate": (gettext_lazy("Maybe the same as %(other)s after all"), "copy", "neutral"),
    "customer.collaboration_asked": (gettext_lazy("Asked to work on it too"), "user-plus", "info"),
    "customer.deleted": (gettext_lazy("Moved to the bin"), "trash", "warn"),
    "customer.restored": (gettext_lazy("Taken out of the bin"), "restore", "neutral"),
    "contact.created": (gettext_lazy("New contact: %(subject)s"), "user-plus", "info"),
    "contact.updated": (gettext_lazy("Contact changed: %(subject)s"), "pencil", "neutral"),
    "contact.handed_over": (gettext_lazy("%(subject)s is now looked after by %(to)s"), "arrows-exchange", "neutral"),
    "contact.linked": (gettext_lazy("%(subject)s works at %(customer)s"), "link", "info"),
    "contact.unlinked": (gettext_lazy("%(subject)s no longer works at %(customer)s"), "user-x", "neutral"),
    "contact.left": (gettext_lazy("%(subject)s left %(customer)s"), "user-x", "neutral"),
    "contact.role_changed": (gettext_lazy("%(subject)s at %(customer)s: %(role)s"), "id-badge-2", "neutral"),
    "contact.made_main": (gettext_lazy("%(subject)s is the main contact of %(customer)s"), "star", "info"),
    "contact.created_apart": (gettext_lazy("Created although there was one like it: %(subject)s"), "copy", "warn"),
    "contact.collaboration_asked": (gettext_lazy("Asked about %(subject)s"), "user-plus", "info"),
    "customer.point_added": (gettext_lazy("Added: %(point)s"), "plus", "neutral"),
    "customer.point_changed": (gettext_lazy("Changed: %(point)s"), "pencil", "neutral"),
    "customer.point_removed": (gettext_lazy("Removed: %(point)s"), "x", "neutral"),
    "customer.tagged": (gettext_lazy("Tags changed"), "tags", "neutral"),
    "contact.point_added": (gettext_lazy("Added to %(subject)s: %(point)s"), "plus", "neutral"),
    "contact.point_changed": (gettext_lazy("Changed at %(subject)s: %(point)s"), "pencil", "neutral"),
    "contact.point_removed": (gettext_lazy("Removed from %(subject)s: %(point)s"), "x", "neutral"),
    "contact.tagged": (gettext_lazy("Tags of %(subject)s changed"), "tags", "neutral"),
    "contact.consent_given": (gettext_lazy("%(subject)s allows: %(purpose)s"), "thumb-up", "good"),
    "contact.consent_withdrawn": (gettext_lazy("%(subject)s no longer allows: %(purpose)s"), "thumb-down", "warn"),
    "contact.deleted": (gettext_lazy("Contact moved to the bin: %(subject)s"), "trash", "warn"),
    "contact.restored": (gettext_lazy("Contact taken out of the bin: %(subject)s"), "restore", "neutral"),
    "contact.personal_data_read": (gettext_lazy("What is held about %(subject)s was read"), "download", "neutral"),
    "customer.personal_data_read": (gettext_lazy("What is held about this person was read"), "download", "neutral"),
    "erasure.created": (gettext_lazy("Erasure asked for"), "user-x", "warn"),
    "erasure.refused": (gettext_lazy("Erasure refused"), "x", "neutral"),
    "erasure.ordered": (gettext_lazy("Erasure decided"), "user-x", "warn"),
    "erasure.done": (gettext_lazy("Personal data erased"), "user-x", "warn"),
    "email.written": (gettext_lazy("Written"), "pencil", "info"),
    "email.sent": (gettext_lazy("Sent"), "send", "good"),
    "email.failed": (gettext_lazy("Could not be sent"), "alert-triangle", "bad"),
    "email.tried_again": (gettext_lazy("Tried again"), "refresh", "neutral"),
    "email.bounced": (gettext_lazy("Came back"), "corner-up-left", "bad"),
    "email.received": (gettext_lazy("Filed"), "mail", "info"),
    "email.shared": (gettext_lazy("Shared"), "lock-open", "neutral"),
    "email.kept_private": (gettext_lazy("Kept private"), "lock", "neutral"),
    "activity.created": (gettext_lazy("Noted"), "plus", "info"),
    "activity.updated": (gettext_lazy("Activity corrected"), "pencil", "neutral"),
    "activity.deleted": (gettext_lazy("Activity moved to the bin"), "trash", "warn"),
    "activity.restored": (gettext_lazy("Activity taken out of the bin"), "restore", "neutral"),
    "task.created": (gettext_lazy("To do: %(subject)s"), "checkbox", "info"),
    "task.updated": (gettext_lazy("Task changed: %(subject)s"), "pencil", "neutral"),
    "task.assigned": (gettext_lazy("%(to)s is to do it: %(subject)s"), "user-check", "neutral"),
    "task.completed": (gettext_lazy("Done: %(subject)s"), "circle-check", "good"),
    "task.reopened": (gettext_lazy("Open again: %(subject)s"), "rotate-clockwise", "warn"),
    "task.repeated": (gettext_lazy("It comes again: %(subject)s"), "refresh", "info"),
    "task.repetition_stopped": (gettext_lazy("It comes no more: %(subject)s"), "refresh", "neutral"),
    "task.deleted": (gettext_lazy("Task moved to the bin: %(subject)s"), "trash", "warn"),
    "task.restored": (gettext_lazy("Task taken out of the bin: %(subject)s"), "restore", "neutral"),
}
LEADS_TO = {"contact": "contact-detail", "task": "task-detail"}
TELL_CHANGES = {"updated"}
LEVELS = {True: gettext_lazy("read and edit"), False: gettext_lazy("only read")}


def of(event: Event, user: Any) -> Sentence:
    """The sentence of an event, as the person may read it."""
    text, icon, tone = SENTENCES[event.type]
    kind, verb = event.type.split(".")
    url = reverse(LEADS_TO[kind], args=[event.subject_id]) if kind in LEADS_TO else ""
    told = changes.in_words(event, user) if verb in TELL_CHANGES else []
    return Sentence(str(text) % _words(event, user), icon, tone, url, told)


def _words(event: Event, user: Any) -> dict[str, str]:
    data = event.data
    return {
        "subject": event.subject_label,
        "to": _to(data),
        "why": _why(data),
        "user": str((data.get("user") or {}).get("label", "")),
        "level": str(LEVELS[data.get("may_edit") is not False]),
        "customer": changes.label(Customer, data["customer"], user) if "id" in _dict(data.get("customer")) else "",
        "master": changes.label(Customer, data["master"], user) if "id" in _dict(data.get("master")) else "",
        "other": str(_dict(data.get("other")).get("label", "")),
        "point": _point(event, user) if "point" in data else "",
        "purpose": _purpose(_dict(data.get("purpose"))),
        "role": str(data.get("role") or _("no role")),
    }


def _to(data: dict[str, Any]) -> str:
    """Whose, or in which lifecycle, it is afterwards."""
    if "lifecycle" in data and isinstance(data["lifecycle"], list):
        return str(dict(Customer.Lifecycle.choices).get(data["lifecycle"][1], data["lifecycle"][1]))
    owner = data.get("owner")
    return str(owner[1]["label"]) if isinstance(owner, list) and owner[1] else _("somebody")


def _why(data: dict[str, Any]) -> str:
    """For which reason the customer left; nothing otherwise."""
    reason = data.get("churn_reason")
    return f" ({reason[1]['label']})" if isinstance(reason, list) and reason[1] else ""


def _point(event: Event, user: Any) -> str:
    """An address or number, for whoever may see whose it is: on a customer's timeline stand people from elsewhere."""
    point = _dict(event.data.get("point"))
    if point.get("type") in access_of(user).hidden.get(event.subject_kind, ()):
        return _("one that your role does not show")
    seen = kinds.get(event.subject_kind).model.objects.visible_to(user).filter(pk=event.subject_id).exists()
    return str(point.get("text", "")) if seen else _("one you cannot see")


def _purpose(named: dict[str, Any]) -> str:
    """In the reader's language, as the purpose was called then."""
    chinese = named.get("label_zh") if (get_language() or "").startswith("zh") else ""
    return str(chinese or named.get("label", ""))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
