from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import structlog
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation

from crm.access import fields
from crm.access.grants import Access, access_of
from crm.custom_fields import known


class CompressedPagesMiddleware(GZipMiddleware):
    """A page is mostly markup and shrinks to a tenth. Django adds bytes at random, so that its length tells nothing.

    The API stays as it is: compressed, its ETags would be weak, and If-Match wants strong ones.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class RequestIdMiddleware:
    """Gives every request an id that its log lines and its events carry."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class CustomFieldsMiddleware:
    """What the administrator defined is read once for a request, by whoever asks first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with known.read_once():
            return self.get_response(request)


class ReaderMiddleware:
    """What a role closes is closed to whoever asks: all along where they only look, else while the answer is drawn."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        def asking() -> Access | None:  # the API finds out later who it is, and says so here
            return access_of(request.user) if request.user.is_authenticated else None

        with fields.reading(asking, covers=request.method in ("GET", "HEAD")) as reader:
            response: HttpResponseBase = self.get_response(request)
        if response.streaming and not isinstance(response, FileResponse):
            stream: Any = response
            stream.streaming_content = fields.streamed(stream.streaming_content, reader)
        return response


class PersonMiddleware:
    """Shows pages in the signed-in person's language and time zone, and as they may see them at one moment; keeps
    personal pages out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        zone = zoneinfo.ZoneInfo(user.timezone) if user.timezone else timezone.get_default_timezone()
        looks = access_of(user).at_one_moment() if request.method in ("GET", "HEAD") else nullcontext()
        with timezone.override(zone), looks:
            response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
