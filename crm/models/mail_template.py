from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.joining import bracketed, listed
from crm.mail import fields


class MailTemplateQuerySet(models.QuerySet["MailTemplate"]):
    def in_use(self) -> MailTemplateQuerySet:
        return self.filter(is_active=True)


class MailTemplate(models.Model):
    """A letter that is written often, with fields like {contact.name} where it names somebody."""

    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    is_active = models.BooleanField(_("active"), default=True)

    objects = MailTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail template")
        verbose_name_plural = _("mail templates")
        ordering = ["name", "language"]
        constraints = [
            models.UniqueConstraint(fields=["name", "language"], name="mail_template_once_in_a_language"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(subject=""), name="mail_template_has_name_and_subject"),
        ]

    def __str__(self) -> str:
        return bracketed(self.name, self.get_language_display())

    def clean(self) -> None:
        self.subject = " ".join(self.subject.split())
        wrong = {name: fields.unknown_in(getattr(self, name)) for name in ("subject", "body")}
        found = {
            name: _("There are no fields %(fields)s.") % {"fields": listed(["{" + code + "}" for code in codes])}
            for name, codes in wrong.items()
            if codes
        }
        if found:
            raise ValidationError(found)
