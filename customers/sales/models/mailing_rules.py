from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

PER_MINUTE = 60
QUIET_DAYS = 7


class MailingRules(models.Model):
    """How mailings leave: one row for the organisation, edited in the admin site."""

    kind: ClassVar[str] = "mailing"
    owner_field = None
    team_field = None

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    per_minute = models.PositiveSmallIntegerField(
        _("letters per minute"), default=PER_MINUTE, validators=[MinValueValidator(1), MaxValueValidator(3000)],
        help_text=_("Of all mailings together. Ask whoever runs the mail server how many it takes."),
    )  # fmt: skip
    quiet_days = models.PositiveSmallIntegerField(
        _("days between two mailings"), default=QUIET_DAYS, validators=[MaxValueValidator(365)],
        help_text=_("Who had a mailing less than so many days ago is left out. 0 leaves out nobody."),
    )  # fmt: skip
    sender = models.TextField(
        _("who writes"), blank=True, help_text=_("Name and postal address, as they stand at the end of every letter.")
    )

    class Meta:
        verbose_name = _("rules for mailings")
        verbose_name_plural = _("rules for mailings")
        constraints = [
            models.CheckConstraint(condition=Q(is_the_one=True), name="mailing_rules_are_one_row"),
            models.CheckConstraint(condition=Q(per_minute__gte=1), name="mailing_rules_send_something"),
        ]

    def __str__(self) -> str:
        return str(_("Rules for mailings"))

    @classmethod
    def in_force(cls) -> MailingRules:
        return cls.objects.first() or cls()
