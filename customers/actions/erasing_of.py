"""What of customers, contacts and what is done with them is personal, and what becomes of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.utils.translation import gettext_lazy as _

from crm.actions.redaction_words import ERASED
from crm.models import Attachment
from crm.search.normalise import sort_key
from customers.models import Activity, Email, erasing
from customers.models.erasing import Holder, only_where_said, theirs, where_they_work
from customers.models.person import Person

_NAMELESS: dict[str, Any] = {
    "name": ERASED, "sort_name": sort_key(ERASED), "email": "", "phone": "", "notes": "", "do_not_contact": True,
    "do_not_contact_reason": "", "custom": {},
}  # fmt: skip
_with: Any = Activity.contacts.through._base_manager


def _alone(person: Person) -> Q:
    """Activities with nobody else there; what was said with others is theirs too."""
    others = _with.filter(activity=OuterRef("pk")).exclude(contact__in=person.contacts)
    return (Q(pk__in=_activities_with(person)) & ~Q(Exists(others))) | Q(customer__in=person.customers)


def _with_others(person: Person) -> Q:
    return Q(pk__in=_activities_with(person)) | Q(customer__in=person.anywhere)


def _activities_with(person: Person) -> list[int]:
    """Asked first: a question with an index for each of its halves does not read everybody's activities."""
    return list(_with.filter(contact__in=person.contacts).values_list("activity_id", flat=True))


def _letters(person: Person) -> Q:
    """From or to them alone."""
    sole = Q(pk=None)
    for email in person.own_emails:
        sole |= Q(to=[email], cc=[]) | Q(sender__iendswith=f"<{email}>") | Q(sender__iexact=email)
    return sole | (theirs(person) & Q(to__len__lte=1, cc=[])) | Q(customer__in=person.customers)


def _letters_with_others(person: Person) -> Q:
    among = Q(to__overlap=list(person.emails)) | Q(cc__overlap=list(person.emails))
    return among | theirs(person) | where_they_work(person)


HOLDERS = (
    Holder(
        "customers.Contact",
        lambda person: Q(pk__in=person.contacts),
        {**_NAMELESS, "birthday": None},
        told=("language", "created_at"),
        stays=_("the contact itself without a name, with its tags"),
    ),
    Holder(
        "customers.Customer",
        lambda person: Q(pk__in=person.customers),
        {**_NAMELESS, "number": "", "website": "", "city": "", "latitude": None, "longitude": None, "located_by": ""},
        mentions=lambda person: Q(pk__in=person.works_at),
        texts=("notes", "do_not_contact_reason"),
        told=("lifecycle", "country", "created_at"),
        stays=_("lifecycle, source, tier, country and every amount"),
    ),
    Holder(
        "customers.ContactPoint",
        lambda person: Q(contact__in=person.contacts) | Q(customer__in=person.customers),
        removed=True,
        told=("type", "value", "postal_code", "city", "country"),
    ),
    Holder(
        "customers.CustomerContact",
        lambda person: Q(contact__in=person.contacts),
        {"role": ""},
        told=("started_on", "ended_on"),
        title=_("where the person works"),
        stays=_("that somebody works there, and since when"),
    ),
    Holder(
        "customers.Consent",
        lambda person: Q(contact__in=person.contacts),
        {"source": ""},
        told=("purpose", "state", "basis", "at"),
        stays=_("what was allowed or withdrawn, and when"),
    ),
    Holder(
        "customers.Activity",
        _alone,
        {"subject": ERASED, "body": ""},
        mentions=_with_others,
        texts=("subject", "body"),
        told=("type", "direction", "outcome", "at"),
        stays=_("type, time, outcome and who of us it was"),
    ),
    Holder(
        "customers.Task",
        theirs,
        {"title": ERASED, "notes": ""},
        mentions=where_they_work,
        texts=("title", "notes"),
        told=("due_at", "done_at"),
        stays=_("when it was due and done, and by whom"),
    ),
    Holder(
        "customers.Email",
        _letters,
        {
            "sender": only_where_said("sender"), "to": Value([], Email._meta.get_field("to")),
            "cc": Value([], Email._meta.get_field("cc")), "subject": only_where_said("subject"), "text": "",
            "attachments": Value([], Email._meta.get_field("attachments")), "message_id": "", "references": "",
            "problem": "",
        },
        mentions=_letters_with_others,
        texts=("sender", "to", "cc", "subject", "text", "attachments", "problem", "references", "message_id"),
        told=("direction", "at"),
        stays=_("direction and time"),
    ),
    Holder(
        "customers.Unsubscription",
        lambda person: Q(address__in=person.own_emails),
        removed=True,
        told=("address", "at", "undone_at"),
    ),
    Holder("customers.Segment", mentions=lambda person: Q(how="rule"), texts=("question",)),
)  # fmt: skip


def forget_files(person: Person) -> dict[str, int]:
    """Files of the person and of what is only about them: the rows now, the files once that is certain."""
    about = Q(pk=None)
    for kind, ids in erasing.records_of(person).items():
        about |= Q(about_kind=kind, about_id__in=ids)
    found = Attachment.objects.filter(about)
    files = list(found.values_list("file", flat=True))
    found.delete()
    # A file that stays behind because the machine fell is cleared away by the nightly job.
    transaction.on_commit(partial(_delete, files))
    return {"crm.Attachment": len(files)}


def _delete(files: list[str]) -> None:
    for file in files:
        default_storage.delete(file)
