"""What a contact allows: given and withdrawn, each with its moment, source and lawful basis; never rewritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.models import User
from customers.models import Consent, Contact, Purpose, tidy

# Name, name in Chinese, whether it takes a consent. Written when the database is made; administrators change them.
FIRST_PURPOSES = {
    Purpose.SERVICE: ("Answers and service", "答复与服务", False),
    Purpose.SURVEYS: ("Surveys", "调查问卷", False),
    "marketing": ("Marketing", "市场推广", True),
    Purpose.LETTERS: ("Personal emails", "个人邮件", False),
}


@transaction.atomic
def give(
    contact: Contact,
    *,
    purpose: Purpose,
    by: User | None,
    at: datetime,
    basis: str = Consent.Basis.CONSENT,
    source: str = "",
    given_at: datetime | None = None,
) -> Consent:
    """The contact may be written to for the purpose."""
    return _note(contact, purpose, Consent.State.GIVEN, basis, source, given_at or at, by=by, at=at)


@transaction.atomic
def withdraw(
    contact: Contact,
    *,
    purpose: Purpose,
    by: User | None,
    at: datetime,
    source: str = "",
    withdrawn_at: datetime | None = None,
) -> Consent:
    """No longer. The lawful basis is that of what is withdrawn."""
    last = Consent.objects.filter(contact=contact, purpose=purpose).current().first()
    basis = last.basis if last else Consent.Basis.CONSENT
    return _note(contact, purpose, Consent.State.WITHDRAWN, basis, source, withdrawn_at or at, by=by, at=at)


def install_purposes(sender: Any, **kwargs: Any) -> None:
    """The purposes the program itself writes for, and marketing, which may be deleted."""
    known = set(Purpose.objects.values_list("code", flat=True))
    for position, (code, (name, name_zh, needs_consent)) in enumerate(FIRST_PURPOSES.items()):
        if code not in known and (not known or code in Purpose.BUILT_IN):
            Purpose.objects.create(
                code=code, name=name, name_zh=name_zh, needs_consent=needs_consent, position=position
            )


def _note(
    contact: Contact, purpose: Purpose, state: str, basis: str, source: str, said_at: datetime, *, by: Any, at: datetime
) -> Consent:
    """The contact's row is the lock. What was said last already is not written again."""
    locked = Contact._base_manager.select_for_update(of=("self",)).get(pk=contact.pk)
    if locked.is_in_bin:
        raise ValidationError(_("It is in the bin."))
    if said_at > at:
        raise ValidationError({"said_at": _("This lies in the future.")})
    last = Consent.objects.filter(contact=locked, purpose=purpose).current().first()
    if last is not None and (last.state, last.basis) == (state, basis):
        return last
    if last is not None and said_at < last.at:
        raise ValidationError({"said_at": _("Something later is known already.")})
    row = Consent(
        contact=locked, purpose=purpose, state=state, basis=basis, source=tidy.one_line(source), at=said_at, by=by,
        noted_at=at,
    )  # fmt: skip
    row.full_clean()
    row.save()
    named = {"code": purpose.code, "label": purpose.name, "label_zh": purpose.name_zh}
    data = {"purpose": named, "basis": basis, "source": row.source, "said_at": said_at.isoformat()}
    about = list(locked.customers.filter(deleted_at=None))
    events.record(f"contact.consent_{state}", locked, by=by, at=at, data=data, about=about)
    return row
