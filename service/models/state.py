from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _


class TicketState(models.Model):
    """A state by the name an organisation gives it, in one of three categories the clocks understand."""

    class Category(models.TextChoices):
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")  # waiting for the customer: the resolution clock stands still
        RESOLVED = "resolved", _("resolved")

    name = models.CharField(_("name"), max_length=60, unique=True)
    category = models.CharField(_("category"), max_length=8, choices=Category.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_default = models.BooleanField(_("default of its category"), default=False)
    closes = models.BooleanField(
        _("closes the ticket"), default=False, help_text=_("For good: only for states of the category resolved.")
    )

    class Meta:
        verbose_name = _("ticket state")
        verbose_name_plural = _("ticket states")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category"], condition=Q(is_default=True), name="one_default_state_per_category"
            ),
            models.CheckConstraint(
                condition=Q(closes=False) | Q(category="resolved"), name="ticket_state_closes_when_resolved"
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.name)  # shipped states are named in English and shown in the reader's language

    @property
    def is_used(self) -> bool:
        """Whether a ticket is, or ever was, in it."""
        return self.tickets.exists() or self.ticket_events.exists()


# (name, category, default of its category, closes): what an installation starts with.
SHIPPED_STATES = [
    (gettext_noop("New"), TicketState.Category.OPEN, True, False),
    (gettext_noop("In progress"), TicketState.Category.OPEN, False, False),
    (gettext_noop("Waiting for the customer"), TicketState.Category.PAUSED, True, False),
    (gettext_noop("Resolved"), TicketState.Category.RESOLVED, True, False),
    (gettext_noop("Closed"), TicketState.Category.RESOLVED, False, True),
]
