"""Opportunities that are long closed, many at once: what win probabilities are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from customers.sales.models import Opportunity, StageChange
from tests.factories.sales import default_pipeline

Step = tuple[str, float]  # the stage, and how many days after the opening it was entered


def tell(count: int, steps: Sequence[Step], *, opened: datetime, **fields: Any) -> list[Opportunity]:
    """So many opportunities that went through these stages."""
    pipeline = default_pipeline()
    stages = {one.name: one for one in pipeline.stages.all()}
    moments = [(stages[name], opened + timedelta(days=days)) for name, days in steps]
    last, since = moments[-1]
    owner, amounts = fields.pop("owner", None), fields.pop("amounts", [None] * count)
    made = Opportunity.objects.bulk_create(
        Opportunity(
            name="Earlier", pipeline=pipeline, stage=last, stage_since=since, opened_at=opened,
            currency=settings.CURRENCY, closed_at=None if last.is_open else since, created_at=opened,
            updated_at=since, owner=owner, team=owner and owner.team, amount=amounts[place], **fields,
        )
        for place in range(count)
    )  # fmt: skip
    StageChange.objects.bulk_create(
        StageChange(
            opportunity=one, pipeline=pipeline, from_stage=before, to_stage=stage, outcome=stage.outcome, at=at,
            recorded_at=at, amount=one.amount, currency=settings.CURRENCY, probability=stage.probability,
            customer=one.customer,
        )
        for one in made
        for before, (stage, at) in zip([None, *(stage for stage, _ in moments)], moments, strict=False)
    )  # fmt: skip
    return made
