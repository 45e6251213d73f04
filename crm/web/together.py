"""What each kind of record gets on which people work together: its panels, and sentences on its timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.access import together
from crm.access.permissions import Verb
from crm.events import timeline
from crm.web import panels

SHARE_EVENTS = ("shared", "share_changed", "unshared")
FILE_EVENTS = ("file_added", "file_removed", "file_restored")


def register(kind: str, *, slot: str, order: int = 70, is_shared: bool = False) -> None:
    """Call it in `AppConfig.ready`, after the kind is declared. `is_shared`: one record can be shared with somebody."""
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
    if is_shared:
        together.register_sharing(kind)
        for verb in SHARE_EVENTS:
            timeline.show_with(f"{kind}.{verb}", "together/_share_event.html")
        panels.register(
            slot, name="sharing", url_name="record-sharing", title=_("Shared with"), permission=seen, order=order + 20,
            first=(kind,), refresh_on=("sharing-changed",),
        )  # fmt: skip
