"""What is held about a person, to read or to hand over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.joining import listed
from crm.web import formats
from customers.actions import personal_data
from customers.models import Contact, Customer, ErasureRequest
from customers.models.erasure import SUBJECTS


class PersonalData(View):
    """As a page, or as a file for the person: each time it is noted who took it."""

    kind: str

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record: Any = guards.get_visible(SUBJECTS[self.kind].objects.all(), request.user, pk=pk)
        guards.require(request.user, ErasureRequest.kind, Verb.EXPORT)
        format = "json" if request.GET.get("format") == "json" else "html"
        parts = personal_data.held(record, format=format, by=request.user, at=timezone.now())
        if format == "json":
            answer = JsonResponse(
                {"kind": record.kind, "id": record.pk, "at": timezone.now(), "held": personal_data.as_json(parts)},
                json_dumps_params={"ensure_ascii": False, "indent": 2},
            )
            answer["Content-Disposition"] = f'attachment; filename="{record.kind}-{record.pk}.json"'
            return answer
        withheld = sum(part.withheld for part in parts)
        read = [
            (part.name, [[(label, _in_words(name, value)) for name, label, value in row] for row in part.rows])
            for part in parts
        ]
        closed = listed(dict.fromkeys(label for part in parts for label in part.closed.values()))
        context = {"record": record, "parts": read, "withheld": withheld, "closed": closed}
        return render(request, "customers/erasure/personal_data.html", context)


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "language":
        return str(dict(settings.LANGUAGES).get(value, value))
    if isinstance(value, datetime):
        return formats.exact(value)
    if isinstance(value, date):
        return formats.exact_date(value)
    return listed(value) if isinstance(value, list) else str(value)


class OfContact(PersonalData):
    kind = Contact.kind


class OfCustomer(PersonalData):
    kind = Customer.kind
