"""Every error of the API is a problem document (RFC 9457), whatever raised it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

from crm.joining import listed
from crm.models.record import StaleVersion

CONTENT_TYPE = "application/problem+json"


class PreconditionFailed(exceptions.APIException):
    status_code = 412


class PreconditionRequired(exceptions.APIException):
    status_code = 428


class Conflict(exceptions.APIException):
    """`members` are what the problem document says besides (RFC 9457, 3.2)."""

    status_code = 409

    def __init__(self, detail: Any = None, members: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.members = members or {}


def titles() -> dict[int, str]:
    return {
        400: _("The request is not right"),
        401: _("Who are you?"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        406: _("No such format"),
        409: _("Conflict"),
        412: _("Changed meanwhile"),
        413: _("Too large"),
        415: _("Unknown content type"),
        422: _("Not acceptable as it is"),
        428: _("If-Match is missing"),
        429: _("Too many requests"),
        500: _("Something broke on our side"),
    }


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know stays an error of ours: logged, and a 500 without details."""
    known = _translate(error)
    response = exception_handler(known, context)
    if response is None:
        return None
    request = context["request"]
    response.data = document(response.status_code, known, request.path)
    response.content_type = CONTENT_TYPE
    return response


def document(status: int, error: Exception | None, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": titles().get(status, _("Error")),
        "status": status,
        "instance": path,
    }
    if isinstance(error, exceptions.ValidationError):
        found["detail"] = _("Some fields are not right; nothing was changed.")
        found["errors"] = list(_flat(error.detail))
    elif isinstance(error, exceptions.APIException):
        found |= {"detail": str(error.detail), **getattr(error, "members", {})}
    elif isinstance(error, Http404 | PermissionDenied) and error.args:
        found["detail"] = str(error.args[0])
    return found


def server_error(request: HttpRequest) -> HttpResponse:
    """A program gets a problem document where a person gets the page."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return JsonResponse(document(500, None, request.path), status=500, content_type=CONTENT_TYPE)


def _translate(error: Exception) -> Exception:
    if isinstance(error, StaleVersion):
        return PreconditionFailed(
            _("Somebody else changed this meanwhile: %(fields)s. Read it again.") % {"fields": listed(error.fields)}
        )
    if isinstance(error, ModelError):
        return exceptions.ValidationError(as_serializer_error(error))
    if isinstance(error, ProtectedError):
        return Conflict(_("Other records still need this one."))
    return error


def _flat(detail: Any, field: str = "") -> Any:
    """[{"field": "lines.0.price", "message": …}] from DRF's nested dictionaries."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            outer = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from _flat(inner, ".".join(part for part in (field, outer) if part))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for position, inner in enumerate(detail):
            yield from _flat(inner, f"{field}.{position}" if isinstance(inner, dict | list) else field)
    else:
        for message in detail if isinstance(detail, list) else [detail]:
            yield {"field": field, "message": str(message)}
