from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

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


def can_be_invited(person: User) -> bool:
    return person.is_active and bool(person.email)


def invite(person: User, *, by: User) -> None:
    """Mail a link with which somebody chooses their password, the same as after a forgotten one."""
    with override(person.language):
        subject = _("%(name)s invites you to Yardstick CRM") % {"name": by}
        beginning = _("%(name)s has made an account for you. Choose your password here:") % {"name": by}
        _mail_password_link(person, subject, beginning)


def mail_forgotten_password(person: User) -> None:
    with override(person.language):
        beginning = _("Somebody, probably you, asked for a new password for your account. Choose it here:")
        _mail_password_link(person, _("A new password for Yardstick CRM"), beginning)


def _mail_password_link(person: User, subject: str, beginning: str) -> None:
    """In the language that is active; raises OSError where no mail leaves."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    here, days = settings.PUBLIC_URL.rstrip("/"), timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days
    token = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    lasts = ngettext(
        "The link can be used once, for %(days)s day. Later, ask for another one here:",
        "The link can be used once, for %(days)s days. Later, ask for another one here:",
        days,
    ) % {"days": days}
    lines = [
        _("Hello %(name)s,") % {"name": person},
        f"{beginning}\n{here}{reverse('account_reset_password_from_key', kwargs=token)}",
        f"{lasts}\n{here}{reverse('account_reset_password')}",
        _("You sign in as %(email)s.") % {"email": person.email},
    ]
    text = "\n\n".join(lines) + "\n"
    send_mail(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [str(person.email)])


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
