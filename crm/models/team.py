from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet
from crm.models.quickly_read import QuicklyRead


class TeamQuerySet(ScopedQuerySet):
    def below(self, teams: Iterable[Team | int]) -> TeamQuerySet:
        """These teams and every team under them."""
        ids = [team if isinstance(team, int) else team.pk for team in teams]
        return self.filter(path__overlap=ids) if ids else self.none()

    def in_tree_order(self) -> TeamQuerySet:
        return self.order_by("path_names")


class Team(QuicklyRead):
    """A node of the organisation's tree; a person belongs to one."""

    kind: ClassVar[str] = "team"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    manager = models.ForeignKey(
        "crm.User", models.PROTECT, null=True, blank=True, related_name="managed_teams", verbose_name=_("manager")
    )
    # The ids from the root down to this team, itself included: a subtree is one index look-up.
    path = ArrayField(models.BigIntegerField(), default=list, editable=False)
    path_names = ArrayField(models.TextField(), default=list, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["path_names"]
        constraints = [
            models.UniqueConstraint("parent", "name", name="team_name_once_below_parent", nulls_distinct=False),
            models.CheckConstraint(condition=~Q(pk=models.F("parent")), name="team_is_not_its_own_parent"),
        ]
        indexes = [GinIndex(fields=["path"], name="team_path")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.parent and self.pk and self.pk in self.parent.path:
            raise ValidationError({"parent": _("A team cannot be part of itself or of a team below it.")})

    def save(self, *args: object, **kwargs: object) -> None:
        """Keeps the paths of the whole subtree right; teams are few, so this may take a query per level."""
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        self._write_path(self.parent.path if self.parent else [], self.parent.path_names if self.parent else [])

    def _write_path(self, above: list[int], names: list[str]) -> None:
        path, path_names = [*above, self.pk], [*names, self.name]
        if path == self.path and path_names == self.path_names:
            return
        self.path, self.path_names = path, path_names
        Team.objects.filter(pk=self.pk).update(path=path, path_names=path_names)
        for child in Team.objects.filter(parent=self):
            child._write_path(path, path_names)
