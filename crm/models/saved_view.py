from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models.prepared import Prepared
from crm.models.record import Record
from crm.models.sharing import NAMES_ITS_TEAM, Audience, SharedQuerySet, teams_above


class SavedViewQuerySet(SharedQuerySet):
    def of(self, list_code: str) -> Self:
        return self.filter(list_code=list_code)

    def meant_for(self, owner_id: int, teams_above: list[int]) -> Self:
        return super().meant_for(owner_id, teams_above).order_by("distance", "position", "name", "pk")


class SavedView(Record):
    """A list as somebody arranged it: its filters, order and columns under a name."""

    kind: ClassVar[str] = "saved_view"
    Audience = Audience

    list_code = models.CharField(max_length=60, editable=False)
    name = models.CharField(_("name"), max_length=60)
    audience = models.CharField(_("for"), max_length=8, choices=Audience.choices, default=Audience.PERSONAL)
    # The query string of the list: search, filters, order and columns; read through the list's own declarations.
    query = models.TextField(blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    is_default = models.BooleanField(_("open the list with it"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["list_code", "position", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["list_code", "owner", "name"],
                condition=Q(deleted_at=None),
                name="saved_view_name_once_per_owner",
            ),
            models.CheckConstraint(condition=NAMES_ITS_TEAM, name="saved_view_for_a_team_names_it"),
            models.CheckConstraint(condition=Q(owner__isnull=False), name="saved_view_has_an_owner"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        if not self.name:
            raise ValidationError({"name": _("Give the view a name.")})

    @classmethod
    def of_list(cls, list_code: str, user: Any) -> list[SavedView]:
        """What the tabs of a list offer a person: of what `visible_to` lets them see, what is meant for them. Any reach
        shows one's own, and what is shared is shown beside it, so the width of the reach makes no difference here."""
        if not user.access.may(cls.kind, Verb.VIEW):
            return []
        return _of_list(list_code, user.pk, teams_above(user))

    @property
    def is_shared(self) -> bool:
        return self.audience != self.Audience.PERSONAL


_of_list = Prepared(lambda code, owner, above: SavedView.objects.alive().of(code).meant_for(owner, above))


class ChosenColumns(models.Model):
    """Which columns of a list a person wants to see, in their order."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list_code = models.CharField(max_length=60)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list_code"], name="columns_chosen_once_per_list")]

    def __str__(self) -> str:
        return f"{self.list_code}: {', '.join(self.columns)}"

    @classmethod
    def of(cls, user: Any, list_code: str) -> list[str]:
        """The codes of the columns the person chose; none where they chose nothing."""
        return next((columns for (columns,) in _chosen(user.pk, list_code)), [])


_chosen = Prepared(
    lambda user, code: ChosenColumns.objects.filter(user=user, list_code=code).order_by().values_list("columns")
)
