"""What of a survey is personal: what somebody wrote. Scores stay, and with them every number made of them."""

from __future__ import annotations

from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from customers.models.erasing import Holder, only_where_said, theirs, where_they_work
from surveys.models import Invitation

State, Reason = Invitation.State, Invitation.Reason
_QUEUED = Q(state=State.QUEUED)

HOLDERS = (
    Holder(
        "surveys.Invitation",
        theirs,
        {
            # Its link is of no use any more, and what was not sent yet is not sent.
            "token_hash": None,
            "nonce": "",
            "reason": Case(When(_QUEUED, then=Value(Reason.GONE.value)), default="reason"),
            "state": Case(When(_QUEUED, then=Value(State.SUPPRESSED.value)), default="state"),
        },
        told=("state", "invited_at", "sent_at"),
        stays=_("that somebody was asked, and when"),
    ),
    Holder(
        "surveys.Response",
        theirs,
        {"comment": only_where_said("comment")},
        mentions=where_they_work,
        texts=("comment",),
        told=("score", "answered_at"),
        stays=_("the score"),
    ),
    Holder(
        "surveys.Answer",
        lambda person: Q(response__contact__in=person.contacts) | Q(response__customer__in=person.customers),
        {"text": only_where_said("text")},
        mentions=lambda person: Q(response__customer__in=person.anywhere),
        texts=("text",),
        title=_("answers to further questions"),
    ),
)
