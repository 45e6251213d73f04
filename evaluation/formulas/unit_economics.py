"""What may be held against what, where customers' value is compared with their cost. Pure."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """What is added up of a customer."""

    REVENUE = "revenue"
    MARGIN = "margin"  # revenue less what the goods cost


class Load(StrEnum):
    """What is added up of the costs of winning customers."""

    PAID = "paid"  # media and advertising only
    FULL = "full"  # and agencies, salaries, tools and the rest


def check_ratio(value: Basis, cost: Load) -> None:
    """ValueError for revenue against fully loaded cost: the cost is complete and the value is not yet less the goods,
    so the ratio flatters by whatever the goods cost. Margin fits both; revenue only what was paid for advertising."""
    if value == Basis.REVENUE and cost == Load.FULL:
        raise ValueError("Revenue is not held against fully loaded cost: take the margin, or paid cost alone.")
