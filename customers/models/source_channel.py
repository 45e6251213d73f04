from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models.configured_code import CODE, ConfiguredCode


class SourceChannel(ConfiguredCode):
    """By what customers and leads came, and what campaigns and costs were for."""

    WEBSITE: ClassVar[str] = "website"  # web forms
    CAMPAIGN: ClassVar[str] = "campaign"  # forms of advertisements, unless they say otherwise
    OTHER: ClassVar[str] = "other"  # letters from people nobody knows
    BUILT_IN: ClassVar[tuple[str, ...]] = (WEBSITE, CAMPAIGN, OTHER)

    code = models.CharField(
        _("code"), max_length=12, unique=True, validators=[CODE],
        help_text=_("What programs and files call it. It never changes."),
    )  # fmt: skip

    class Meta(ConfiguredCode.Meta):
        verbose_name = _("source channel")
        verbose_name_plural = _("source channels")
