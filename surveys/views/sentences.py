"""What a timeline says about surveys."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.joining import labelled

# type of event: (sentence, icon, tone)
SENTENCES: dict[str, tuple[Any, str, str]] = {
    "invitation.created": (_("To be asked: %(what)s"), "forms", "neutral"),
    "invitation.sent": (_("Asked by mail: %(what)s"), "send", "info"),
    "invitation.failed": (_("Could not be asked: %(what)s"), "alert-triangle", "bad"),
    "invitation.suppressed": (_("Not asked: %(what)s"), "bell-off", "neutral"),
    "response.recorded": (_("Survey answered: %(what)s"), "star", "good"),
}


def sentence(event: Any) -> dict[str, Any]:
    text, icon, tone = SENTENCES[event.type]
    return {"text": str(text) % {"what": _what(event)}, "icon": icon, "tone": tone}


def _what(event: Any) -> str:
    """A shipped survey is called in the language of whoever reads, not of whoever answered."""
    for between in (": ", " → "):
        survey, found, rest = event.subject_label.rpartition(between)
        if found:
            return labelled(gettext(survey), rest)
    return str(event.subject_label)
