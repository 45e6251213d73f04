"""What of a sale is personal. Amounts, stages, days and states stay: they are what was sold, not to whom."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from crm.actions.redaction import saying
from crm.actions.redaction_words import ERASED
from customers.models.erasing import Holder, of_themselves_as_customer, only_where_said, theirs, where_they_work
from customers.models.person import Person
from customers.sales.models import Lead, LeadLetter, ReceivedLead

AMOUNTS = _("amounts, stages and days")


def _leads(person: Person) -> Q:
    """Those that became the person, and those of the same address or number."""
    return (
        theirs(person)
        | Q(contact=None, customer=None, email__in=person.own_emails)
        | Q(contact=None, customer=None, phone__in=person.own_phones)
    )


def _lead_keys(person: Person) -> Any:
    return Lead._base_manager.filter(_leads(person)).order_by().values("pk")


def _of_their_leads(person: Person) -> Q:
    return Q(lead__in=_lead_keys(person))


def _received(person: Person) -> Q:
    """What became one of their leads, and what names them and became none."""
    kept = ReceivedLead._base_manager.exclude(raw={})
    return Q(lead__in=_lead_keys(person)) | Q(pk__in=saying(kept, ("raw",), person.everywhere).values("pk"))


NOT_MADE_ANY_MORE = Case(When(lead=None, then=Value(ReceivedLead.State.IGNORED)), default=F("state"))

HOLDERS = (
    Holder(
        "sales.Lead",
        _leads,
        {"name": ERASED, "email": "", "phone": "", "city": "", "province": "", "note": "", "custom": {}},
        mentions=where_they_work,
        texts=("name", "organisation", "note"),
        told=("organisation", "channel", "campaign", "created_at"),
        stays=_("source, state and when somebody got in touch"),
    ),
    Holder(
        "sales.Opportunity",
        of_themselves_as_customer,
        {"notes": "", "custom": {}},
        mentions=lambda person: where_they_work(person) | Q(contact__in=person.contacts),
        texts=("name", "notes"),
        told=("name", "amount", "currency", "expected_close"),
        stays=AMOUNTS,
    ),
    Holder(
        "sales.Contract",
        of_themselves_as_customer,
        {"notes": ""},
        mentions=where_they_work,
        texts=("name", "notes"),
        told=("name", "start", "end"),
        stays=AMOUNTS,
    ),
    Holder(
        "sales.Order",
        of_themselves_as_customer,
        {"notes": ""},
        mentions=where_they_work,
        texts=("notes",),
        told=("number", "amount", "currency"),
        stays=AMOUNTS,
    ),
    Holder(
        "sales.OrderReturn",
        lambda person: Q(order__customer__in=person.customers),
        {"note": "", "cancelled_why": only_where_said("cancelled_why")},
        mentions=lambda person: Q(order__customer__in=person.anywhere),
        texts=("note", "cancelled_why"),
        told=("number", "amount", "returned_at"),
        stays=AMOUNTS,
    ),
    Holder(
        "sales.Quote",
        theirs,
        {"answered_by": only_where_said("answered_by"), "decline_reason": only_where_said("decline_reason")},
        mentions=lambda person: where_they_work(person) | Q(contact__in=person.contacts),
        texts=("title", "notes", "terms", "answered_by", "decline_reason"),
        told=("number", "total", "currency", "answered_at"),
        stays=_("the amount, and when it was accepted or declined"),
    ),
    Holder(
        "sales.LeadLetter",
        _of_their_leads,
        {
            "sender": only_where_said("sender"),
            "subject": only_where_said("subject"),
            "text": "",
            "attachments": Value([], LeadLetter._meta.get_field("attachments")),
            "message_id": "",
        },
        told=("at",),
        title=_("letters of leads"),
        stays=_("that something was written, and when"),
    ),
    Holder(
        "sales.LeadAnswer",
        _of_their_leads,
        {"text": ERASED},
        told=("question",),
        title=_("answers of leads"),
        stays=_("which question was answered"),
    ),
    Holder(
        "sales.LeadConsent", _of_their_leads, told=("purpose", "words", "at"), stays=_("what was agreed to, and when")
    ),
    Holder(
        "sales.LeadConfirmation",
        lambda person: Q(lead__email__in=person.own_emails) | Q(email__in=person.own_emails),
        removed=True,
        told=("email", "values", "asked_at"),
        title=_("forms that nobody confirmed"),
    ),
    Holder(
        "sales.ReceivedLead",
        _received,
        {"raw": {}, "reason": "", "state": NOT_MADE_ANY_MORE},
        told=("sent_at",),
        stays=_("that something was sent, and when"),
    ),
    Holder(
        "sales.OpportunityContact",
        lambda person: Q(contact__in=person.contacts),
        told=("role", "attitude"),
        stays=_("that somebody had this role"),
    ),
    Holder(
        "sales.OpportunityCompetitor",
        mentions=lambda person: Q(opportunity__customer__in=person.anywhere),
        texts=("note",),
    ),
    Holder(
        "sales.ContractMovement",
        mentions=lambda person: Q(contract__customer__in=person.anywhere),
        texts=("reason",),
    ),
    Holder(
        "sales.CampaignMember", lambda person: Q(contact__in=person.contacts), stays=_("the member, without a name")
    ),
    Holder(
        "sales.MailingLetter",
        lambda person: Q(member__contact__in=person.contacts) | Q(member__lead__in=_lead_keys(person)),
        {"address": "", "subject": "", "text": "", "problem": ""},
        told=("sent_at", "answered_at", "unsubscribed_at"),
        stays=_("that a letter was sent, answered or came back"),
    ),
)
