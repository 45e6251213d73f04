from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.search.normalise import fold
from customers.models import tidy


class Tag(models.Model):
    """A word of one's own for records of any kind. Records bear the numbers of their tags: see `tags_field`."""

    class Colour(models.TextChoices):
        GREY = "secondary", pgettext_lazy("colour", "grey")
        BLUE = "blue", pgettext_lazy("colour", "blue")
        GREEN = "green", pgettext_lazy("colour", "green")
        YELLOW = "yellow", pgettext_lazy("colour", "yellow")
        ORANGE = "orange", pgettext_lazy("colour", "orange")
        RED = "red", pgettext_lazy("colour", "red")
        PURPLE = "purple", pgettext_lazy("colour", "purple")

    name = models.CharField(_("name"), max_length=40)
    key = models.CharField(max_length=80, unique=True, editable=False)  # the name whatever its case, width, accents
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.GREY)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["key"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="tag_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = tidy.one_line(self.name)
        self.key = key_of(self.name)

    def validate_unique(self, exclude: Any = None) -> None:
        """Told of the name, which people write: no form has a field for the key."""
        try:
            super().validate_unique(set(exclude or ()) - {"key"})
        except ValidationError:
            raise ValidationError({"name": _("There is a tag of this name already.")}) from None


def tags_field() -> ArrayField[list[str], list[str]]:
    """The numbers of a record's tags, sorted: a column like any other, so that lists, the journal of bulk edits, undo
    and versions treat it as one."""
    return ArrayField(
        models.BigIntegerField(), verbose_name=_("tags"), default=list, db_default=[], blank=True, editable=False
    )


def key_of(name: str) -> str:
    return fold(tidy.one_line(name))[:80]


def by_number(numbers: Iterable[int]) -> list[Tag]:
    """The tags of these numbers in the order of their names; one that is gone meanwhile is left out."""
    return list(Tag.objects.filter(pk__in=list(numbers)))
