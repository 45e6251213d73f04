from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.sales.models import ForecastCategory, LostReason, Pipeline, Stage

STAGES = [
    ("Qualifying", Stage.Outcome.OPEN, "0.1"),
    ("Proposal", Stage.Outcome.OPEN, "0.4"),
    ("Negotiation", Stage.Outcome.OPEN, "0.7"),
    ("Won", Stage.Outcome.WON, "1"),
    ("Lost", Stage.Outcome.LOST, "0"),
]
LIKELY, SURE = Decimal("0.4"), Decimal("0.7")  # from there on best case, and commit
REASONS = ["Price", "Chose a competitor", "No budget", "No decision", "Did not fit the need"]


@transaction.atomic
def install_default(**_: Any) -> None:
    """A pipeline to begin with, where there is none. The names are data: administrators write their own."""
    if not Pipeline.objects.exists():
        pipeline = Pipeline.objects.create(name="Sales", locks_closed=True)
        Stage.objects.bulk_create(
            Stage(
                pipeline=pipeline,
                name=name,
                position=place,
                outcome=outcome,
                probability=Decimal(probability),
                forecast_category=usual_category(outcome, Decimal(probability)),
            )
            for place, (name, outcome, probability) in enumerate(STAGES, start=1)
        )
    if not LostReason.objects.exists():
        LostReason.objects.bulk_create(LostReason(name=name) for name in REASONS)


def usual_category(outcome: str, probability: Decimal) -> str:
    """What a stage is in the forecast where nobody has said so."""
    if outcome != Stage.Outcome.OPEN or probability < LIKELY:
        return ForecastCategory.PIPELINE
    return ForecastCategory.COMMIT if probability >= SURE else ForecastCategory.BEST_CASE


def in_use(stage: Stage) -> bool:
    """Whether an opportunity is or ever was in the stage: then its history needs it."""
    from customers.sales.models import Opportunity, StageChange

    return (
        Opportunity._base_manager.filter(stage=stage).exists()
        or StageChange.objects.filter(to_stage=stage).exists()
        or StageChange.objects.filter(from_stage=stage).exists()
    )
