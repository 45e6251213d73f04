"""Why can this person see this? The answer is read off the very rules that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from crm.access import fields, kinds
from crm.access.grants import access_of
from crm.access.permissions import Reach, Verb


@dataclass(frozen=True)
class Explanation:
    allowed: bool
    reach: Reach
    roles: list[str]
    reasons: list[str]
    closed: tuple[str, ...] = ()  # fields of such records that the person cannot see, or for other verbs not write


def why(user: Any, record: models.Model, verb: Verb = Verb.VIEW) -> Explanation:
    """Which rules let `user` do `verb` to `record`, or the sentence that says what is missing."""
    model: Any = type(record)
    queryset = model._default_manager.all()
    access = access_of(user)
    reach = access.reach(model.kind, verb)
    roles = user.roles_granting(model.kind, verb) if user.pk else []
    if not user.is_active:
        return Explanation(False, Reach.NONE, [], [_("The account is deactivated.")])
    if getattr(record, "deleted_at", None):
        return Explanation(False, reach, roles, [_("The record is in the bin.")])
    by_kind = access.hidden if verb in (Verb.VIEW, Verb.EXPORT) else access.unwritable
    closed = tuple(sorted(by_kind.get(model.kind, ())))
    if access.everything:
        return Explanation(True, reach, roles, [_("The person is an administrator of the installation.")])
    if reach == Reach.NONE and (made_of := fields.withholding(model.kind, access.hidden)):
        return Explanation(False, reach, roles, [_withheld(*made_of)])
    if reach == Reach.NONE:
        return Explanation(False, reach, [], [_("No role of the person grants this on this kind of record.")])
    matching = [
        str(rule.reason)
        for rule in queryset.rules(access, verb)
        if queryset.filter(pk=record.pk).filter(rule.q).exists()
    ]
    if matching:
        return Explanation(True, reach, roles, matching, closed)
    return Explanation(False, reach, roles, [_("The record is outside the reach of the person's roles.")])


def _withheld(kind: str, name: str) -> str:
    model: Any = kinds.get(kind).model
    said = {"field": model._meta.get_field(name).verbose_name, "kind": kinds.get(kind).label_plural}
    return _("The person's roles hide what such records say: %(field)s (%(kind)s).") % said
