from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Team
from customers.models import Consent, Purpose
from customers.sales.models.product import Product

ASKED = ("organisation", "email", "phone", "country", "city", "employees", "note")


def new_key() -> str:
    return get_random_string(12, "abcdefghijkmnpqrstuvwxyz23456789")


class Ask(models.TextChoices):
    """Whether a form asks for something."""

    REQUIRED = "required", _("required")
    OPTIONAL = "optional", _("optional")
    HIDDEN = "hidden", _("not asked")


class LeadFormQuerySet(models.QuerySet["LeadForm"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class LeadForm(models.Model):
    """A public form whose answers are leads, at an address of its own or inside the organisation's website."""

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("For colleagues."))
    key = models.SlugField(_("address"), max_length=40, unique=True, default=new_key, help_text=_("After /f/."))
    title = models.CharField(_("heading"), max_length=120)
    language = models.CharField(_("language"), max_length=10, default=settings.LANGUAGE_CODE)
    organisation = models.CharField(_("organisation"), max_length=8, choices=Ask.choices, default=Ask.OPTIONAL)
    email = models.CharField(_("email"), max_length=8, choices=Ask.choices, default=Ask.REQUIRED)
    phone = models.CharField(_("phone"), max_length=8, choices=Ask.choices, default=Ask.OPTIONAL)
    country = models.CharField(_("country"), max_length=8, choices=Ask.choices, default=Ask.HIDDEN, db_default="hidden")
    city = models.CharField(_("city"), max_length=8, choices=Ask.choices, default=Ask.HIDDEN, db_default="hidden")
    employees = models.CharField(
        _("number of employees"), max_length=8, choices=Ask.choices, default=Ask.HIDDEN, db_default="hidden"
    )
    note = models.CharField(_("message"), max_length=8, choices=Ask.choices, default=Ask.OPTIONAL)
    consent = models.TextField(
        _("consent"), blank=True, help_text=_("Must be ticked to send the form; kept with the lead word for word.")
    )
    purpose = models.ForeignKey(
        Purpose, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agreed to"),
        help_text=_("What may be written for afterwards. Empty: the consent is only kept with the lead."),
    )  # fmt: skip
    basis = models.CharField(
        _("lawful basis"), max_length=10, choices=Consent.Basis.choices, default=Consent.Basis.CONSENT,
        db_default="consent",
    )  # fmt: skip
    confirms = models.BooleanField(
        _("confirmed by mail"),
        default=False,
        db_default=False,
        help_text=_("A lead only comes in when the link in a mail was opened and confirmed."),
    )
    keep_days = models.PositiveSmallIntegerField(
        _("days to confirm"), default=7, db_default=7, validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("What nobody has confirmed by then is forgotten."),
    )  # fmt: skip
    thanks = models.TextField(_("what is said afterwards"), blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product asked for")
    )
    team = models.ForeignKey(Team, models.PROTECT, verbose_name=_("team"), related_name="+")
    in_turn = models.BooleanField(
        _("give them to the team's people in turn"),
        default=False,
        help_text=_("Otherwise a lead waits until somebody of the team takes it. Assignment rules come first."),
    )
    sites = models.TextField(
        _("websites that may embed it"), blank=True, help_text=_("One in each line, such as https://www.example.com.")
    )
    is_active = models.BooleanField(pgettext_lazy("lead form", "active"), default=True)

    objects = LeadFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead form")
        verbose_name_plural = _("lead forms")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(email="hidden", phone="hidden"), name="lead_form_asks_how_to_answer"),
            models.CheckConstraint(
                condition=Q(confirms=False) | Q(email="required"), name="lead_form_confirms_an_email"
            ),
            models.CheckConstraint(condition=Q(purpose=None) | ~Q(consent=""), name="lead_form_says_what_is_agreed_to"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.email == Ask.HIDDEN and self.phone == Ask.HIDDEN:
            raise ValidationError({"email": _("Ask for the email or the phone: nobody could be answered.")})
        if self.confirms and self.email != Ask.REQUIRED:
            raise ValidationError({"email": _("What is confirmed by mail needs a mail address.")})
        if self.purpose_id and not self.consent.strip():
            raise ValidationError({"consent": _("Say what they agree to.")})
        wrong = [site for site in self.embedding_sites if not _is_a_site(site)]
        if wrong:
            raise ValidationError({"sites": _("This is not the address of a website: %(site)s") % {"site": wrong[0]}})

    @property
    def embedding_sites(self) -> list[str]:
        return [site.rstrip("/") for site in self.sites.split()]

    def asks(self) -> dict[str, Ask]:
        """What is asked besides the name, and whether it must be answered."""
        chosen = {name: Ask(getattr(self, name)) for name in ASKED}
        return {name: ask for name, ask in chosen.items() if ask != Ask.HIDDEN}


def _is_a_site(text: str) -> bool:
    """Scheme and host, nothing that could add another rule to the header it is put into."""
    parts = urlsplit(text)
    host = parts.netloc.replace(".", "").replace("-", "").replace(":", "")
    whole = text == f"{parts.scheme}://{parts.netloc}"
    return whole and parts.scheme in ("http", "https") and host.isascii() and host.isalnum()
