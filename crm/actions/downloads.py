"""A file of a record on its way to a browser or a program."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from crm.models import Attachment

# Nothing of what somebody sent runs in our name, even where a browser shows it after all.
INERT = "default-src 'none'; sandbox"


def as_download(attachment: Attachment) -> FileResponse:
    """Always to be saved, never to be shown: whatever is inside is somebody else's."""
    try:
        content = default_storage.open(attachment.file)
    except FileNotFoundError:
        raise Http404(_("The file is no longer where it was kept.")) from None
    response = FileResponse(content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type)
    response["Content-Length"] = str(attachment.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = INERT
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
