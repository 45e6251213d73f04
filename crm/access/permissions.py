from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verb(StrEnum):
    """What a role may grant on a kind of record."""

    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    ASSIGN = "assign"

    @property
    def label(self) -> str:
        return str(VERB_LABELS[self])


VERB_LABELS = {
    Verb.VIEW: _("View"),
    Verb.CREATE: _("Create"),
    Verb.EDIT: _("Edit"),
    Verb.DELETE: _("Delete"),
    Verb.EXPORT: _("Export"),
    Verb.ASSIGN: _("Assign"),
}

VERB_CHOICES = [(verb.value, label) for verb, label in VERB_LABELS.items()]


class Reach(models.IntegerChoices):
    """How far a grant goes, ordered: a greater reach includes the smaller ones."""

    NONE = 0, _("none")
    OWN = 1, _("own")
    TEAM = 2, _("team")
    SUBTREE = 3, _("team and below")
    ALL = 4, _("all")


class Level(models.IntegerChoices):
    """What a role may do with one field of the records it shows, ordered: a greater level includes the smaller."""

    HIDDEN = 0, _("hidden")
    READ = 1, _("read only")
    WRITE = 2, _("read and write")
