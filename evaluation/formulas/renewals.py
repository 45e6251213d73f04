"""How many will renew? The shifted beta-geometric model (sBG), for customers with a contract.

Each customer ends at each renewal with a probability of their own, beta distributed over customers with
alpha and beta. The cautious leave first, so the retention rate of a cohort rises with its age although no
single customer changes (Fader & Hardie 2007, Journal of Interactive Marketing 21(1):76-90).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1

from evaluation.formulas.likelihood import at_bound, search

ENOUGH_RENEWALS = 3
ENOUGH_CUSTOMERS = 50


@dataclass(frozen=True)
class RenewalModel:
    """A fitted model. Periods are those of the contract: usually years.

    at_bound: the data do not determine the parameters (all customers alike, or too few); do not show it.
    """

    alpha: float
    beta: float
    log_likelihood: float
    customers: int
    at_bound: bool = False

    def survival(self, periods: int) -> float:
        """Share of a cohort still there after `periods` renewals, 0...1."""
        if periods < 0:
            raise ValueError("A number of renewals cannot be negative.")
        return exp(_log_beta(self.alpha, self.beta + periods) - _log_beta(self.alpha, self.beta))

    def retention(self, period: int) -> float:
        """Share of those still there who make renewal number `period` (1 is the first), 0...1."""
        if period < 1:
            raise ValueError("Renewals are counted from 1.")
        return (self.beta + period - 1) / (self.alpha + self.beta + period - 1)

    def expected_renewals(self, made: int, horizon: int) -> float:
        """Expected renewals among the next `horizon`, of a customer who has made `made`."""
        if horizon < 0:
            raise ValueError("A horizon cannot be negative.")
        there = self.survival(made)
        return sum(self.survival(made + ahead) / there for ahead in range(1, horizon + 1))

    def derl(self, made: int, discount: float) -> float:
        """Discounted expected residual lifetime, in periods, of a customer who has made `made` renewals.

        Counted just before the next renewal, which is not discounted; `discount` is the rate per period,
        0.1 for 10 %. Times the margin of a period it is the residual value (Fader & Hardie 2010,
        Marketing Science 29(1):85-93, eq. 6). ValueError where it would be infinite.
        """
        if made < 0:
            raise ValueError("A number of renewals cannot be negative.")
        if discount < 0 or (discount == 0 and self.alpha <= 1):
            raise ValueError("Without a discount rate above 0 the residual lifetime has no finite value.")
        next_retention = self.retention(made + 1)
        start = self.beta + made + 1
        return float(next_retention * hyp2f1(1, start, self.alpha + start, 1 / (1 + discount)))


def fit_sbg(survivors: Sequence[int] | Sequence[Sequence[int]]) -> RenewalModel:
    """The sBG of greatest likelihood.

    survivors: how many of a cohort were there at the start and after each renewal, [1000, 869, 743, ...];
    or several cohorts, each such a list of its own length. ValueError for a cohort that grows or is
    negative, for fewer than two renewals, and where nobody left yet.
    """
    cohorts = [list(map(float, cohort)) for cohort in _cohorts(survivors)]
    for cohort in cohorts:
        if len(cohort) < 2 or cohort[0] <= 0 or cohort[-1] < 0:
            raise ValueError("A cohort has a size at its start and after at least one renewal, none negative.")
        if any(later > earlier for earlier, later in pairwise(cohort)):
            raise ValueError("The survivors of a cohort cannot become more.")
    longest = max(len(cohort) for cohort in cohorts) - 1
    lost, kept = [0.0] * longest, [0.0] * (longest + 1)
    for cohort in cohorts:
        for period, (earlier, later) in enumerate(pairwise(cohort)):
            lost[period] += earlier - later
        kept[len(cohort) - 1] += cohort[-1]
    if longest < 2 or not sum(lost):
        raise ValueError("A model of renewals needs two renewals or more, and somebody who left.")

    size = sum(cohort[0] for cohort in cohorts)

    def badness(logs: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        alpha, beta = (float(value) for value in np.exp(logs))
        value, by_alpha, by_beta = _likelihood(alpha, beta, lost, kept)
        return -value / size, np.array([-by_alpha * alpha, -by_beta * beta]) / size

    logs = search(badness, [(1.0, 1.0), (0.5, 4.0), (5.0, 20.0)])
    alpha, beta = (float(value) for value in np.exp(logs))
    return RenewalModel(alpha, beta, _likelihood(alpha, beta, lost, kept)[0], int(size), at_bound(logs))


def enough_renewals(survivors: Sequence[int]) -> bool:
    """Whether a cohort can carry a model: three renewals seen, of 50 customers or more."""
    return len(survivors) > ENOUGH_RENEWALS and survivors[0] >= ENOUGH_CUSTOMERS


def _cohorts(survivors: Sequence[int] | Sequence[Sequence[int]]) -> list[Sequence[int]]:
    cohorts = list(survivors)
    if not cohorts:
        raise ValueError("There is no cohort to fit.")
    nested = [cohort for cohort in cohorts if isinstance(cohort, Sequence)]
    return nested if len(nested) == len(cohorts) else [survivors]  # type: ignore[list-item]


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _likelihood(alpha: float, beta: float, lost: Sequence[float], kept: Sequence[float]) -> tuple[float, float, float]:
    """The log-likelihood and its derivatives by alpha and beta.

    lost[t]: left at renewal t + 1; kept[t]: still there after t renewals, and not observed longer. It takes
    the product form: who is there after t renewals was kept at each, with (beta + t) / (alpha + beta + t).
    """
    total = by_alpha = by_beta = 0.0
    there = sum(lost) + sum(kept)
    for period, gone in enumerate(lost):
        there -= kept[period]
        everyone, stay = alpha + beta + period, beta + period
        stayed = there - gone
        total += gone * log(alpha / everyone) + stayed * log(stay / everyone)
        by_alpha += gone / alpha - there / everyone
        by_beta += stayed / stay - there / everyone
        there = stayed
    return total, by_alpha, by_beta
