"""A form that is confirmed by mail: what was sent waits, is confirmed once by whoever reads that mail, or is forgotten.

Nothing here asks whether an address is known, so nothing can tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from customers.actions.contact_points import is_for_good
from customers.models import Purpose
from customers.models.writing import may_write_to
from customers.sales.actions import lead_forms
from customers.sales.models import LeadConfirmation, LeadForm
from customers.sales.models.lead_confirmation import MAILS

PAUSE = timedelta(minutes=10)  # until the same address gets another mail for the same form


class LinkGone(Exception):
    """Wrong, or too late: the same answer for both."""


@transaction.atomic
def ask(form: LeadForm, *, at: datetime, language: str, **values: Any) -> None:
    """Keep what was sent and mail a link. Sent again it is the newer one, with the same link and few mails."""
    LeadForm.objects.select_for_update(of=("self",)).get(pk=form.pk)  # two at once are one
    LeadConfirmation.objects.filter(form=form).over(at).delete()
    email = values["email"].strip().lower()
    waiting = LeadConfirmation.objects.filter(form=form, email=email, confirmed_at=None).first()
    if waiting is None:
        waiting = LeadConfirmation(form=form, email=email, asked_at=at, due_at=at)
        waiting.draw()
    elif waiting.due_at is None and waiting.mails < MAILS and at >= waiting.asked_at + PAUSE:
        waiting.asked_at = waiting.due_at = at
    waiting.expires_at = waiting.asked_at + timedelta(days=form.keep_days)
    waiting.values, waiting.language = values | {"email": email}, language
    waiting.save()


def asked(token: str, now: datetime) -> LeadConfirmation:
    """What a link is about, confirmed or not. LinkGone where it is wrong or over."""
    known = LeadConfirmation.objects.with_token(token).filter(expires_at__gt=now).select_related("form")
    found = known.first()
    if found is None or not found.form.is_active:
        raise LinkGone
    return found


@transaction.atomic
def confirm(token: str, *, at: datetime) -> LeadConfirmation:
    """The lead comes in now, once; confirming again changes nothing."""
    pk = asked(token, at).pk
    waiting = LeadConfirmation.objects.select_for_update(of=("self",)).select_related("form").get(pk=pk)
    if waiting.confirmed_at is not None:
        return waiting
    waiting.lead = lead_forms.submit(
        waiting.form, at=at, is_confirmed=True, language=waiting.language, **waiting.values
    )
    waiting.confirmed_at, waiting.values, waiting.due_at = at, {}, None
    waiting.save()
    return waiting


def forget(now: datetime) -> int:
    removed, _rows = LeadConfirmation.objects.over(now).delete()
    return removed


def send_next(now: datetime) -> bool:
    """Send the mail that has waited longest; False where none waits. No transaction is open while a server thinks."""
    with transaction.atomic():
        due = LeadConfirmation.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        waiting = due.select_related("form").order_by("due_at", "pk").first()
        if waiting is None:
            return False
        waiting.claim(now)
        waiting.save(update_fields=["attempts", "due_at"])
    try:
        if may_write_to(waiting.email, Purpose.SERVICE):
            mail(waiting).send()
        waiting.sent()
    except SMTPRecipientsRefused as refused:
        waiting.failed(now, for_good=is_for_good(refused))
    except (OSError, SMTPException):
        waiting.failed(now, for_good=False)
    # Confirmed meanwhile: then there is nothing to send any more.
    LeadConfirmation.objects.filter(pk=waiting.pk, confirmed_at=None).update(
        due_at=waiting.due_at, attempts=waiting.attempts, mails=waiting.mails
    )
    return True


def mail(waiting: LeadConfirmation) -> EmailMultiAlternatives:
    """The same each time it is made: what is sent twice is known by its Message-ID."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    url = settings.PUBLIC_URL.rstrip("/") + reverse("lead-confirmation", args=[waiting.token])
    with translation.override(waiting.language):
        shown = {"form": waiting.form, "url": url, "LANGUAGE_CODE": translation.get_language()}
        subject = translation.gettext("Please confirm: %(title)s") % {"title": waiting.form.title}
        return EmailMultiAlternatives(
            subject=" ".join(subject.split()),
            body=render_to_string("sales/mail/lead_confirmation.txt", shown),
            to=[waiting.email],
            headers={
                "Message-ID": f"<lead-confirmation-{waiting.pk}-{waiting.mails}@{host}>",
                "Auto-Submitted": "auto-generated",
            },
            alternatives=[(render_to_string("sales/mail/lead_confirmation.html", shown), "text/html")],
        )
