"""The channels to begin with. The rows are data: administrators rename them, retire them and add their own."""

from __future__ import annotations

from typing import Any

from customers.models import SourceChannel

FIRST = {
    "referral": ("referral", "转介绍"),
    "website": ("website", "网站"),
    "campaign": ("campaign", "营销活动"),
    "event": ("event", "展会活动"),
    "outbound": ("outbound", "主动开发"),
    "partner": ("partner", "合作伙伴"),
    "other": ("other", "其他"),
}


def install_channels(**_: Any) -> None:
    """Where there is none: a migration has brought them, and a flushed database is without."""
    SourceChannel.install(FIRST)
