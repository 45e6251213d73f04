"""Why leads are discarded, to begin with. The rows are data: administrators change them and add their own."""

from __future__ import annotations

from typing import Any

from customers.sales.models import DiscardReason

FIRST = {
    "not_interested": ("not interested", "没有兴趣"),
    "not_reached": ("could not be reached", "联系不上"),
    "no_fit": ("does not fit what we sell", "与我们的产品不符"),
    "duplicate": ("known already", "已有记录"),
    "spam": ("spam", "垃圾信息"),
    "other": ("other", "其他"),
}


def install_reasons(**_: Any) -> None:
    """Where there is none: a migration has brought them, and a flushed database is without."""
    DiscardReason.install(FIRST)
