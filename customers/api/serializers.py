from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm.api.custom_fields import CustomValues, FormulaValues
from crm.api.serializers import COMMON, READ_ONLY, ScopedRelatedField
from customers.actions.activities import NextStep
from customers.api.about import AboutSerializer
from customers.api.duplicates import ALLOWING
from customers.api.reaching import ReachedSerializer
from customers.models import Activity, Contact, Customer, CustomerContact, Task


class CustomerSerializer(ReachedSerializer):
    custom = CustomValues()
    formulas = FormulaValues()
    located_by = serializers.CharField(
        read_only=True, help_text='"entered" or "imported"; empty without coordinates: it is where its city is.'
    )
    allow_duplicate = serializers.BooleanField(**ALLOWING)

    class Meta:
        model = Customer
        fields = (
            *COMMON, "name", "form", "lifecycle", "churn_reason", "won_back_at", "tier", "channel",
            "campaign", "first_contact_on", "referred_by", "industry", "number", "website", "email", "phone",
            "city", "country", "latitude", "longitude", "located_by", "founded", "employees", "annual_revenue",
            "parent", "do_not_contact", "do_not_contact_reason", "points", "tags", "notes", "custom", "formulas",
            "health", "last_activity_at", "allow_duplicate",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "won_back_at", "located_by", "health", "last_activity_at")


class RollUpSerializer(serializers.Serializer):
    """As far as the caller may see: customers, and of each figure the records its role shows."""

    customers = serializers.ListField(child=serializers.IntegerField(), help_text="This one first, then those below.")
    last_contact_at = serializers.DateTimeField(allow_null=True)
    figures = serializers.DictField(
        child=serializers.JSONField(),
        help_text="open, won, monthly_value: sums of money, what has no rate in its own currency; open_tickets.",
    )


class CustomerContactSerializer(serializers.ModelSerializer):
    class Meta:
        model = CustomerContact
        fields = ("customer", "role", "is_main", "started_on", "ended_on")
        read_only_fields = fields


class WorksAtShape(serializers.Serializer):
    """What is not said of somebody who works there already: no role, and the first day as it is."""

    customer = ScopedRelatedField(model=Customer)
    role = serializers.CharField(max_length=80, required=False, allow_blank=True)
    started_on = serializers.DateField(required=False)
    is_main = serializers.BooleanField(required=False)


class LeavingShape(serializers.Serializer):
    customer = ScopedRelatedField(model=Customer)
    on = serializers.DateField(required=False, help_text="The last day; today where it is not said.")


class ContactSerializer(ReachedSerializer):
    customers = serializers.SerializerMethodField()
    customer = ScopedRelatedField(
        model=Customer, write_only=True, required=False, help_text="On creation: the first customer."
    )
    role = serializers.CharField(max_length=80, write_only=True, required=False, help_text="The role there.")
    custom = CustomValues()
    formulas = FormulaValues()
    allow_duplicate = serializers.BooleanField(**ALLOWING)

    class Meta:
        model = Contact
        fields = (
            *COMMON, "name", "email", "phone", "language", "birthday", "do_not_contact", "do_not_contact_reason",
            "points", "tags", "notes", "custom", "formulas", "customers", "customer", "role",
            "allow_duplicate",
        )  # fmt: skip
        read_only_fields = READ_ONLY

    def get_customers(self, contact: Contact) -> list[dict[str, Any]]:
        """Only those the caller may see."""
        links = getattr(contact, "seen_links", None)
        if links is None:
            seen = Customer.objects.visible_to(self.context["request"].user)
            links = contact.customer_links.filter(customer__in=seen)
        return list(CustomerContactSerializer(links, many=True).data)


class NextStepShape(serializers.Serializer):
    """What comes next, or why nothing does. In a serializer of its own so that several take it alike."""

    next_title = serializers.CharField(max_length=200, required=False, write_only=True, help_text="Becomes a task.")
    next_due_at = serializers.DateTimeField(required=False, allow_null=True, write_only=True)
    overriding = serializers.CharField(
        max_length=200, required=False, write_only=True,
        help_text="Why nothing comes next although the record asks for it; for whoever may.",
    )  # fmt: skip


def next_step_of(said: dict[str, Any]) -> dict[str, Any]:
    """Takes the fields of NextStepShape out of what was said, as the actions take them."""
    title, due_at = said.pop("next_title", ""), said.pop("next_due_at", None)
    return {"next_step": NextStep(title, due_at) if title else None, "overriding": said.pop("overriding", "")}


class ActivitySerializer(NextStepShape, AboutSerializer):
    class Meta:
        model = Activity
        fields = (
            *COMMON, "customer", "type", "direction", "outcome", "at", "duration", "subject", "body", "contacts",
            "about_kind", "about_id", "next_title", "next_due_at", "overriding",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "team")
        extra_kwargs = {
            "at": {"required": False},
            "contacts": {"required": False},
            "customer": {"required": False, "help_text": "Not needed where what it belongs to has one."},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        comes_next = next_step_of(attrs)  # said when it is made, and then a task of its own
        return attrs | comes_next if self.instance is None else attrs


class TaskSerializer(AboutSerializer):
    repetition = serializers.SerializerMethodField(help_text="How it comes again, as an RFC 5545 rule.")

    class Meta:
        model = Task
        fields = (
            *COMMON, "title", "notes", "type", "starts_at", "due_at", "all_day", "priority", "customer", "contact",
            "done_at", "done_by", "about_kind", "about_id", "repetition",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "team", "done_at", "done_by")

    def get_repetition(self, task: Task) -> str | None:
        series = task.series
        return series.rule if series is not None and not series.has_ended else None


class ResultSerializer(NextStepShape):
    """What came of a task. With a customer it is noted as an activity; the next step becomes a task."""

    type = serializers.ChoiceField(choices=Activity.Type.choices, default=Activity.Type.CALL)
    outcome = serializers.ChoiceField(choices=Activity.Outcome.choices, required=False)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(required=False, allow_blank=True)

    def happened(self) -> dict[str, Any]:
        names = ("type", "outcome", "subject", "body")
        return {name: self.validated_data[name] for name in names if name in self.validated_data}

    def what_comes_next(self) -> dict[str, Any]:
        return next_step_of({**self.validated_data})
