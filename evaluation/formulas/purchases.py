"""When will they buy again? BG/NBD and MBG/NBD, for customers without a contract.

While active a customer buys at random at a rate of their own (gamma distributed over customers: r, alpha),
and after each purchase drops out with a probability of their own (beta distributed: a, b). In the BG/NBD
(Fader, Hardie & Lee 2005, Marketing Science 24(2):275-284) nobody drops out before the first repeat
purchase, so a customer who never came back counts as active for ever: never use its probability of being
active as a churn risk. In the MBG/NBD (Batislam, Denizel & Filiztekin 2007, IJRM 24(3):201-209) the first
purchase can be the last as well.

A customer is summed up by `frequency` (repeat purchases, those of one day being one), `recency` (first to
last purchase) and `age` (first purchase to the end of observation), both times in one unit, usually weeks.
All functions take numbers or arrays of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1

from evaluation.formulas.likelihood import at_bound, search

Floats = NDArray[np.float64]

ENOUGH_CUSTOMERS = 200
ENOUGH_REPEATERS = 100


@dataclass(frozen=True)
class PurchaseModel:
    """A fitted model. alpha is in the unit of time of the data, the others have none.

    drops_out_at_first tells the MBG/NBD from the BG/NBD. at_bound: the data do not determine the
    parameters, which ran to the end of the search; do not show such a model.
    """

    r: float
    alpha: float
    a: float
    b: float
    drops_out_at_first: bool
    log_likelihood: float
    customers: int
    at_bound: bool = False

    def expected_purchases(self, time: ArrayLike) -> Floats:
        """Expected repeat purchases of a new customer within `time` after their first."""
        first = self.b / (self.a + self.b) if self.drops_out_at_first else 1.0
        return first * self._while_active(np.asarray(time, float), np.zeros(1), np.zeros(1)).reshape(np.shape(time))

    def probability_active(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Probability of being active at `age`, 0...1. In the BG/NBD 1 for whoever never bought again."""
        x, last, now = _customers(frequency, recency, age)
        chances = self.b + x - 1 + self.drops_out_at_first
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(self.a) - np.log(chances) + (self.r + x) * np.log((self.alpha + now) / (self.alpha + last))
        active: Floats = expit(-odds)
        return active if self.drops_out_at_first else np.where(x > 0, active, 1.0)

    def expected_future_purchases(
        self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """Expected purchases within `time` from now, given what each customer did until `age`."""
        x, _, now = _customers(frequency, recency, age)
        active = self.probability_active(frequency, recency, age)
        return active * self._while_active(np.asarray(time, float), x, now)

    def _while_active(self, time: Floats, x: Floats, now: Floats) -> Floats:
        """Expected purchases within `time` of someone active at `now`.

        Euler's transformation leaves the frequency in the third argument of 2F1 only, which keeps it
        stable for very frequent buyers. At a = 1 the formula is 0/0; beside it, it is not.
        """
        a = self.a + 2e-6 if abs(self.a - 1) < 1e-6 else self.a
        total = a + self.b + x - 1 + self.drops_out_at_first
        z = time / (self.alpha + now + time)
        series = hyp2f1(a - 1, total - x - self.r, total, z)
        result: Floats = total / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
        return result


def fit_bg_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> PurchaseModel:
    """The BG/NBD of greatest likelihood. ValueError for data that cannot be, or without a repeat purchase."""
    return _fit(frequency, recency, age, drops_out_at_first=False)


def fit_mbg_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> PurchaseModel:
    """The MBG/NBD of greatest likelihood. ValueError for data that cannot be, or without a repeat purchase."""
    return _fit(frequency, recency, age, drops_out_at_first=True)


def enough_purchases(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> bool:
    """Whether the data can carry a model: 200 customers, 100 repeaters, and a median gap of history."""
    x, last, now = _customers(frequency, recency, age)
    repeats = x > 0
    if len(x) < ENOUGH_CUSTOMERS or repeats.sum() < ENOUGH_REPEATERS:
        return False
    return bool(now.max() >= np.median(last[repeats] / x[repeats]))


def log_likelihood(
    parameters: tuple[float, float, float, float],
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    drops_out_at_first: bool,
) -> float:
    """Log-likelihood of (r, alpha, a, b), without the terms that hold no parameter (as published)."""
    histories = _histories(*_customers(frequency, recency, age))
    value, _ = _likelihood(np.asarray(parameters, float), histories, drops_out_at_first)
    return value


def _customers(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, last, now = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (frequency, recency, age)))
    if not (np.isfinite(x).all() and np.isfinite(last).all() and np.isfinite(now).all()):
        raise ValueError("Frequency, recency and age must be numbers.")
    if (x < 0).any() or (x != np.floor(x)).any():
        raise ValueError("A frequency is a whole number of repeat purchases, 0 or more.")
    if (last < 0).any() or (last > now).any():
        raise ValueError("A recency lies between 0 and the customer's age.")
    if ((x == 0) != (last == 0)).any():
        raise ValueError("A customer has a recency above 0 exactly when they bought again.")
    return x, last, now


@dataclass(frozen=True)
class _Histories:
    """Customers with equal histories taken together, and which of the few frequencies each row has."""

    last: Floats
    now: Floats
    weight: Floats
    frequencies: Floats
    row: NDArray[np.intp]


def _histories(x: Floats, last: Floats, now: Floats) -> _Histories:
    rows, weight = np.unique(np.column_stack([x, last, now]), axis=0, return_counts=True)
    frequencies, row = np.unique(rows[:, 0], return_inverse=True)
    return _Histories(rows[:, 1], rows[:, 2], weight.astype(float), frequencies, row)


def _likelihood(parameters: Floats, data: _Histories, drops_out_at_first: bool) -> tuple[float, Floats]:
    """The log-likelihood and its gradient in (r, alpha, a, b)."""
    r, alpha, a, b = parameters
    # What depends on the frequency alone is worked out once for each of them, then dealt out to the rows.
    chances = data.frequencies + int(drops_out_at_first)  # occasions on which the customer did not drop out
    buys = r + data.frequencies
    could_go = chances > 0
    left = np.where(could_go, b + chances - 1, 1.0)
    common = gammaln(buys) - gammaln(r) + r * np.log(alpha) + betaln(a, b + chances) - betaln(a, b)
    log_odds = np.where(could_go, np.log(a) - np.log(left), -np.inf)
    since_now, since_last = np.log(alpha + data.now), np.log(alpha + data.last)
    active = -buys[data.row] * since_now
    gone = log_odds[data.row] - buys[data.row] * since_last
    either = np.logaddexp(active, gone)
    is_gone = np.exp(gone - either) * data.weight
    is_active = data.weight - is_gone
    count = np.bincount(data.row, data.weight)
    gone_by_frequency = np.bincount(data.row, is_gone)
    chance_terms = count * (digamma(a + b) - digamma(a + b + chances))
    by_rate = buys[data.row] * (is_active / (alpha + data.now) + is_gone / (alpha + data.last))
    gradient = [
        count @ (digamma(buys) - digamma(r) + np.log(alpha)) - is_active @ since_now - is_gone @ since_last,
        count.sum() * r / alpha - by_rate.sum(),
        (chance_terms + gone_by_frequency / a).sum(),
        (chance_terms + count * (digamma(b + chances) - digamma(b)) - gone_by_frequency / left).sum(),
    ]
    return float(count @ common + data.weight @ either), np.array(gradient)


def _fit(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, *, drops_out_at_first: bool) -> PurchaseModel:
    x, last, now = _customers(frequency, recency, age)
    if not (x > 0).any():
        raise ValueError("Nobody bought a second time: there is nothing to fit.")
    # Time in units of the longest age keeps the search well scaled.
    scale, n = float(now.max()), len(x)
    data = _histories(x, last / scale, now / scale)

    def badness(logs: Floats) -> tuple[float, Floats]:
        value, gradient = _likelihood(np.exp(logs), data, drops_out_at_first)
        return -value / n, -gradient * np.exp(logs) / n

    logs = search(badness, [(0.5, 0.2, 1.0, 2.0), (1.0, 1.0, 0.5, 3.0), (0.2, 0.05, 0.3, 0.3), (2.0, 0.5, 2.0, 8.0)])
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    alpha *= scale
    value = log_likelihood((r, alpha, a, b), x, last, now, drops_out_at_first=drops_out_at_first)
    return PurchaseModel(r, alpha, a, b, drops_out_at_first, value, n, at_bound(logs))
