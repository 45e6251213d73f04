from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import User
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Stage


class ExitCriterion(models.Model):
    """What has to be true of an opportunity before it goes on from a stage. Administrators set it."""

    class What(models.TextChoices):
        AMOUNT = "amount", _("an amount")
        CLOSE_DATE = "close_date", _("an expected close that has not gone by")
        CONTACT = "contact", _("a contact")
        ROLE = "role", _("a contact with a role")
        BUYER = "buyer", _("an economic buyer who is known")
        PRODUCT = "product", _("a product")
        NEXT_STEP = "next_step", _("a next step with a date")
        MANUAL = "manual", _("something to be ticked")

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="criteria", verbose_name=_("stage"))
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    text = models.CharField(_("text"), max_length=120, blank=True, help_text=_("What is ticked, in words."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("exit criterion")
        verbose_name_plural = _("exit criteria")
        ordering = ["stage__position", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "what"], condition=~Q(what="manual"), name="exit_criterion_once_for_a_stage"
            ),
            models.CheckConstraint(
                condition=(Q(what="manual") & ~Q(text="")) | (~Q(what="manual") & Q(text="")),
                name="exit_criterion_says_what_is_ticked",
            ),
        ]

    def __str__(self) -> str:
        return self.text or str(self.get_what_display())

    def clean(self) -> None:
        self.text = " ".join(self.text.split())
        if self.what == self.What.MANUAL and not self.text:
            raise ValidationError({"text": _("Say what is to be ticked.")})
        if self.what != self.What.MANUAL:
            self.text = ""
        if self.stage_id and not self.stage.is_open:
            raise ValidationError({"stage": _("Nothing goes on from a stage that closes the sale.")})


class CriterionTick(models.Model):
    """That somebody says a criterion is met, where only a person can tell."""

    criterion = models.ForeignKey(ExitCriterion, models.CASCADE, related_name="ticks")
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="criterion_ticks")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["opportunity", "criterion"], name="criterion_ticked_once")]

    def __str__(self) -> str:
        return str(self.criterion)
