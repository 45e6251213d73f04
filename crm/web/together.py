"""What each kind of record gets on which people work together: its panels, and sentences on its timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.access import together
from crm.access.permissions import Verb
from crm.events import timeline
from crm.web import panels

FILE_EVENTS = ("file_added", "file_removed", "file_restored")


def register(kind: str, *, slot: str, order: int = 70) -> None:
    """Call it in `AppConfig.ready`, after the kind is declared."""
    together.register(kind)
    for verb in FILE_EVENTS:
        timeline.show_with(f"{kind}.{verb}", "together/_event.html")
    seen = (kind, Verb.VIEW)
    panels.register(
        slot, name="files", url_name="record-files", title=_("Files"), permission=seen, order=order,
        first=(kind,),
    )  # fmt: skip
    panels.register(
        slot, name="followers", url_name="record-followers", title=_("Followers"), permission=seen, order=order + 25,
        first=(kind,),
    )  # fmt: skip
