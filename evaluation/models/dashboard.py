from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func, IntegerField, Q
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.sharing import NAMES_ITS_TEAM, Audience, SharedQuerySet
from evaluation.models.tile import MOST_TILES, Tile


class DashboardQuerySet(SharedQuerySet):
    def to_choose_from(self, user: Any) -> Self:
        """The person's own and what anybody shared: not what others made for themselves alone."""
        return self.filter(Q(owner=user) | ~Q(audience=Audience.PERSONAL))


class Dashboard(Record):
    """Numbers, lists and notes as somebody arranged them. What each tile shows is what its viewer may see."""

    kind: ClassVar[str] = "dashboard"

    name = models.CharField(_("name"), max_length=80)
    audience = models.CharField(_("for"), max_length=8, choices=Audience.choices, default=Audience.PERSONAL)
    tiles = models.JSONField(_("tiles"), default=list, blank=True, editable=False)  # models/tile.py, in their order

    objects: ClassVar[Any] = DashboardQuerySet.as_manager()

    class Meta:
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(deleted_at=None),
                name="dashboard_name_once_per_owner",
                violation_error_message=_("There is a dashboard of this name already."),
            ),
            models.CheckConstraint(condition=NAMES_ITS_TEAM, name="dashboard_for_a_team_names_it"),
            models.CheckConstraint(condition=Q(owner__isnull=False), name="dashboard_has_an_owner"),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func("tiles", function="jsonb_array_length", output_field=IntegerField()), MOST_TILES
                ),
                name="dashboard_has_a_bounded_number_of_tiles",
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="dashboard_newest", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        if not self.name:
            raise ValidationError({"name": _("Give the dashboard a name.")})
        if len(self.tiles) > MOST_TILES:
            raise ValidationError(_("A dashboard has at most %(count)s tiles."), params={"count": MOST_TILES})

    @property
    def all_tiles(self) -> list[Tile]:
        return [Tile.read(stored) for stored in self.tiles]

    def tile(self, tile_id: str) -> Tile | None:
        return next((tile for tile in self.all_tiles if tile.id == tile_id), None)

    @property
    def is_shared(self) -> bool:
        return self.audience != Audience.PERSONAL


class HomeDashboard(models.Model):
    """The dashboard that opens first for a person, instead of the one of all KPIs."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.dashboard_id)

    @classmethod
    def of(cls, user: Any) -> Dashboard | None:
        """None where they chose none, or may not see it any more."""
        return (
            Dashboard.objects.visible_to(user).filter(pk__in=cls.objects.filter(user=user).values("dashboard")).first()
        )
