from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.contact import Contact
from customers.models.purpose import Purpose


class ConsentQuerySet(models.QuerySet["Consent"]):
    def current(self) -> Self:
        """Of each contact and purpose what was said last."""
        return self.order_by("contact_id", "purpose_id", "-at", "-pk").distinct("contact_id", "purpose_id")


class Consent(models.Model):
    """That a contact allowed, or no longer allows, to be written to for a purpose. Only ever added to."""

    class State(models.TextChoices):
        GIVEN = "given", pgettext_lazy("consent", "given")
        WITHDRAWN = "withdrawn", pgettext_lazy("consent", "withdrawn")

    class Basis(models.TextChoices):
        CONSENT = "consent", _("consent")
        CONTRACT = "contract", pgettext_lazy("lawful basis", "contract")
        INTEREST = "interest", _("legitimate interest")
        OBLIGATION = "obligation", _("legal obligation")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents", verbose_name=_("contact"))
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="consents", verbose_name=_("purpose"))
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    basis = models.CharField(_("lawful basis"), max_length=10, choices=Basis.choices, default=Basis.CONSENT)
    at = models.DateTimeField(_("when"))
    source = models.CharField(_("source"), max_length=200, blank=True)  # a form, a call, a signed letter
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    noted_at = models.DateTimeField(_("noted"))

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["contact", "purpose", "-at", "-id"], name="consent_current")]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.get_state_display()}"

    @property
    def is_given(self) -> bool:
        return self.state == self.State.GIVEN


def current_of(contact: Any) -> dict[int, Consent]:
    """What the contact said last, by purpose."""
    return {row.purpose_id: row for row in Consent.objects.filter(contact=contact).current()}
