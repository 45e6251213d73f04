"""How fast this machine is just now, beside the one on which the budgets were set.

Of that one its reference tells what a million rounds of PBKDF2 with SHA-256 took: arithmetic of one core, no memory, no
disk, nothing of ours. A rented core gives half of that in one hour and all of it in the next.
"""

from __future__ import annotations

import hashlib
import time

REFERENCE = 0.269 / 1_000_000  # seconds a round, on the machine of the budgets
ROUNDS = 40_000  # 11 ms there


def pace() -> float:
    """How many times as long as the reference this machine takes at this moment: 2 is half as fast."""
    began = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"yardstick", b"benchmark", ROUNDS)
    return (time.perf_counter() - began) / (REFERENCE * ROUNDS)
