"""How much will an order be worth? The Gamma-Gamma model of the value per order.

Orders of a customer scatter round a mean of their own, and these means are distributed over customers with
parameters p, q and gamma (Fader, Hardie & Lee 2005, JMR 42:415-430; Fader & Hardie 2013, note 025). A few
dear orders are therefore believed only in part. It assumes that value and frequency are independent: see
`correlation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from evaluation.formulas.likelihood import at_bound, search

Floats = NDArray[np.float64]

TOO_CORRELATED = 0.3


@dataclass(frozen=True)
class SpendingModel:
    """A fitted model; gamma is in the currency of the data. correlation: of value and frequency, -1...1.

    at_bound: the data do not determine the parameters; do not show such a model.
    """

    p: float
    q: float
    gamma: float
    correlation: float
    log_likelihood: float
    customers: int
    at_bound: bool = False

    @property
    def is_dependent(self) -> bool:
        """Whether value and frequency go together more than the model allows: warn."""
        return abs(self.correlation) > TOO_CORRELATED

    @property
    def mean(self) -> float | None:
        """Expected value per order of a customer not yet known; None where the model has no finite mean."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else None

    def expected_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Expected value per order of customers with `frequency` orders worth `mean_value` on average.

        With no orders it is the mean of all customers (NaN where there is none). Same currency as fitted.
        """
        x, value = _orders(frequency, mean_value)
        known = self.p * x + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = self.p * (self.gamma + x * value) / known
        return np.where(known > 0, expected, np.nan)


def fit_gamma_gamma(frequency: ArrayLike, mean_value: ArrayLike) -> SpendingModel:
    """The Gamma-Gamma model of greatest likelihood.

    frequency: number of orders that `mean_value` is the mean of; customers with none are passed over.
    ValueError for a value that is not above 0 and for fewer than two customers with orders.
    """
    x, value = _orders(frequency, mean_value)
    x, value = x[x > 0], value[x > 0]
    if len(x) < 2:
        raise ValueError("A model of spending needs at least two customers with orders.")
    if (value <= 0).any():
        raise ValueError("The mean value of orders is above 0.")
    scale = float(value.mean())

    def badness(logs: Floats) -> tuple[float, Floats]:
        result, gradient = _likelihood(np.exp(logs), x, value / scale)
        return -result / len(x), -gradient * np.exp(logs) / len(x)

    logs = search(badness, [(2.0, 4.0, 2.0), (6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (20.0, 20.0, 1.0)])
    p, q, gamma = (float(part) for part in np.exp(logs))
    gamma *= scale
    total, _ = _likelihood(np.array([p, q, gamma]), x, value)
    spread = x.std() > 0 and value.std() > 0
    correlation = float(np.corrcoef(x, value)[0, 1]) if spread else 0.0
    return SpendingModel(p, q, gamma, correlation, total, len(x), at_bound(logs))


def _orders(frequency: ArrayLike, mean_value: ArrayLike) -> tuple[Floats, Floats]:
    x, value = np.broadcast_arrays(
        np.atleast_1d(np.asarray(frequency, float)), np.atleast_1d(np.asarray(mean_value, float))
    )
    if (x < 0).any() or not np.isfinite(x).all():
        raise ValueError("A number of orders cannot be negative.")
    value = np.where(x > 0, value, 0.0)
    if not np.isfinite(value).all():
        raise ValueError("The mean value of orders must be a number.")
    return x, value


def _likelihood(model: Floats, x: Floats, value: Floats) -> tuple[float, Floats]:
    """The log-likelihood of (p, q, gamma) and its gradient."""
    p, q, gamma = model
    orders, spent = p * x, gamma + x * value
    terms = gammaln(orders + q) - gammaln(orders) - gammaln(q) + q * np.log(gamma)
    terms = terms + (orders - 1) * np.log(value) + orders * np.log(x) - (orders + q) * np.log(spent)
    gradient = np.array(
        [
            (x * (digamma(orders + q) - digamma(orders) + np.log(value) + np.log(x) - np.log(spent))).sum(),
            (digamma(orders + q) - digamma(q) + np.log(gamma) - np.log(spent)).sum(),
            (q / gamma - (orders + q) / spent).sum(),
        ]
    )
    return float(terms.sum()), gradient
