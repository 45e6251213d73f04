from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from crm.models.configured_code import ConfiguredCode


class DiscardReason(ConfiguredCode):
    """Why leads are discarded; chosen from a list so that it can be counted."""

    # Neither was a lead: no KPI counts them, and mail from a sender of spam is not read.
    DUPLICATE: ClassVar[str] = "duplicate"
    SPAM: ClassVar[str] = "spam"
    BUILT_IN: ClassVar[tuple[str, ...]] = (DUPLICATE, SPAM)

    class Meta(ConfiguredCode.Meta):
        verbose_name = _("reason for discarding a lead")
        verbose_name_plural = _("reasons for discarding leads")
