"""Customer lifetime value: which model for whom, and what their predictions are worth together.

Orders at any time: `fit_bg_nbd` or `fit_mbg_nbd` for when, `fit_gamma_gamma` for how much, `customer_value`
for both. Contracts: `fit_sbg`. Value of a segment is the sum over its customers; that of one customer is
noisy and should be shown so. The value reaches to a horizon and should be called by it, not "lifetime".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.formulas.purchases import PurchaseModel, enough_purchases, fit_bg_nbd, fit_mbg_nbd
from evaluation.formulas.renewals import RenewalModel, enough_renewals, fit_sbg
from evaluation.formulas.spending import SpendingModel, fit_gamma_gamma

__all__ = [
    "PurchaseModel",
    "RenewalModel",
    "SpendingModel",
    "constant_retention_value",
    "customer_value",
    "enough_purchases",
    "enough_renewals",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_sbg",
    "periodic_rate",
]

WEEKS_PER_YEAR = 52


def periodic_rate(annual: float, periods_per_year: float = WEEKS_PER_YEAR) -> float:
    """The discount rate per period that makes up an annual one: (1 + d)^(1/52) - 1 for weeks."""
    if annual <= -1 or periods_per_year <= 0:
        raise ValueError("A discount rate is above -100 % and a year has periods.")
    return float((1 + annual) ** (1 / periods_per_year) - 1)


def customer_value(
    purchases: PurchaseModel,
    spending: SpendingModel,
    *,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    mean_value: ArrayLike,
    horizon: int,
    margin: float = 1.0,
    annual_discount: float = 0.1,
    periods_per_year: float = WEEKS_PER_YEAR,
) -> NDArray[np.float64]:
    """Expected discounted margin of each customer over the next `horizon` periods, in the currency of the model.

    Periods are those of `recency` and `age` (weeks; say so in `periods_per_year` if not). mean_value: of
    the `frequency` orders, ignored where that is 0. margin: share of the value that is margin. Each
    period's purchases are discounted from its end.
    """
    if horizon < 0 or horizon != int(horizon):
        raise ValueError("A horizon is a whole number of periods.")
    rate = periodic_rate(annual_discount, periods_per_year)
    ends = np.arange(1, int(horizon) + 1)
    value = spending.expected_value(frequency, mean_value)
    total = np.zeros(np.broadcast_shapes(np.shape(value), np.atleast_1d(age).shape, np.atleast_1d(recency).shape))
    before = np.zeros_like(total)
    for end in ends:
        until = purchases.expected_future_purchases(float(end), frequency, recency, age)
        total = total + (until - before) / (1 + rate) ** float(end)
        before = until
    return margin * value * total


def constant_retention_value(margin: float, retention: float, discount: float) -> dict[str, float]:
    """The textbook value of a contract with one retention rate, in the three conventions that circulate.

    margin and rates per period; keys: "first payment now" m(1+d)/(1+d-r), "first payment if renewed"
    m r/(1+d-r), "first payment at the end" m/(1+d-r) (Fader & Hardie 2012, note 024). To explain with, not
    to value with: one rate for all underestimates those who stay.
    """
    if not 0 <= retention <= 1 or discount < 0 or 1 + discount <= retention:
        raise ValueError("Retention lies between 0 and 1 and below 1 + discount, which is not negative.")
    rest = 1 + discount - retention
    return {
        "first payment now": margin * (1 + discount) / rest,
        "first payment if renewed": margin * retention / rest,
        "first payment at the end": margin / rest,
    }
