"""Who gets a lead that is nobody's: ordered rules, the people who take turns, and what happens otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Team
from customers.sales.models.lead_condition import LeadCondition


class Giving(models.TextChoices):
    """Which of a team's people gets a lead."""

    LOAD = "load", _("whoever has the fewest open leads")
    TURN = "turn", _("whoever has waited longest")
    WAIT = "wait", _("nobody: it waits until somebody takes it")


class LeadRuleQuerySet(models.QuerySet["LeadRule"]):
    def active(self) -> Self:
        return self.filter(is_active=True).order_by("position", "pk")


class LeadRule(models.Model):
    """For which leads, and who gets them. The first rule whose conditions all hold gives the lead."""

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("It is shown on the lead."))
    position = models.PositiveSmallIntegerField(_("position"), default=10, help_text=_("The smallest is asked first."))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=pgettext_lazy("lead rule", "team")
    )
    with_teams_below = models.BooleanField(_("and the teams below"), default=False)
    giving = models.CharField(_("of the team"), max_length=4, choices=Giving.choices, default=Giving.LOAD)
    is_active = models.BooleanField(pgettext_lazy("lead rule", "active"), default=True)

    objects = LeadRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment rule for leads")
        verbose_name_plural = _("assignment rules for leads")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, team__isnull=False) | Q(person__isnull=False, team=None),
                name="lead_rule_gives_to_a_person_or_a_team",
                violation_error_message=_("Choose either a person or a team."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if bool(self.person_id) == bool(self.team_id):
            raise ValidationError({"team": _("Choose either a person or a team.")})


class LeadRuleCondition(LeadCondition):
    rule = models.ForeignKey(LeadRule, models.CASCADE, related_name="conditions")

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions, all of which have to hold")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.in_words()


class LeadReceiverQuerySet(models.QuerySet["LeadReceiver"]):
    def absent(self, day: date) -> Self:
        """Who gets no leads on that day."""
        away = Q(away_from__lte=day) & (Q(away_until=None) | Q(away_until__gte=day))
        return self.filter(Q(gets_leads=False) | away)


class LeadReceiver(models.Model):
    """How much one person can take, and when not. Who has no row gets leads without limit."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    gets_leads = models.BooleanField(_("gets leads by rules"), default=True)
    capacity = models.PositiveIntegerField(
        _("open leads at most"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True, help_text=_("Empty: until further notice."))
    # Grows with each lead that is given: who has the smallest has waited longest.
    turn = models.BigIntegerField(default=0, editable=False)
    given_at = models.DateTimeField(_("got the last one"), null=True, blank=True, editable=False)

    objects = LeadReceiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("person who gets leads")
        verbose_name_plural = _("people who get leads")
        ordering = ["person__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(away_until=None) | Q(away_from__isnull=False, away_until__gte=models.F("away_from")),
                name="lead_receiver_is_away_from_until",
                violation_error_message=_("The absence ends before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)


class LeadSettings(models.Model):
    """Where leads go for which there is no rule, and whether letters become leads: one row."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=pgettext_lazy("lead rule", "team")
    )
    giving = models.CharField(_("of the team"), max_length=4, choices=Giving.choices, default=Giving.WAIT)
    takes_mail = models.BooleanField(
        _("letters from unknown senders become leads"),
        default=False,
        help_text=_("Those that come to the organisation's mail account."),
    )

    class Meta:
        verbose_name = _("settings of leads")
        verbose_name_plural = _("settings of leads")
        constraints = [
            models.CheckConstraint(condition=Q(is_the_one=True), name="lead_settings_are_one_row"),
            models.CheckConstraint(
                condition=Q(person=None) | Q(team=None),
                name="lead_settings_give_to_a_person_or_a_team",
                violation_error_message=_("Choose either a person or a team."),
            ),
            models.CheckConstraint(
                condition=Q(takes_mail=False) | Q(person__isnull=False) | Q(team__isnull=False),
                name="lead_settings_mail_goes_to_somebody",
                violation_error_message=_("Say who gets what comes by mail: a person or a team."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Settings of leads"))

    @classmethod
    def in_force(cls) -> LeadSettings:
        found: Any = cls.objects.select_related("person", "team").first()
        return found or cls()
