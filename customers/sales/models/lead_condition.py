"""What rules ask about a lead: one thing each, compiled to SQL so that one statement answers for all leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.joining import listed
from crm.models.configured_code import Lazily
from customers.models import SourceChannel, tidy
from customers.models.match_key import EVERYBODYS_DOMAINS
from customers.sales.models.campaign_member import CampaignMember, MemberState


class How(models.TextChoices):
    IS = "is", _("is one of")
    IS_NOT = "is_not", _("is none of")
    CONTAINS = "contains", _("contains one of")
    AT_LEAST = "at_least", _("is at least")
    AT_MOST = "at_most", _("is at most")
    YES = "yes", _("is known, or so")
    NO = "no", _("is not known, or not so")


WORDS = (How.IS, How.IS_NOT, How.CONTAINS, How.YES, How.NO)
CODES = (How.IS, How.IS_NOT, How.YES, How.NO)
NUMBERS = (How.AT_LEAST, How.AT_MOST, How.YES, How.NO)
FACTS = (How.YES, How.NO)


@dataclass(frozen=True)
class Attribute:
    """Something of a lead that can be asked about. `known` says of a fact whether it is so."""

    label: Any
    hows: tuple[How, ...]
    columns: tuple[str, ...] = ()
    choices: Iterable[tuple[str, Any]] = ()
    known: Callable[[datetime], Q] | None = None


def _filled(column: str) -> Callable[[datetime], Q]:
    return lambda now: ~Q(**{column: ""})


def _has_number(column: str) -> Callable[[datetime], Q]:
    return lambda now: Q(**{f"{column}__isnull": False})


def _company_mail(now: datetime) -> Q:
    public = Q()
    for domain in sorted(EVERYBODYS_DOMAINS):
        public |= Q(email__endswith=f"@{domain}")
    return ~Q(email="") & ~public


def _answered(now: datetime) -> Q:
    """They wrote to us again, or responded to a campaign."""
    responded = CampaignMember.objects.filter(lead=OuterRef("pk"), state=MemberState.RESPONDED)
    return Q(answered_at__isnull=False) | Q(Exists(responded))


CHANNELS = Lazily(SourceChannel.choices)  # as they are when somebody asks
ATTRIBUTES: dict[str, Attribute] = {
    "channel": Attribute(_("source channel"), CODES, ("channel",), CHANNELS, _filled("channel")),
    "form": Attribute(_("lead form"), WORDS, ("form__name",), known=_has_number("form")),
    "campaign": Attribute(_("campaign"), WORDS, ("campaign",), known=_filled("campaign")),
    "country": Attribute(_("country"), WORDS, ("country",), known=_filled("country")),
    "province": Attribute(_("province"), WORDS, ("province",), known=_filled("province")),
    "city": Attribute(_("city"), WORDS, ("city",), known=_filled("city")),
    "language": Attribute(_("language"), CODES, ("language",), tuple(settings.LANGUAGES), _filled("language")),
    "employees": Attribute(_("number of employees"), NUMBERS, ("employees",), known=_has_number("employees")),
    "product": Attribute(
        _("product asked for"), WORDS, ("product__name", "product__code"), known=_has_number("product")
    ),
    "organisation": Attribute(_("organisation"), WORDS, ("organisation",), known=_filled("organisation")),
    "note": Attribute(_("note"), (How.CONTAINS, *FACTS), ("note",), known=_filled("note")),
    "phone": Attribute(_("phone"), FACTS, known=_filled("phone")),
    "email": Attribute(_("email"), FACTS, known=_filled("email")),
    "mail_domain": Attribute(_("domain of the mail"), (How.IS, How.IS_NOT)),
    "company_mail": Attribute(_("mail of a company, not of a public provider"), FACTS, known=_company_mail),
    "contacted": Attribute(_("somebody got in touch"), FACTS, known=_has_number("first_contact_at")),
    "answered": Attribute(_("they answered"), FACTS, known=_answered),
    "age": Attribute(_("days since it came in"), (How.AT_LEAST, How.AT_MOST)),
}


class LeadCondition(models.Model):
    """One thing a rule asks of a lead."""

    attribute = models.CharField(
        _("what"), max_length=16, choices=[(code, one.label) for code, one in ATTRIBUTES.items()]
    )
    how = models.CharField(_("how"), max_length=8, choices=How.choices, default=How.IS)
    values = models.TextField(_("values"), blank=True, help_text=_("One in each line. Case does not matter."))

    class Meta:
        abstract = True

    @property
    def given(self) -> list[str]:
        return [value for line in self.values.splitlines() if (value := tidy.one_line(line))]

    def clean(self) -> None:
        asked = ATTRIBUTES.get(self.attribute)
        if asked is None or not self.how:
            return  # said at the field
        if self.how not in asked.hows:
            allowed = listed(how.label for how in asked.hows)
            raise ValidationError({"how": _("Here one can ask: %(allowed)s.") % {"allowed": allowed}})
        values = self.given
        if self.how in FACTS:
            self.values = ""
        elif not values:
            raise ValidationError({"values": _("Say which values are meant.")})
        elif self.how in (How.AT_LEAST, How.AT_MOST):
            if len(values) != 1 or not values[0].isdecimal() or len(values[0]) > 9:
                raise ValidationError({"values": _("Give one whole number.")})
        elif asked.choices:
            self._refuse_unknown(dict(asked.choices))

    def _refuse_unknown(self, known: dict[str, Any]) -> None:
        wrong = [value for value in self.given if value.lower() not in known]
        if wrong:
            raise ValidationError(
                {"values": _("“%(value)s” is none of: %(known)s.") % {"value": wrong[0], "known": listed(known)}}
            )

    def holds(self, now: datetime) -> Q:
        """Of which leads it is true."""
        asked = ATTRIBUTES[self.attribute]
        if self.attribute == "age":
            limit = now - timedelta(days=int(self.given[0]))
            return Q(created_at__lte=limit) if self.how == How.AT_LEAST else Q(created_at__gte=limit)
        if self.how in FACTS and asked.known is not None:
            return asked.known(now) if self.how == How.YES else ~asked.known(now)
        if self.how in (How.AT_LEAST, How.AT_MOST):
            lookup = "gte" if self.how == How.AT_LEAST else "lte"
            return Q(**{f"{asked.columns[0]}__{lookup}": int(self.given[0])})
        return ~self._any(asked, "iexact") if self.how == How.IS_NOT else self._any(asked, self._lookup)

    @property
    def _lookup(self) -> str:
        return "icontains" if self.how == How.CONTAINS else "iexact"

    def _any(self, asked: Attribute, lookup: str) -> Q:
        found = Q()
        for value in self.given:
            if self.attribute == "mail_domain":
                found |= Q(email__endswith=f"@{value.lower().lstrip('@')}")
            for column in asked.columns:
                found |= Q(**{f"{column}__{lookup}": value})
        return found

    def in_words(self) -> str:
        asked = ATTRIBUTES[self.attribute]
        if self.how in FACTS:
            said = _now("%(what)s: yes") if self.how == How.YES else _now("%(what)s: no")
            return said % {"what": asked.label}
        named = {code: str(label) for code, label in asked.choices}
        values = listed(named.get(value.lower(), value) for value in self.given)
        return f"{asked.label} {self.get_how_display()} {values}"
