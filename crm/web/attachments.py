"""Files of a record: the panel on its page, adding, reading, taking away. Every door asks for the record first."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.http import require_safe

from crm.access import guards, together
from crm.access.permissions import Verb
from crm.actions import attachments
from crm.actions.downloads import as_download
from crm.models import Attachment
from crm.web.toasts import toast

SHOWN = 8  # the others are behind "all"


class Files(View):
    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self.panel(together.find(request.user, kind, pk))

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """Add files. By htmx the panel is answered, otherwise the page."""
        record = together.find(request.user, kind, pk, Verb.EDIT)
        by_htmx = request.headers.get("HX-Request") == "true"
        files: list[Any] = request.FILES.getlist("files")
        try:
            added = attachments.add(record, files, by=request.user, at=timezone.now())
        except ValidationError as error:
            if by_htmx:
                return self.panel(record, error.messages, status=422)
            toast(request, " ".join(error.messages), level=40)
            return redirect(record.get_absolute_url())
        said = ngettext("%(count)s file is added.", "%(count)s files are added.", len(added))
        toast(request, said % {"count": len(added)})
        return self.panel(record) if by_htmx else redirect(record.get_absolute_url())

    def panel(self, record: Any, errors: list[str] | None = None, status: int = 200) -> HttpResponse:
        user = self.request.user
        files = list(Attachment.objects.visible_to(user).about(record).select_related("by"))
        context = {
            "record": record,
            "files": files[:SHOWN],
            "further": files[SHOWN:],
            "count": len(files),
            "errors": errors,
            "may_add": type(record).objects.permitted(user, Verb.EDIT).filter(pk=record.pk).exists(),
            "url": reverse("record-files", args=[record.kind, record.pk]),
        }
        return render(self.request, "together/files.html", context, status=status)


@method_decorator(require_safe, name="dispatch")
class Download(View):
    def get(self, request: HttpRequest, pk: int) -> FileResponse:
        return as_download(guards.get_visible(Attachment.objects.all(), request.user, pk=pk))


class Removal(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        attachment = guards.get_permitted(Attachment.objects.all(), request.user, Verb.DELETE, pk=pk)
        attachments.remove(attachment, by=request.user, at=timezone.now())
        undo = reverse("attachment-restoration", args=[pk])
        toast(request, _("%(name)s is taken away.") % {"name": attachment.name}, undo_url=undo)
        return to_record(request, attachment)


class Restoration(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        attachment = get_object_or_404(Attachment.objects.restorable_by(request.user), pk=pk)
        attachments.restore(attachment, by=request.user, at=timezone.now())
        toast(request, _("%(name)s is back.") % {"name": attachment.name})
        return to_record(request, attachment)


def to_record(request: HttpRequest, attachment: Attachment) -> HttpResponse:
    return redirect(together.find(request.user, attachment.about_kind, attachment.about_id).get_absolute_url())
