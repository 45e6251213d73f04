from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.access import fields, kinds
from crm.access.permissions import VERB_CHOICES, Level, Reach
from crm.joining import labelled, listed


class Role(models.Model):
    """A named set of permissions, each with a reach. A person may have several; the widest reach counts."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["name"]

    def __str__(self) -> str:
        return gettext(self.name)  # shipped roles are named in English and shown in the reader's language


class RoleGrant(models.Model):
    """One line of a role: what may be done to which kind of record, and how far it reaches."""

    role = models.ForeignKey(Role, models.CASCADE, related_name="grants", verbose_name=_("role"))
    kind = models.CharField(_("kind of record"), max_length=40)
    verb = models.CharField(_("permission"), max_length=10, choices=VERB_CHOICES)
    reach = models.PositiveSmallIntegerField(_("reach"), choices=Reach.choices, default=Reach.OWN)

    class Meta:
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        ordering = ["kind", "verb"]
        constraints = [
            models.UniqueConstraint(fields=["role", "kind", "verb"], name="role_grants_each_verb_once"),
        ]

    def __str__(self) -> str:
        return labelled(_of(self.kind), listed([self.get_verb_display(), self.get_reach_display()]))


class RoleFieldQuerySet(models.QuerySet["RoleField"]):
    def kept_apart(self) -> Self:
        """Those by whose words search does not find for everybody."""
        return self.filter(name__in=fields.KEPT_APART, level=Level.HIDDEN).order_by()


class RoleField(models.Model):
    """A field of a kind of record that a role hides, or only shows. Without a line it is read and written."""

    role = models.ForeignKey(Role, models.CASCADE, related_name="fields", verbose_name=_("role"))
    kind = models.CharField(_("kind of record"), max_length=40)
    name = models.CharField(_("field"), max_length=80)  # of the organisation's own: "custom_<code>"
    level = models.PositiveSmallIntegerField(_("what the role may do"), choices=Level.choices[:2], default=Level.HIDDEN)

    objects = RoleFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed field")
        verbose_name_plural = _("closed fields")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["role", "kind", "name"], name="role_closes_each_field_once"),
            models.CheckConstraint(condition=models.Q(level__lt=Level.WRITE), name="role_field_is_closed"),
        ]

    def __str__(self) -> str:
        return labelled(_of(self.kind), listed([self.name, self.get_level_display()]))


def _of(kind: str) -> str:
    """What is not installed has no name but its code."""
    return str(dict(kinds.choices()).get(kind, kind))
