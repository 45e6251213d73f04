"""What is done with a letter: written, sent, tried again, shared, and found to have come back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.access import fields as fields_of_readers
from crm.access.grants import access_of
from crm.actions import attachments, mail_sending
from crm.actions.enclosures import Enclosure
from crm.actions.notifications import notify
from crm.joining import bracketed, listed
from crm.mail import fields
from crm.models import MailTemplate, User
from crm.ringing import ring
from customers.actions import activities, contact_points
from customers.models import Activity, Contact, Customer, Email, Purpose, before_customers, reached, tidy
from customers.models.writing import may_write_to

SUBMISSIONS = uuid.UUID("9b1f6c0a-2e0e-4c58-9d0f-6a3f5d9a7c21")  # namespace of tokens, nothing more
RECEIVERS = 50  # of one letter
CAME_BACK = gettext_noop("Your mail to %(to)s came back: %(reason)s")


@dataclass(frozen=True)
class Draft:
    """What somebody wants to send, with the fields of templates still in it or already filled in."""

    to: list[str]
    subject: str
    text: str
    cc: list[str]


def write(
    draft: Draft,
    *,
    customer: Customer | None,
    contact: Contact | None,
    about: Any = None,
    answers: Any = None,
    is_shared: bool = True,
    by: User,
    at: datetime,
    submission: str = "",
    enclosed: Sequence[Enclosure] = (),
) -> Email:
    """Put a letter into the outbox: it leaves after this transaction. The same form sent twice is one letter.

    Only what is about a lead needs no customer. It `answers` a letter, or what a lead wrote before anybody answered.
    """
    key = uuid.uuid5(SUBMISSIONS, f"{by.pk}:{submission}") if submission else None
    if key is not None and (known := Email.objects.filter(submission=key).first()):
        return known
    email = Email(
        owner=by, account=mail_sending.account_of(by), customer=customer, contact=contact,
        about_kind=about.kind if about else "", about_id=about.pk if about else None,
        direction=Email.Direction.OUTBOUND, state=Email.State.WAITING, sender="", to=draft.to, cc=draft.cc,
        subject=tidy.one_line(draft.subject), text=draft.text.strip(), at=at, due_at=at, is_shared=is_shared,
        answers=answers if isinstance(answers, Email) else None, submission=key,
    )  # fmt: skip
    email.sender = mail_sending.sender_of(email.account, by)
    email.message_id = mail_sending.name_of(email)
    if answers is not None:
        email.references = f"{answers.references} {answers.message_id}".strip()[-4000:]
    _refuse_unwanted(email)
    if customer is None and not before_customers.is_one(about):
        raise ValidationError({"customer": _("Say which customer the letter belongs to.")})
    email.full_clean()
    try:
        with transaction.atomic():
            before_customers.catch_up(email)
            email.save(force_insert=True)
            _enclose(email, enclosed, by=by, at=at)
            events.record("email.written", email, by=by, at=at)
            transaction.on_commit(_ring)
    except IntegrityError:
        # The same form, sent twice at once, and the other request came first?
        if key is not None and (known := Email.objects.filter(submission=key).first()):
            return known
        raise
    return email


def _enclose(email: Email, enclosed: Sequence[Enclosure], *, by: User, at: datetime) -> None:
    try:
        attachments.enclose(email, [each.open() for each in enclosed], by=by, at=at)
    except ValidationError as refused:
        raise ValidationError({"enclosures": refused.messages}) from None


def filled(draft: Draft, around: dict[str, Any], answers: Any = None) -> Draft:
    """The letter with its fields in place. What is unknown or empty is named and refused, never sent as written.

    What is quoted of others stays as they wrote it: nobody is told what we know by asking for it in braces.
    """
    theirs = answers is not None and bool(answers.subject) and draft.subject.endswith(answers.subject)
    subject = fields.Filled(draft.subject) if theirs else fields.fill(draft.subject, around)
    text = _own_words_filled(draft.text, around)
    wrong: dict[str, Any] = {}
    for name, part in (("subject", subject), ("text", text)):
        said = []
        if part.unknown:
            said.append(_("There are no fields %(fields)s.") % {"fields": _in_braces(part.unknown)})
        if part.empty:
            said.append(_("Nothing is known for %(fields)s.") % {"fields": _in_braces(part.empty)})
        if said:
            wrong[name] = said
    if wrong:
        raise ValidationError(wrong)
    return Draft(draft.to, subject.text, text.text, draft.cc)


def _own_words_filled(text: str, around: dict[str, Any]) -> fields.Filled:
    lines = [fields.Filled(line) if line.startswith(">") else fields.fill(line, around) for line in text.splitlines()]
    unknown = dict.fromkeys(code for line in lines for code in line.unknown)
    empty = dict.fromkeys(code for line in lines for code in line.empty)
    return fields.Filled("\n".join(line.text for line in lines), tuple(unknown), tuple(empty))


def from_template(template: MailTemplate, around: dict[str, Any]) -> tuple[fields.Filled, fields.Filled]:
    """Its subject and text as they would read; what cannot be filled in is still in braces, and named."""
    return fields.fill(template.subject, around), fields.fill(template.body, around)


def try_again(email: Email, *, by: Any, at: datetime) -> None:
    """Send once more what could not be sent; what is on its way or gone stays as it is."""
    with transaction.atomic():
        locked = Email.objects.select_for_update(of=("self",)).get(pk=email.pk)
        if not locked.try_again(at):
            return
        _refuse_unwanted(locked)
        locked.account = mail_sending.account_of(locked.owner)
        locked.sender = mail_sending.sender_of(locked.account, locked.owner)
        locked.save()
        events.record("email.tried_again", locked, by=by, at=at)
        transaction.on_commit(_ring)


@transaction.atomic
def share(email: Email, *, by: Any, at: datetime) -> Email:
    """Whoever sees the customer sees it from now on, as an activity. Sharing twice does nothing."""
    locked = Email.objects.select_for_update(of=("self",)).select_related("customer", "owner").get(pk=email.pk)
    if locked.is_told or not locked.went_out_or_came_in:
        return locked
    note_activity(locked, by=by, at=at)
    events.record("email.shared", locked, by=by, at=at)
    return locked


@transaction.atomic
def keep_private(email: Email, *, by: Any, at: datetime) -> Email:
    """Take the sharing back: its activity goes, the letter stays with its owner."""
    locked = Email.objects.select_for_update(of=("self",)).get(pk=email.pk)
    activity = locked.activity
    if not locked.is_shared:
        return locked
    locked.is_shared, locked.activity = False, None
    locked.save(update_fields=["is_shared", "activity"])
    if activity is not None and not activity.is_in_bin:
        activities.delete(activity, by=by, at=at)
    events.record("email.kept_private", locked, by=by, at=at)
    return locked


def note_activity(email: Email, *, by: Any, at: datetime) -> None:
    """The activity that others see, count and search: made when a shared letter has left or come in.

    With a lead there is none before it became a customer: see emails_moving.py.
    """
    before_customers.catch_up(email)
    email.is_shared = True
    if email.customer is None:
        email.save(update_fields=["is_shared"])
        return
    works_there = email.contact is not None and email.customer.contact_links.filter(contact=email.contact).exists()
    email.activity = activities.log(
        customer=email.customer,
        type=Activity.Type.EMAIL,
        direction=email.direction,
        subject=email.subject or _("(no subject)"),
        body=email.text,
        contacts=[email.contact] if email.contact is not None and works_there else [],
        happened_at=min(email.at, at),
        owner=email.owner,
        about=email.about,
        asks_next=False,
        by=by,
        at=at,
    )
    email.save(update_fields=["activity", "is_shared", "customer", "contact"])


@transaction.atomic
def came_back(email: Email, *, reason: str, unknown: Iterable[str] = (), at: datetime) -> None:
    """A postman could not deliver it: its writer is told, and the activity says that nobody was reached.

    Of the `unknown` addresses it says that there are none such: those of its receivers are invalid from now on.
    """
    locked = Email.objects.select_for_update(of=("self",)).select_related("owner").get(pk=email.pk)
    if not locked.bounced(reason):
        return
    locked.save(update_fields=["state", "problem"])
    events.record("email.bounced", locked, by=None, at=at)
    if locked.activity is not None and not locked.activity.is_in_bin:
        activities.update(locked.activity, {"outcome": Activity.Outcome.NOT_REACHED}, by=None, at=at)
    for address in {tidy.email(each) for each in unknown} & {*locked.to, *locked.cc}:
        contact_points.mark_invalid(address, by=None, at=at)
    with fields_of_readers.reading(lambda: access_of(locked.owner), covers=True):  # it is kept, and read later
        to = ", ".join(locked.to) or str(locked.contact or reached.INSTEAD)
        values = {"to": to, "reason": reached.as_told(reason) or "?"}
    url, key = locked.get_absolute_url(), f"email-bounced:{locked.pk}"
    notify(locked.owner, CAME_BACK, values=values, url=url, key=key, at=at)


def _ring() -> None:
    from customers.tasks import send_emails

    ring(send_emails)


def why_not(email: Email) -> str:
    """Which of the receivers may not be written to, and why; empty where all may. Asked again before it leaves.

    Who wrote to us is answered.
    """
    if email.answers is not None:
        answer = not email.answers.is_outbound
    else:
        answer = before_customers.answers_a_first_letter(email)
    return unwanted([*email.to, *email.cc], Purpose.SERVICE if answer else Purpose.LETTERS)


def unwanted(addresses: Iterable[str], purpose: str = Purpose.LETTERS) -> str:
    """Which of the addresses may not be written to, and why; empty where all may."""
    verdicts = {address: may_write_to(address, purpose) for address in addresses}
    refused = [bracketed(address, verdict.in_words) for address, verdict in verdicts.items() if not verdict]
    return _("Not to be written to: %(addresses)s.") % {"addresses": listed(refused)} if refused else ""


def _refuse_unwanted(email: Email) -> None:
    if len(email.to) + len(email.cc) > RECEIVERS:
        raise ValidationError({"to": _("At most %(count)d receivers.") % {"count": RECEIVERS}})
    if refused := why_not(email):
        raise ValidationError({"to": reached.as_told(refused)})


def _in_braces(codes: Iterable[str]) -> str:
    return listed("{" + code + "}" for code in codes)
