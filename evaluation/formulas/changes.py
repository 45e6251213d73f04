"""A change of a number split exactly into what changed in its parts, in their weights, and which parts there are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import fsum

Parts = Mapping[Hashable, tuple[float, float]]


@dataclass(frozen=True)
class Effects:
    """They add up to the change, in its unit.

    rate: the parts themselves became better or worse; mix: their weights moved; entered, left: parts that are
    only in the later or only in the earlier period.
    """

    rate: float
    mix: float
    entered: float
    left: float

    @property
    def total(self) -> float:
        return fsum((self.rate, self.mix, self.entered, self.left))

    def times(self, factor: float) -> Effects:
        return Effects(self.rate * factor, self.mix * factor, self.entered * factor, self.left * factor)


def of_ratios(before: Parts, after: Parts) -> Effects:
    """Split the change of a ratio, sum over sum, of parts given as (numerator, denominator), neither side's all 0.

    Symmetric in both periods; weights are measured against the mean of both ratios, so that a part of average
    rate has no effect however its weight moves. What a part without a denominator adds to the numerator, like a cost
    that won nobody, is rate. ValueError where a side has no parts.
    """
    if not before or not after:
        raise ValueError("A ratio of no parts did not change: it is not computable.")
    weight0, weight1 = (fsum(bottom for _, bottom in side.values()) for side in (before, after))
    ratios = [fsum(top for top, _ in side.values()) / weight for side, weight in ((before, weight0), (after, weight1))]
    middle = sum(ratios) / 2
    rate, mix, entered, left = [], [], [], []
    for key in before.keys() | after.keys():
        top0, bottom0 = before.get(key, (0.0, 0.0))
        top1, bottom1 = after.get(key, (0.0, 0.0))
        if (key in before and not bottom0) or (key in after and not bottom1):
            rate.append((top1 - middle * bottom1) / weight1 - (top0 - middle * bottom0) / weight0)
        elif key not in before:
            entered.append(bottom1 / weight1 * (top1 / bottom1 - middle))
        elif key not in after:
            left.append(-bottom0 / weight0 * (top0 / bottom0 - middle))
        else:
            share0, share1, rate0, rate1 = bottom0 / weight0, bottom1 / weight1, top0 / bottom0, top1 / bottom1
            rate.append((share0 + share1) / 2 * (rate1 - rate0))
            mix.append((share1 - share0) * ((rate0 + rate1) / 2 - middle))
    return Effects(fsum(rate), fsum(mix), fsum(entered), fsum(left))


def of_sums(before: Parts, after: Parts) -> Effects:
    """Split the change of a sum of parts given as (total, number of records): `rate` is what a record is worth,
    `mix` how many there are."""
    rate, mix, entered, left = [], [], [], []
    for key in before.keys() | after.keys():
        total0, n0 = before.get(key, (0.0, 0.0))
        total1, n1 = after.get(key, (0.0, 0.0))
        if key not in before:
            entered.append(total1)
        elif key not in after:
            left.append(-total0)
        else:
            rate.append((n0 + n1) / 2 * (total1 / n1 - total0 / n0))
            mix.append((n1 - n0) * (total0 / n0 + total1 / n1) / 2)
    return Effects(fsum(rate), fsum(mix), fsum(entered), fsum(left))
