"""Checks a view makes before it starts: what nobody granted is refused."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from crm.access.grants import access_of
from crm.access.permissions import Verb


def require(user: Any, kind: str, verb: Verb) -> None:
    """403 unless a role grants `verb` on the kind at all."""
    if not access_of(user).may(kind, verb):
        raise PermissionDenied(_("Your role does not allow this."))


def get_visible(queryset: Any, user: Any, **lookup: Any) -> Any:
    """The one record `user` may see; 404 for a missing and for an invisible one alike."""
    return _one(queryset.visible_to(user), **lookup)


def get_permitted(queryset: Any, user: Any, verb: Verb, **lookup: Any) -> Any:
    """The one record on which `user` may do `verb`: invisible is 404, visible but forbidden is 403."""
    record = queryset.permitted(user, verb).filter(**lookup).first()
    if record is not None:
        return record
    _one(queryset.visible_to(user), **lookup)
    raise PermissionDenied(_("You can see this record, but your role does not allow changing it."))


def _one(queryset: QuerySet[Any], **lookup: Any) -> Any:
    record = queryset.filter(**lookup).first()
    if record is None:
        raise Http404(_("There is no such record, or it is not yours to see."))
    return record
