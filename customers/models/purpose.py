from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class PurposeQuerySet(models.QuerySet["Purpose"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Purpose(models.Model):
    """What people are written to for, and may allow or not. The service purpose is the answer to one's own question."""

    SERVICE: ClassVar[str] = "service"
    SURVEYS: ClassVar[str] = "surveys"
    LETTERS: ClassVar[str] = "letters"  # what one person writes to another
    BUILT_IN: ClassVar[tuple[str, ...]] = (SERVICE, SURVEYS, LETTERS)

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    needs_consent = models.BooleanField(
        _("only with consent"),
        default=False,
        help_text=_("Nobody is written to for this purpose before they have agreed. Else until they say no."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = PurposeQuerySet.as_manager()

    class Meta:
        verbose_name = _("purpose of writing")
        verbose_name_plural = _("purposes of writing")
        ordering = ["position", "pk"]
        constraints = [
            # Who asks is answered: an answer that waited for a consent would be none.
            models.CheckConstraint(
                condition=~Q(code="service", needs_consent=True), name="purpose_service_needs_no_consent"
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name
