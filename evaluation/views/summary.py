"""What of evaluation stands on a customer's one page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web import formats
from customers.models import Customer, summary
from evaluation.models import HealthScore


def health(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = HealthScore.objects.visible_to(user).filter(customer=customer).first()
    if found is None or found.score is None:
        return []
    return [[f"{formats.number(round(found.score))} / 100", str(found.get_band_display())]]


def register() -> None:
    summary.register("health", title=_("Health"), lines=health, order=60)
