from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from crm.models import User

# A change of these ends the person's sessions: what they may do is no longer what it was.
SIGNS_OUT = {"email", "roles", "is_active", "is_superuser"}


@transaction.atomic
def credentials_changed(person: User, *, password: str | None, fields: Iterable[str]) -> None:
    """Set a new password if one is given, and sign the person out where it or their rights changed."""
    if password:
        person.set_password(password)
        person.save(update_fields=["password"])
    if password or SIGNS_OUT & set(fields):
        end_sessions(person)


def end_sessions(person: User, *, keep: str | None = None) -> int:
    """Sign a person out everywhere, except in the session with the key `keep`; returns how many ended."""
    from allauth.usersessions.models import UserSession

    ended = 0
    for session in UserSession.objects.filter(user=person).exclude(session_key=keep or ""):
        end_session(session)
        ended += 1
    return ended


def end_session(session: Any) -> None:
    from importlib import import_module

    from django.conf import settings

    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    store(session.session_key).delete()
    session.delete()
