from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet
from crm.models import Team
from service.models.sla import SlaPolicy


class Queue(models.Model):
    """Where tickets wait for a team."""

    kind: ClassVar[str] = "queue"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=80, unique=True)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="queues", verbose_name=_("team"))
    sla_policy = models.ForeignKey(
        SlaPolicy, models.PROTECT, null=True, blank=True, related_name="queues", verbose_name=_("SLA policy")
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["name"]

    def __str__(self) -> str:
        return gettext(self.name)  # the shipped queue is named in English and shown in the reader's language
