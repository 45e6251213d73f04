"""What the scripts in frontend/src say. They get it with the page, in its language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

WORDS = {
    "open": pgettext_lazy("button", "Open"),
    "failed": _("That did not work. Nothing was changed. Try again in a moment."),
    "offline": _("There is no connection. What you typed is kept; try again when you are back online."),
    "forbidden": _("Your role does not allow this."),
    "gone": _("This record is not there any more, or not yours to see."),
    "conflict": _("Somebody changed this meanwhile. Reload the page to see what is new."),
    "slow-down": _("That was too often in a short time. Wait a minute, then try again."),
    "form-errors": _("Some fields need your attention: {count}"),
    "draft-restored": _("What you typed earlier is back. It is not saved yet."),
    "draft-discard": _("Discard it"),
    "ready-form": _(
        "There is no connection. What is noted here is sent when you are back online. Customers cannot be looked up"
        " now: a name that is typed is looked up then, and the people to choose are those known before."
    ),
    "outbox-waits": _("There is no connection. “{name}” is kept here and is sent when you are back online."),
    "outbox-sent": _("Sent now: “{name}”"),
    "outbox-refused": _("“{name}” could not be saved as it is. Open the form: what you typed is in it."),
    "results": _("Results: {count}"),
    "choices-found": _("Choices: {count}"),
    "copied": _("Copied."),
    "not-copied": _("It is selected: copy it with Ctrl C."),
    "people": _("People to name"),
    "people-found": _("People: {count}. Arrows choose, Enter puts the name in, Escape closes."),
    "go-where": _("Go to: press the letter of a page."),
    "selected": _("{count} selected"),
    "all-selected": _("All {count} matching are selected"),
    "none-selected": _("Nothing is selected"),
    "picked-up": _(
        "{card} picked up in {column}, place {position} of {count}. Arrows move, Enter drops, Escape cancels."
    ),
    "now-at": _("{card}: {column}, place {position} of {count}."),
    "moved": _("{card} moved to {column}."),
    "move-cancelled": _("Cancelled. {card} is back where it was."),
    "move-refused": _("{card} is back where it was. {reason}"),
}


def words() -> dict[str, str]:
    """In the language that is active now."""
    return {key: str(text) for key, text in WORDS.items()}
