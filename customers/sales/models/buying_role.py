from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.joining import bracketed
from customers.models import Contact
from customers.sales.models.opportunity import Opportunity


class BuyingRole(models.TextChoices):
    """What a person has to say in a sale."""

    ECONOMIC = "economic", _("economic buyer")
    TECHNICAL = "technical", _("technical buyer")
    USER = "user", pgettext_lazy("buying role", "user")
    CHAMPION = "champion", _("champion")
    GATEKEEPER = "gatekeeper", _("gatekeeper")
    BLOCKER = "blocker", _("blocker")
    OTHER = "other", pgettext_lazy("buying role", "other")


class Attitude(models.TextChoices):
    SUPPORTS = "supports", _("supports us")
    NEUTRAL = "neutral", _("neutral")
    AGAINST = "against", _("is against it")


class OpportunityContactQuerySet(models.QuerySet["OpportunityContact"]):
    def visible_to(self, user: Any) -> Self:
        """Those whose contact the person may see, at opportunities they may see."""
        contacts = Contact.objects.visible_to(user).filter(pk=OuterRef("contact"))
        opportunities = Opportunity.objects.visible_to(user).filter(pk=OuterRef("opportunity"))
        return self.filter(Exists(contacts), Exists(opportunities))


class OpportunityContact(models.Model):
    """A person at an opportunity: as what, and how they stand to it. Its `contact` is the main one of them."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="people")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="buying_roles", verbose_name=_("contact"))
    role = models.CharField(_("buying role"), max_length=10, choices=BuyingRole.choices)
    attitude = models.CharField(_("attitude"), max_length=8, choices=Attitude.choices, default=Attitude.NEUTRAL)

    objects: ClassVar[Any] = OpportunityContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("person at an opportunity")
        verbose_name_plural = _("people at opportunities")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "contact"], name="opportunity_contact_once"),
            models.CheckConstraint(condition=Q(role__in=BuyingRole.values), name="opportunity_contact_role_is_one"),
            models.CheckConstraint(
                condition=Q(attitude__in=Attitude.values), name="opportunity_contact_attitude_is_one"
            ),
        ]

    def __str__(self) -> str:
        return bracketed(self.contact, self.get_role_display())

    @property
    def tone(self) -> str:
        return {"supports": "good", "against": "bad"}.get(self.attitude, "neutral")
