"""What becomes of things that can end in several ways when some have not ended yet: the Aalen-Johansen estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import fsum

from evaluation.formulas.intervals import Interval, wilson


@dataclass(frozen=True)
class Incidence:
    """The share that has ended in one way by the last time seen, a fraction, and the variance of this estimate."""

    share: float
    variance: float
    n: int

    @property
    def effective_n(self) -> float:
        """As many that had all been followed to the end would be as exact; at most all there are."""
        if self.variance <= 0:
            return float(self.n)
        return min(float(self.n), self.share * (1 - self.share) / self.variance)

    def interval(self, level: float = 0.95) -> Interval | None:
        """Wilson's interval of the effective number; None of nothing."""
        return wilson(self.share * self.effective_n, self.effective_n, level) if self.n else None


def aalen_johansen(durations: Sequence[float], ways: Sequence[int], way: int = 1) -> Incidence | None:
    """The cumulative incidence of ending in one way, where others compete with it.

    durations: numbers of one unit, at least 0; ways: as long, in which way each ended, 0 where it has not (censored).
    Something censored at the time of an end counts as at risk for it. Where nothing is censored it is the plain share
    (Aalen & Johansen 1978); the variance is that of the delta method (Marubini & Valsecchi 1995). None of nothing.
    One minus Kaplan-Meier is no such thing: it takes what ended in another way for something that still could.
    """
    if len(durations) != len(ways):
        raise ValueError(f"{len(durations)} durations need as many ways to end, not {len(ways)}.")
    if any(duration < 0 for duration in durations):
        raise ValueError("Durations are not negative.")
    if not durations:
        return None
    pairs = list(zip(durations, ways, strict=True))
    there, lasting, steps = len(pairs), 1.0, []
    for time in sorted(set(durations)):
        ended = sum(1 for one, how in pairs if one == time and how)
        wanted = sum(1 for one, how in pairs if one == time and how == way)
        steps.append((there, ended, wanted, lasting, lasting * wanted / there))
        lasting *= (there - ended) / there
        there -= sum(1 for one, _ in pairs if one == time)
    upto = list(accumulate(step for *_, step in steps))
    share = upto[-1]
    variance = fsum(_variance(*step[:4], share - reached) for step, reached in zip(steps, upto, strict=True))
    return Incidence(share, max(0.0, variance), len(pairs))


def _variance(there: int, ended: int, wanted: int, lasting: float, ahead: float) -> float:
    """What one time of ends adds to it; `ahead` is what is still reached after it."""
    later = ahead**2 * ended / (there * (there - ended)) if there > ended else 0.0
    here = lasting**2 * wanted * (there - wanted) / there**3
    return later + here - 2 * ahead * lasting * wanted / there**2
