"""What the OpenAPI description says beyond the serializers: headers of writes, and the shape of every error."""

from __future__ import annotations

from inspect import getdoc
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from crm.models.record import Record


class FieldProblem(serializers.Serializer):
    field = serializers.CharField(help_text="Which field, `lines.0.price` for a nested one; empty for the whole.")
    message = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    instance = serializers.CharField()
    detail = serializers.CharField(required=False)
    errors = FieldProblem(many=True, required=False)


IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True,
    description="The ETag of what was read, or `*`. Anything else in the meantime: 412.",
)  # fmt: skip
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="A name of your own for this write, up to 200 characters, remembered for 24 hours.",
)  # fmt: skip
PROBLEMS = {
    "GET": (400, 401, 403, 404, 406, 429),
    "POST": (400, 401, 403, 404, 406, 409, 412, 415, 422, 428, 429),
    "PATCH": (400, 401, 403, 404, 406, 409, 412, 415, 428, 429),
    "DELETE": (400, 401, 403, 404, 406, 409, 412, 428, 429),
}


class Schema(AutoSchema):
    def get_description(self) -> str:
        """What the bases say of themselves is for whoever writes a viewset, not for whoever calls it."""
        said = super().get_description()
        return "" if said in map(getdoc, type(self.view).__mro__[1:]) else said

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            wanted = [IDEMPOTENCY]
            return [*wanted, IF_MATCH] if getattr(self.view, "detail", False) else wanted
        return [IF_MATCH] if self.method in ("PATCH", "DELETE") and self._has_version() else []

    def _has_version(self) -> bool:
        """What is nobody else's to change has none: followers, reminders, files."""
        model = getattr(self.view, "model", None)
        return isinstance(model, type) and issubclass(model, Record)

    def get_response_serializers(self) -> Any:
        found = super().get_response_serializers()
        if not isinstance(found, dict):
            code = (
                "201" if self.method == "POST" and not self.view.detail else "204" if self.method == "DELETE" else "200"
            )
            found = {code: None if code == "204" else found}
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction=direction)
        for status in PROBLEMS.get(self.method, ()):
            bodies.setdefault(
                str(status),
                self._get_response_for_code(
                    OpenApiResponse(Problem), str(status), media_types=["application/problem+json"], direction=direction
                ),
            )
        return bodies
