from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Consent, Purpose
from customers.sales.models.lead import Lead


class LeadConsent(models.Model):
    """What somebody agreed to on a form, word for word. With the conversion it becomes the contact's consent."""

    lead = models.OneToOneField(Lead, models.CASCADE, related_name="consent")
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", verbose_name=_("purpose"))
    basis = models.CharField(_("lawful basis"), max_length=10, choices=Consent.Basis.choices)
    words = models.TextField(_("consent"))
    form = models.CharField(_("source"), max_length=120)
    at = models.DateTimeField(_("when"))
    is_confirmed = models.BooleanField(_("confirmed by mail"), default=False)

    class Meta:
        verbose_name = _("consent of a lead")
        verbose_name_plural = _("consents of leads")

    @classmethod
    def said_by(cls, address: str, purpose: Purpose) -> bool:
        """Whether a lead of this address agreed to it: nobody else is asked for those who are no contacts yet."""
        return cls.objects.filter(lead__email=address, lead__deleted_at=None, purpose=purpose).exists()

    def __str__(self) -> str:
        return str(self.purpose)
