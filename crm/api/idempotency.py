from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from crm.actions import idempotency

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("ETag", "Location")


class Unprocessable(exceptions.APIException):
    status_code = 422


def once(request: Request, write: Callable[[], Response]) -> Response:
    """Carry out `write` in one transaction; with an Idempotency-Key, a repetition gets the first answer again."""
    key = request.headers.get(HEADER, "")
    if not key:
        with transaction.atomic():
            return write()
    if len(key) > 200:
        raise exceptions.ValidationError({HEADER: [_("At most 200 characters.")]})
    body = json.dumps(request.data, sort_keys=True, cls=JSONEncoder).encode()
    path = f"{request.method} {request.path}"
    try:
        with transaction.atomic():
            row, new = idempotency.begin(user=request.user, key=key, path=path, body=body, at=timezone.now())
            if not new:
                return _again(row)
            response = write()
            plain: Any = json.loads(json.dumps(response.data, cls=JSONEncoder))
            headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
            idempotency.finish(row, status=response.status_code, body=plain, headers=headers)
            return response
    except idempotency.KeyReused:
        raise Unprocessable(_("This Idempotency-Key was used for another request.")) from None


def _again(row: Any) -> Response:
    return Response(row.body, status=row.status, headers={**row.headers, "Idempotent-Replay": "true"})
