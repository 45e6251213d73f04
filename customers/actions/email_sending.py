"""The outbox of letters: what is due leaves one by one, and a worker that dies loses none.

A letter is claimed by moving its next attempt into the future, so that no transaction is open while a mail server
thinks; one whose worker died in between is sent again with the same Message-ID and date.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop, override

from crm import events
from crm.actions import mail_sending
from crm.actions.notifications import notify
from crm.mail.servers import MailTrouble
from customers.actions import contact_points, emails
from customers.models import Email

LEASE = timedelta(minutes=5)  # more than a mail server is waited for
NOT_SENT = gettext_noop("Your mail to %(to)s could not be sent: %(reason)s")


def send_next(now: datetime) -> bool:
    """Send the letter that has been due for longest; False when none is."""
    email = _claim(now)
    if email is None:
        return False
    with override(email.owner.language if email.owner else settings.LANGUAGE_CODE):
        try:
            if refused := emails.why_not(email):  # said so after it was written
                raise MailTrouble(refused, for_good=True)
            mail_sending.send(email)
        except MailTrouble as trouble:
            _failed(email, trouble, now)
        else:
            _sent(email, now)
    return True


def _claim(now: datetime) -> Email | None:
    with transaction.atomic():
        email = (
            Email.objects.due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("owner", "account", "customer", "contact", "answers")
            .order_by("due_at", "id")
            .first()
        )
        if email is not None:
            email.claim(now, LEASE)
            email.save(update_fields=["attempts", "due_at"])
    return email


@transaction.atomic
def _sent(email: Email, now: datetime) -> None:
    email.sent(now)
    email.save(update_fields=["state", "at", "due_at", "problem"])
    events.record("email.sent", email, by=email.owner, at=now)
    if email.is_shared:
        emails.note_activity(email, by=email.owner, at=now)


@transaction.atomic
def _failed(email: Email, trouble: MailTrouble, now: datetime) -> None:
    email.failed(str(trouble), now, for_good=trouble.for_good)
    email.save(update_fields=["state", "due_at", "problem"])
    if email.state != Email.State.FAILED:
        return
    for address in trouble.unknown:
        contact_points.mark_invalid(address, by=None, at=now)
    events.record("email.failed", email, by=None, at=now)
    values = {"to": ", ".join(email.to), "reason": email.problem}
    key = f"email-failed:{email.pk}:{now.isoformat()}"
    notify(email.owner, NOT_SENT, values=values, url=email.get_absolute_url(), key=key, at=now)
