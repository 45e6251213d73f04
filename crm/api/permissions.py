from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.models import ApiToken

VERBS = {
    "GET": Verb.VIEW, "HEAD": Verb.VIEW, "OPTIONS": Verb.VIEW,
    "POST": Verb.CREATE, "PATCH": Verb.EDIT, "PUT": Verb.EDIT, "DELETE": Verb.DELETE,
}  # fmt: skip


def verb_of(request: Request, view: Any) -> Verb:
    """What the request is about to do: by its method, or what an extra action says (`verb=` of its decorator)."""
    return getattr(view, "verb", None) or VERBS[request.method or "GET"]


class GrantedByRole(BasePermission):
    """The token, if there is one, allows the verb; for lists and creation the role grants it on the kind at all."""

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = verb_of(request, view)
        if isinstance(request.auth, ApiToken) and not request.auth.may(verb):
            return False
        if view.detail:
            return True  # the record decides: an invisible one answers like a missing one
        return access_of(request.user).may(view.model.kind, verb)
