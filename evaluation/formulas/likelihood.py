"""The search for the greatest likelihood that the lifetime value models share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]

_WIDEST = 12.0  # parameters are looked for between exp(-12) and exp(12)
_BELIEVED = 9.0  # beyond exp(9) the likelihood is flat: customers who do not differ
_OPTIONS = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-9}


def search(badness: Callable[[Floats], tuple[float, Floats]], starts: Sequence[tuple[float, ...]]) -> Floats:
    """The logarithms of the parameters at which `badness` is least.

    badness: gives its value and its gradient at logarithms of positive parameters. starts: parameters to
    begin from; the most promising is tried first, the others only where it leads out of bounds.
    """
    best: tuple[float, Floats] | None = None
    for start in sorted((np.log(start) for start in starts), key=lambda logs: badness(logs)[0]):
        found = minimize(
            badness, start, jac=True, method="L-BFGS-B", bounds=[(-_WIDEST, _WIDEST)] * len(start), options=_OPTIONS
        )
        if best is None or found.fun < best[0]:
            best = float(found.fun), np.asarray(found.x, float)
        if not at_bound(found.x):
            break
    if best is None:
        raise ValueError("A search needs somewhere to begin.")
    return best[1]


def at_bound(logs: Floats) -> bool:
    """Whether a parameter ran away to where the likelihood is flat: the data do not determine it."""
    return bool((np.abs(logs) > _BELIEVED).any())
