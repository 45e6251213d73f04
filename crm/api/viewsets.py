"""Records over HTTP: the same visibility, the same actions, versions by ETag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from crm.access import guards
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.api.errors import PreconditionFailed, PreconditionRequired
from crm.api.idempotency import once
from crm.api.permissions import GrantedByRole
from crm.api.serializers import validated
from crm.custom_fields import computed, known
from crm.models.record import Record

Method = TypeVar("Method", bound=Callable[..., Any])


class ReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """List and read. Subclasses say `model`, `serializer_class` and, if they filter, `filterset_class`."""

    model: Any
    related: tuple[str, ...] = ()  # what one row needs joined
    prefetched: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ("updated_at", "pk")
    permission_classes = [IsAuthenticated, GrantedByRole]
    http_method_names = ["get", "head", "options"]
    lookup_value_converter = "int"
    verb: Verb | None = None  # what an extra action does, where its method does not say

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.read(self.model.objects.visible_to(self.request.user))

    def read(self, rows: Any) -> Any:
        """The rows with everything that is shown of them."""
        rows = rows.select_related(*self.related).prefetch_related(*self.prefetched)
        kind = getattr(self.model, "kind", "")
        return computed.with_values(rows, known.formulas(kind)) if known.takes(self.model) else rows

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        return Response(self.get_serializer(record).data, headers=etag_of(record))


class RecordViewSet(ReadViewSet):
    """List, read, create, change and delete. Subclasses give the verbs as methods that call their app's actions.

    `create_record(values, by=, at=)`, `update_record(record, values, by=, at=, version=)`, `delete_record(record, by=,
    at=)`: `values` are the serializer's validated data.
    """

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        def write() -> Response:
            values = validated(self.get_serializer(data=request.data))
            self.refuse_assignment(values, None)
            record = self.create_record(values, by=request.user, at=timezone.now())
            address = reverse(f"api:{self.basename}-detail", args=[record.pk])
            headers = {**etag_of(record), "Location": request.build_absolute_uri(address)}
            return Response(self._shown(record), status=201, headers=headers)

        return once(request, write)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.permitted_record(Verb.EDIT)
        version = self.expected_version(record)
        values = validated(self.get_serializer(record, data=request.data, partial=True))
        self.refuse_assignment(values, record)
        record = self.update_record(record, values, by=request.user, at=timezone.now(), version=version)
        return Response(self._shown(record), headers=etag_of(record))

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.permitted_record(Verb.DELETE)
        self.expected_version(record)
        self.delete_record(record, by=request.user, at=timezone.now())
        return Response(status=204)

    def carry_out(self, request: Request, act: Callable[..., Any], shape: type[Serializer] | None = None) -> Response:
        """One of the record's own verbs, done once however often it is sent: `act(record, by=, at=, **input)`.

        Whether the person may comes before whether the body is right; `shape` says what the body holds.
        """
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)
        given = {} if shape is None else self._validated(request, shape)

        def write() -> Response:
            act(record, by=request.user, at=timezone.now(), **given)
            fresh = self._again(record)
            return Response(self.get_serializer(fresh).data, headers=etag_of(fresh))

        return once(request, write)

    def _validated(self, request: Request, shape: type[Serializer]) -> dict[str, Any]:
        return validated(shape(data=request.data, context=self.get_serializer_context()))

    def permitted_record(self, verb: Verb) -> Any:
        """The record of the URL if the person may do `verb` to it: invisible is 404, forbidden is 403."""
        return guards.get_permitted(self.model.objects.all(), self.request.user, verb, pk=self.kwargs["pk"])

    def expected_version(self, record: Any) -> int | None:
        """The version the caller read, from If-Match; 428 without one, 412 for another."""
        given = self.request.headers.get("If-Match", "").strip()
        if not given:
            raise PreconditionRequired(_("Send If-Match with the ETag of what you read."))
        if given == "*" or not isinstance(record, Record):
            return None
        if given.removeprefix("W/") != etag_of(record)["ETag"]:
            raise PreconditionFailed(_("Somebody else changed this meanwhile. Read it again."))
        return record.version

    def refuse_assignment(self, values: dict[str, Any], record: Any) -> None:
        """Whose a record is may be said only by who may assign; one's own is always one's own."""
        user: Any = self.request.user
        mine = {"owner": user, "team": user.team}
        wrong = [
            name
            for name, own in mine.items()
            if name in values and values[name] != (getattr(record, name) if record is not None else own)
        ]
        if wrong and not access_of(user).may(self.model.kind, Verb.ASSIGN):
            raise ValidationError({name: [_("Your role does not allow handing records over.")] for name in wrong})

    def _shown(self, record: Any) -> Any:
        return self.get_serializer(self._again(record)).data

    def _again(self, record: Any) -> Any:
        """As it was just written. What one hands over to somebody else may be out of sight; it is still answered."""
        return self.read(self.model.objects.filter(pk=record.pk)).get()  # scoped: the caller wrote it


def part(url_path: str, shape: Any, **said: Any) -> Callable[[Method], Method]:
    """GET of what belongs to one record, whole, for whoever may see the record; `shape` and `said` describe it."""

    def decorate(method: Method) -> Method:
        reading = action(
            detail=True, methods=["get"], url_path=url_path, verb=Verb.VIEW, pagination_class=None, filterset_class=None
        )
        shown: Method = extend_schema(responses=shape, filters=False, **said)(reading(method))
        return shown

    return decorate


def etag_of(record: Any) -> dict[str, str]:
    return {"ETag": f'"{record.version}"'} if isinstance(record, Record) else {}
