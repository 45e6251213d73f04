"""What history says of an opportunity, over HTTP: read only, as on its page."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from customers.models import Customer
from customers.sales.models import Opportunity, WinFactor
from customers.sales.models.win_chance import LEAST
from customers.sales.models.win_reasons import Said, said_of


class WinReasonSerializer(serializers.ModelSerializer):
    """Of the earlier opportunities that reached the stage, those with this attribute."""

    attribute = serializers.CharField(read_only=True, help_text="age, amount, customer, channel or tier")
    is_used = serializers.SerializerMethodField(help_text="False where they are too few to count.")

    class Meta:
        model = WinFactor
        fields = ("attribute", "value", "reached", "won", "effect", "is_used")
        read_only_fields = fields
        extra_kwargs = {"effect": {"help_text": "On the log-odds; below 0 it lowers the probability."}}

    def get_is_used(self, factor: WinFactor) -> bool:
        return factor.reached >= LEAST


class WinProbabilitySerializer(serializers.Serializer):
    probability = serializers.FloatField(allow_null=True, help_text="Null where nothing can be said.")
    as_of = serializers.DateTimeField(source="chance.as_of", allow_null=True, default=None)
    reached = serializers.IntegerField(source="cohort.reached", default=0, help_text="Earlier ones in the stage.")
    closed = serializers.IntegerField(help_text="Of them; `needed` have to be.")
    won = serializers.IntegerField(source="cohort.won", default=0)
    needed = serializers.IntegerField()
    reasons = WinReasonSerializer(source="factors", many=True)
    untold = serializers.FloatField(
        allow_null=True, help_text="The effect of what is known of a customer the caller may not see."
    )


def of_opportunity(opportunity: Opportunity, user: Any) -> Any:
    customers = Customer.objects.visible_to(user).filter(pk=opportunity.customer_id)
    said = said_of(opportunity, customer_is_visible=customers.exists()) or Said(None, None)
    return WinProbabilitySerializer(said).data
