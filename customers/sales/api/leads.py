from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import fields
from crm.access.permissions import Verb
from crm.api.custom_fields import CustomValues, FormulaValues
from crm.api.serializers import COMMON, READ_ONLY, ConfiguredCodeField, RecordSerializer, ScopedRelatedField
from crm.api.viewsets import RecordViewSet, part
from customers.api.serializers import NextStepShape, next_step_of
from customers.models import Activity, Contact, Customer
from customers.sales.actions import lead_address, lead_answers, lead_assignment, lead_conversion, leads
from customers.sales.api.filters import LeadFilter
from customers.sales.models import DiscardReason, Lead, LeadLetter, LeadQuestion, Opportunity, lead_question

LETTERS = 100  # the last ones


class ScorePartSerializer(serializers.Serializer):
    name = serializers.CharField(read_only=True)
    points = serializers.IntegerField(read_only=True)


class LeadSerializer(RecordSerializer):
    score_parts = ScorePartSerializer(many=True, read_only=True, help_text="What the score is made of.")
    custom = CustomValues()
    formulas = FormulaValues()
    given = serializers.JSONField(read_only=True, help_text="By which rule its owner got it, and why.")

    class Meta:
        model = Lead
        fields = (
            *COMMON, "name", "organisation", "email", "email_failed_at", "phone", "channel", "campaign", "product",
            "employees",
            "country", "province", "city", "language", "note", "custom", "formulas", "state", "reason", "score",
            "score_parts", "given", "contact_due_at", "first_contact_at", "answered_at", "customer", "contact",
            "opportunity", "converted_at",
        )  # fmt: skip
        read_only_fields = (
            *READ_ONLY, "email_failed_at", "state", "reason", "score", "contact_due_at", "first_contact_at",
            "answered_at", "customer", "contact", "opportunity", "converted_at",
        )  # fmt: skip


class DiscardSerializer(serializers.Serializer):
    reason = ConfiguredCodeField(DiscardReason)


class ContactMadeSerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=Activity.Type.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class FirstOpportunitySerializer(NextStepShape, serializers.ModelSerializer):
    overriding = None  # said of the whole conversion

    class Meta:
        model = Opportunity
        fields = ("name", "stage", "amount", "currency", "expected_close", "next_title", "next_due_at")
        extra_kwargs = {"stage": {"required": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        step = next_step_of(attrs)["next_step"]
        return attrs | ({"next_step": step} if step else {})


class ConversionSerializer(serializers.Serializer):
    """Nothing given: a new customer and a new contact."""

    customer = ScopedRelatedField(Customer, required=False)
    contact = ScopedRelatedField(Contact, required=False)
    opportunity = FirstOpportunitySerializer(required=False)
    overriding = serializers.CharField(
        required=False, allow_blank=True, max_length=500,
        help_text="Why it is converted although required questions have no answer, for whoever may do that.",
    )  # fmt: skip


class QualificationSerializer(serializers.Serializer):
    """A line of the checklist."""

    question = serializers.IntegerField(source="question.pk", read_only=True)
    text = serializers.CharField(source="question.text", read_only=True)
    is_required = serializers.BooleanField(source="question.is_required", read_only=True)
    answer = serializers.CharField(source="answer.text", read_only=True, default="")
    at = serializers.DateTimeField(source="answer.at", read_only=True, default=None, allow_null=True)


class LeadLetterSerializer(serializers.ModelSerializer):
    """What the lead wrote by itself. Answered with `POST /emails/` and its id as `letter`."""

    answered_by = serializers.IntegerField(source="answer.owner_id", default=None, read_only=True)
    answered_at = serializers.DateTimeField(source="answer.at", default=None, read_only=True)

    class Meta:
        model = LeadLetter
        fields = ("id", "sender", "subject", "text", "attachments", "at", "answered_by", "answered_at")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> Any:
        with fields.covered():
            return super().to_representation(instance)


class LeadAnswerSerializer(serializers.Serializer):
    question = serializers.PrimaryKeyRelatedField(queryset=LeadQuestion.objects.active())  # scoped: configuration
    answer = serializers.CharField(allow_blank=True, max_length=500, help_text="Empty takes the answer back.")


class LeadAnswersSerializer(serializers.Serializer):
    answers = LeadAnswerSerializer(many=True)


@extend_schema_view(list=extend_schema(summary="Leads"))
class LeadViewSet(RecordViewSet):
    model = Lead
    serializer_class = LeadSerializer
    filterset_class = LeadFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Lead:
        return leads.create(by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Lead, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return leads.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Lead, *, by: Any, at: datetime) -> None:
        leads.delete(record, by=by, at=at)

    @extend_schema(request=None, responses=LeadSerializer, summary="Take a lead that is nobody's")
    @action(detail=True, methods=["post"], url_path="taking", verb=Verb.EDIT)
    def taking(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, leads.take)

    @extend_schema(request=None, responses=LeadSerializer, summary="Give a lead that is nobody's by rules")
    @action(detail=True, methods=["post"], url_path="assignment", verb=Verb.EDIT)
    def assignment(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, lead_assignment.assign)

    @part("checklist", QualificationSerializer(many=True), summary="The qualification checklist")
    def checklist(self, request: Request, pk: int) -> Response:
        return Response(QualificationSerializer(lead_question.checklist(self.get_object()), many=True).data)

    @part("letters", LeadLetterSerializer(many=True), summary="What the lead wrote before anybody answered")
    def letters(self, request: Request, pk: int) -> Response:
        return Response(LeadLetterSerializer(LeadLetter.shown_of(self.get_object(), LETTERS), many=True).data)

    @extend_schema(request=LeadAnswersSerializer, responses=LeadSerializer, summary="Answer questions")
    @action(detail=True, methods=["post"], url_path="answers", verb=Verb.EDIT)
    def answers(self, request: Request, pk: int) -> Response:
        def answer(record: Lead, *, by: Any, at: datetime, answers: list[dict[str, Any]]) -> Lead:
            said = {one["question"]: one["answer"] for one in answers}
            return lead_answers.answer(record, answers=said, by=by, at=at)

        return self.carry_out(request, answer, LeadAnswersSerializer)

    @extend_schema(request=None, responses=LeadSerializer, summary="Mail came back, but the address is right")
    @action(detail=True, methods=["post"], url_path="address/trusting", verb=Verb.EDIT)
    def address_trusting(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, lead_address.trust)

    @extend_schema(request=ContactMadeSerializer, responses=LeadSerializer, summary="Note a contact")
    @action(detail=True, methods=["post"], url_path="contact", verb=Verb.EDIT)
    def contact(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, leads.note_contact, ContactMadeSerializer)

    @extend_schema(request=ConversionSerializer, responses=LeadSerializer, summary="Convert")
    @action(detail=True, methods=["post"], url_path="conversion", verb=Verb.EDIT)
    def conversion(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, lead_conversion.convert, ConversionSerializer)

    @extend_schema(request=None, responses=LeadSerializer, summary="Undo the conversion")
    @action(detail=True, methods=["post"], url_path="conversion/undoing", verb=Verb.EDIT)
    def conversion_undoing(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, lead_conversion.undo_conversion)

    @extend_schema(request=DiscardSerializer, responses=LeadSerializer, summary="Discard")
    @action(detail=True, methods=["post"], url_path="discarding", verb=Verb.EDIT)
    def discarding(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, leads.discard, DiscardSerializer)

    @extend_schema(request=None, responses=LeadSerializer, summary="Open a discarded lead again")
    @action(detail=True, methods=["post"], url_path="reopening", verb=Verb.EDIT)
    def reopening(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, leads.reopen)
