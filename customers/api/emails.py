"""Letters over HTTP: one's own, and those that were shared; written, shared and tried again by the same actions."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards, kinds
from crm.access.permissions import Verb
from crm.actions import enclosures
from crm.api.filters import MomentFilter
from crm.api.idempotency import once
from crm.api.serializers import RecordSerializer, ScopedRelatedField, validated
from crm.api.viewsets import ReadViewSet
from crm.models import Attachment
from customers.actions import emails
from customers.actions.emails import Draft
from customers.models import Contact, Customer, Email, before_customers, mail_fields


def record_about(values: Any, user: Any) -> Any:
    """What the letter is about, if it says so and the person may see it."""
    code, pk = values.get("about_kind", ""), values.get("about_id")
    if not code and pk is None:
        return None
    rows = kinds.rows_of(code)
    found = rows.visible_to(user).filter(pk=pk).first() if rows is not None else None  # type: ignore[attr-defined]
    if found is None:
        raise serializers.ValidationError({"about_id": [_("There is no such record, or it is not yours to see.")]})
    return found


def _person(found: Any) -> Contact | None:
    """A lead stands in for one in templates."""
    return found if isinstance(found, Contact) else None


class EmailFilter(filters.FilterSet):
    since = MomentFilter("at", "gte", label="Sent or received at or after")

    class Meta:
        model = Email
        fields = ("owner", "customer", "contact", "about_kind", "about_id", "direction", "state")


class EmailSerializer(RecordSerializer):
    class Meta:
        model = Email
        fields = (
            "id", "kind", "url", "owner", "customer", "contact", "about_kind", "about_id", "answers", "activity",
            "direction", "state", "sender", "to", "cc", "subject", "text", "attachments", "at", "is_shared",
            "is_automatic", "problem",
        )  # fmt: skip
        read_only_fields = fields


class WritingSerializer(serializers.Serializer):
    """A letter to send. Fields like {contact.name} are filled in; what is not known is refused."""

    customer = ScopedRelatedField(Customer, required=False, help_text="Needed unless the letter is about a lead.")
    about_kind = serializers.CharField(required=False, help_text="`lead`, `opportunity`: what the letter is about")
    about_id = serializers.IntegerField(required=False)
    contact = ScopedRelatedField(Contact, required=False)
    answers = ScopedRelatedField(Email, required=False)
    letter = serializers.IntegerField(
        required=False, help_text="Of the lead's own letters (`/leads/{id}/letters/`) the one that this answers."
    )
    to = serializers.ListField(
        child=serializers.EmailField(), required=False, max_length=emails.RECEIVERS,
        help_text="Without it, to the contact's first address, or the lead's: also where the caller is not shown it.",
    )  # fmt: skip
    cc = serializers.ListField(child=serializers.EmailField(), required=False, max_length=emails.RECEIVERS)
    subject = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=100_000)
    is_shared = serializers.BooleanField(default=True)
    files = ScopedRelatedField(
        Attachment, many=True, required=False, help_text="Ids of files of records, of which copies are enclosed."
    )

    def answered(self, about: Any) -> Any:
        """The letter it answers: one of ours or to us, or what the lead it is about wrote by itself."""
        values = self.validated_data
        if "letter" not in values or "answers" in values:
            return values.get("answers")
        letters = before_customers.first_letters(about)
        found = letters.filter(pk=values["letter"]).first() if letters is not None else None
        if found is None:
            raise serializers.ValidationError({"letter": [_("The lead wrote no such letter.")]})
        return found

    def draft(self, about: Any) -> Draft:
        values = self.validated_data
        to, cc = ([address.lower() for address in values.get(name, ())] for name in ("to", "cc"))
        person = values.get("contact") or (about if before_customers.is_one(about) else None)
        if not to and (person is None or not person.email):
            raise serializers.ValidationError({"to": [_("Say whom the letter goes to.")]})
        to = to or [person.email]
        return Draft(to, values["subject"], values["text"], cc)


@extend_schema_view(list=extend_schema(summary="Emails: one's own and those that were shared"))
class EmailViewSet(ReadViewSet):
    model = Email
    serializer_class = EmailSerializer
    filterset_class = EmailFilter
    ordering = ("at", "pk")
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=WritingSerializer, responses={201: EmailSerializer}, summary="Send an email to a customer")
    def create(self, request: Request) -> Response:
        user: Any = request.user
        wanted = WritingSerializer(data=request.data, context=self.get_serializer_context())
        validated(wanted)
        values = wanted.validated_data
        customer, contact = values.get("customer"), values.get("contact")
        about = record_about(values, user)

        def write() -> Response:
            around, answered = mail_fields.around_letter(user, customer, contact, about), wanted.answered(about)
            email = emails.write(
                emails.filled(wanted.draft(about), around, answered),
                customer=customer, contact=contact or _person(around.get("contact")), about=about,
                answers=answered, is_shared=values["is_shared"], by=user, at=timezone.now(),
                enclosed=[enclosures.of_file(each) for each in values.get("files", ())],
            )  # fmt: skip
            return Response(self.get_serializer(email).data, status=201)

        return once(request, write)

    @extend_schema(request=None, responses=EmailSerializer, summary="Share an email with all who see the customer")
    @action(detail=True, methods=["post"], url_path="sharing", verb=Verb.EDIT)
    def sharing(self, request: Request, pk: int) -> Response:
        return self._with(request, emails.share)

    @extend_schema(request=None, responses=EmailSerializer, summary="Keep an email private again")
    @action(detail=True, methods=["post"], url_path="privacy", verb=Verb.EDIT)
    def privacy(self, request: Request, pk: int) -> Response:
        return self._with(request, emails.keep_private)

    @extend_schema(request=None, responses=EmailSerializer, summary="Try again to send an email that could not be sent")
    @action(detail=True, methods=["post"], url_path="resending", verb=Verb.EDIT)
    def resending(self, request: Request, pk: int) -> Response:
        return self._with(request, emails.try_again)

    def _with(self, request: Request, act: Any) -> Response:
        email = guards.get_permitted(Email.objects.all(), request.user, Verb.EDIT, pk=self.kwargs["pk"])

        def write() -> Response:
            act(email, by=request.user, at=timezone.now())
            email.refresh_from_db()
            return Response(self.get_serializer(email).data)

        return once(request, write)

    def _mine(self) -> Any:
        from crm.access import guards

        return guards.get_permitted(Email.objects.all(), self.request.user, Verb.EDIT, pk=self.kwargs["pk"])
