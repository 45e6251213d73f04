from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Contact
from customers.sales.models.campaign import Campaign
from customers.sales.models.lead import Lead


class MemberState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("campaign", "to be addressed")
    SENT = "sent", pgettext_lazy("campaign", "addressed")
    RESPONDED = "responded", pgettext_lazy("campaign", "responded")


class CampaignMemberQuerySet(models.QuerySet["CampaignMember"]):
    def visible_to(self, user: Any) -> Self:
        """Those whose contact or lead the person may see, of campaigns they may see."""
        contacts = Contact.objects.visible_to(user).filter(pk=OuterRef("contact"))
        leads = Lead.objects.visible_to(user).filter(pk=OuterRef("lead"))
        campaigns = Campaign.objects.visible_to(user).filter(pk=OuterRef("campaign"))
        return self.filter(Exists(contacts) | Exists(leads)).filter(Exists(campaigns))


class CampaignMember(models.Model):
    """A contact or a lead a campaign is addressed to. How it stands is what its last row says."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="members", verbose_name=_("campaign"))
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, blank=True, related_name="campaigns", verbose_name=_("contact")
    )
    lead = models.ForeignKey(
        Lead, models.CASCADE, null=True, blank=True, related_name="campaigns", verbose_name=_("lead")
    )
    state = models.CharField(_("state"), max_length=10, choices=MemberState.choices, default=MemberState.PLANNED)
    responded_on = models.DateField(_("responded on"), null=True, blank=True)
    added_at = models.DateTimeField(_("added"))

    objects: ClassVar[Any] = CampaignMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a campaign")
        verbose_name_plural = _("members of campaigns")
        ordering = ["-added_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False, lead=None) | Q(contact=None, lead__isnull=False),
                name="member_is_a_contact_or_a_lead",
            ),
            models.CheckConstraint(
                condition=Q(state="responded", responded_on__isnull=False)
                | (~Q(state="responded") & Q(responded_on=None)),
                name="member_responded_on_a_day",
            ),
            models.UniqueConstraint(fields=["campaign", "contact"], name="member_contact_once"),
            models.UniqueConstraint(fields=["campaign", "lead"], name="member_lead_once"),
        ]
        indexes = [models.Index(fields=["campaign", "-added_at", "-id"], name="member_newest")]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def person(self) -> Contact | Lead:
        return self.contact or self.lead  # type: ignore[return-value]


class CampaignMemberChange(models.Model):
    """How a member stood from a day on. Rows are only ever added."""

    member = models.ForeignKey(CampaignMember, models.CASCADE, related_name="changes")
    state = models.CharField(_("state"), max_length=10, choices=MemberState.choices)
    day: date = models.DateField(_("day"))  # type: ignore[assignment]
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.member}: {self.get_state_display()}"
