from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Team

ASKED = ("organisation", "email", "phone", "note")


def new_key() -> str:
    return get_random_string(12, "abcdefghijkmnpqrstuvwxyz23456789")


class Ask(models.TextChoices):
    """Whether a form asks for something."""

    REQUIRED = "required", _("required")
    OPTIONAL = "optional", _("optional")
    HIDDEN = "hidden", _("not asked")


class LeadFormQuerySet(models.QuerySet):
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
    note = models.CharField(_("message"), max_length=8, choices=Ask.choices, default=Ask.OPTIONAL)
    consent = models.TextField(
        _("consent"), blank=True, help_text=_("Must be ticked to send the form; kept with the lead word for word.")
    )
    thanks = models.TextField(_("what is said afterwards"), blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, verbose_name=_("team"), related_name="+")
    in_turn = models.BooleanField(
        _("give them to the team's people in turn"),
        default=False,
        help_text=_("Otherwise a lead waits until somebody of the team takes it."),
    )
    last_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("whose turn it was last"),
    )  # fmt: skip
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
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.email == Ask.HIDDEN and self.phone == Ask.HIDDEN:
            raise ValidationError({"email": _("Ask for the email or the phone: nobody could be answered.")})
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
