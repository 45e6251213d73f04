"""Files of records over HTTP: whoever may see the record reads them, whoever may change it adds and takes away."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as Refused
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards, together
from crm.access.permissions import Verb
from crm.actions import attachments
from crm.actions.downloads import as_download
from crm.api.operations import Own
from crm.api.serializers import validated
from crm.api.viewsets import ReadViewSet, part
from crm.models import Attachment


class AttachmentFilter(filters.FilterSet):
    about_kind = filters.CharFilter("about_kind", label="Kind of the record: `customer`, `ticket`")
    about_id = filters.NumberFilter("about_id", label="Id of the record")

    class Meta:
        model = Attachment
        fields = ("about_kind", "about_id")


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ("id", "about_kind", "about_id", "name", "content_type", "size", "sha256", "by", "at")
        read_only_fields = fields


class UploadSerializer(serializers.Serializer):
    about_kind = serializers.CharField(max_length=40)
    about_id = serializers.IntegerField()
    file = serializers.FileField()


@extend_schema_view(
    list=extend_schema(summary="Files of records"),
    retrieve=extend_schema(summary="What is known of a file"),
)
class AttachmentViewSet(ReadViewSet):
    model = Attachment
    serializer_class = AttachmentSerializer
    filterset_class = AttachmentFilter
    permission_classes = [Own]
    parser_classes = [MultiPartParser]
    http_method_names = ["get", "post", "delete", "head", "options"]
    ordering = ("at", "pk")

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer},
        summary="Add a file to a record",
        description="Sent twice, the same file is there once: no Idempotency-Key is needed.",
    )
    def create(self, request: Request) -> Response:
        wanted = UploadSerializer(data=request.data)
        validated(wanted)
        values: dict[str, Any] = wanted.validated_data
        record = together.find(request.user, values["about_kind"], values["about_id"], Verb.EDIT)
        try:
            [kept] = attachments.add(record, [values["file"]], by=request.user, at=timezone.now())
        except Refused as refused:
            raise serializers.ValidationError({"file": refused.messages}) from None
        return Response(self.get_serializer(kept).data, status=201)

    @extend_schema(summary="Take a file away", responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        kept = guards.get_permitted(Attachment.objects.all(), request.user, Verb.DELETE, pk=pk)
        attachments.remove(kept, by=request.user, at=timezone.now())
        return Response(status=204)

    @part(
        "content",
        {(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
        summary="The file itself",
    )
    def content(self, request: Request, pk: int) -> FileResponse:
        return as_download(self.get_object())
