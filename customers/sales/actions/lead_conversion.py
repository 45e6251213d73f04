"""A lead becomes a customer, with a contact and perhaps an opportunity; and back, as far as nobody built on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.access.permissions import Verb
from crm.actions import records
from crm.custom_fields import writing
from crm.models import User
from customers.actions import consents, contacts, customers, emails_moving, tasks
from customers.models import Activity, Consent, Contact, ContactPoint, Customer, Task
from customers.sales.actions import lead_address, lead_answers, lead_changes, opportunities
from customers.sales.models import Lead, LeadAnswer, LeadConsent, LeadQuestion, Opportunity, lead_question
from customers.sales.models.lead_matches import known_contact

OVERRIDE = "criteria_override"
FIRST_STEP = "next_step"
MADE: dict[str, Any] = {"opportunity": Opportunity, "contact": Contact, "customer": Customer}
# Rows that are written about any customer by itself: nobody built on it.
BY_THEMSELVES = {
    "customers.standing", "evaluation.healthscore", "evaluation.healthsnapshot",
    "sales.stagechange", "sales.leadanswer", "sales.winchance",
}  # fmt: skip


@dataclass(frozen=True)
class Consequences:
    """What undoing a conversion takes back, and what it keeps: changed or used since, or not theirs to delete."""

    taken_back: list[Any]
    kept: list[Any]


@transaction.atomic
def convert(
    lead: Lead,
    *,
    by: User,
    at: datetime,
    customer: Customer | None = None,
    contact: Contact | None = None,
    opportunity: dict[str, Any] | None = None,
    answers: dict[LeadQuestion, Any] | None = None,
    overriding: str = "",
) -> Lead:
    """Create the customer and the contact, or join those given; with the fields of an `opportunity` open one.

    Done once: a lead that is converted already is returned as it is. Refused with NotQualified until the required
    questions are answered, unless somebody who may says why in `overriding`.
    """
    lead = lead_changes.lock(lead)
    if lead.is_converted:
        return lead
    lead_changes.refuse_closed(lead)
    if answers:
        lead = lead_answers.answer(lead, answers=answers, by=by, at=at)
    unanswered = _refuse_unqualified(lead, by, overriding.strip())
    made: dict[str, int] = {}
    owner = lead.owner or by
    whose: dict[str, Any] = {"owner": owner, "team": lead.team or owner.team, "by": by, "at": at}
    customer, contact = _customer_and_contact(lead, customer, contact, whose, made)
    opened = _opportunity(lead, customer, contact, opportunity, overriding, whose, made)
    lead.owner, lead.team = owner, whose["team"]
    lead.state, lead.converted_at, lead.made = Lead.State.CONVERTED, at, made
    lead.customer, lead.contact, lead.opportunity = customer, contact, opened
    lead.first_contact_at = lead.first_contact_at or at
    became = {"customer": customer, "contact": contact, "opportunity": opened}
    told: dict[str, Any] = {name: records.as_json(record) for name, record in became.items() if record}
    told |= {"missing": unanswered, "reason": overriding.strip()} if unanswered else {}
    LeadAnswer.objects.filter(lead=lead).update(opportunity=opened)
    _hand_consent_on(lead, contact, by=by, at=at)
    emails_moving.file_with(lead, customer, contact, by=by, at=at)
    return lead_changes.store(lead, "converted", told, by=by, at=at)


def _customer_and_contact(
    lead: Lead, customer: Customer | None, contact: Contact | None, whose: dict[str, Any], made: dict[str, int]
) -> tuple[Customer, Contact]:
    """Those given, if the person may see them and they belong together; new ones in place of those that are missing."""
    by, at = whose["by"], whose["at"]
    if customer is None:
        customer = _new_customer(lead, whose)
        made["customer"] = customer.version
    else:
        _refuse_unseen(customer, by, "customer")
        contact = contact or known_contact(by, lead, customer)
    if contact is None:
        contact = _new_contact(lead, customer, whose, is_main="customer" in made)
        lead_address.hand_on(lead, contact, by=by, at=at)
        made["contact"] = contact.version
    elif not contact.customer_links.filter(customer=customer).exists():
        raise ValidationError({"contact": _("This person does not belong to the customer.")})
    else:
        _refuse_unseen(contact, by, "contact")
    return customer, contact


def _opportunity(
    lead: Lead,
    customer: Customer,
    contact: Contact,
    fields: dict[str, Any] | None,
    overriding: str,
    whose: dict[str, Any],
    made: dict[str, int],
) -> Opportunity | None:
    if fields is None:
        return None
    _refuse_creating(whose["by"], Opportunity)
    fields = {"custom": writing.handed_on(lead, Opportunity.kind), **fields}
    opened = opportunities.open(customer=customer, contact=contact, overriding=overriding, **whose, **fields)
    made["opportunity"] = opened.version
    if fields.get("next_step"):
        made[FIRST_STEP] = Task.objects.about(opened).get().pk
    return opened


@transaction.atomic
def undo_conversion(lead: Lead, *, by: User, at: datetime) -> Consequences:
    """The lead is open again. What the conversion made goes to the bin unless it was changed or used since."""
    lead = lead_changes.lock(lead)
    if not lead.is_converted:
        return Consequences([], [])
    done = consequences(lead, by=by)
    emails_moving.file_back(lead, until=lead.converted_at, by=by, at=at)
    moved: dict[type, Any] = {Opportunity: opportunities.delete, Contact: contacts.delete, Customer: customers.delete}
    for record in done.taken_back:
        if isinstance(record, Opportunity):
            for step in Task.objects.alive().filter(pk=lead.made.get(FIRST_STEP)):
                tasks.delete(step, by=by, at=at, asks_next=False)
        moved[type(record)](record, by=by, at=at)
    lead.state, lead.converted_at, lead.made = lead_changes.open_state(lead), None, {}
    lead.customer = lead.contact = lead.opportunity = None
    LeadAnswer.objects.filter(lead=lead).update(opportunity=None)
    told = {
        "taken_back": [records.as_json(record) | {"kind": record.kind} for record in done.taken_back],
        "kept": [records.as_json(record) | {"kind": record.kind} for record in done.kept],
    }
    lead_changes.store(lead, "conversion_undone", told, by=by, at=at)
    return done


def consequences(lead: Lead, *, by: User) -> Consequences:
    """What `undo_conversion` would do, in the order in which it does it."""
    found = Consequences([], [])
    for name, model in MADE.items():
        if name not in lead.made:
            continue
        record = model._base_manager.filter(pk=getattr(lead, f"{name}_id"), deleted_at=None).first()
        if record is None:
            continue
        may = model.objects.permitted(by, Verb.DELETE).filter(pk=record.pk).exists()
        untouched = record.version == lead.made[name] and not _is_used(record, lead, found.taken_back)
        (found.taken_back if may and untouched else found.kept).append(record)
    return found


def _is_used(record: Any, lead: Lead, gone: list[Any]) -> bool:
    """Whether anything that is not in the bin points to it, but for this lead and what goes with it."""
    if any(_but_first_steps(model.objects.alive().about(record), lead).exists() for model in (Activity, Task)):
        return True
    for relation in record._meta.related_objects:
        model = relation.related_model
        if model._meta.label_lower in BY_THEMSELVES:
            continue
        rows = model._base_manager.filter(**{relation.field.name: record})
        if any(field.name == "deleted_at" for field in model._meta.concrete_fields):
            rows = rows.filter(deleted_at=None)
        if model is Lead:
            rows = rows.exclude(pk=lead.pk)
        rows = rows.exclude(pk__in=[other.pk for other in gone if type(other) is model])
        if model is Consent:
            rows = rows.exclude(noted_at=lead.converted_at)  # what the lead had agreed to
        if model is ContactPoint:
            rows = rows.exclude(invalid_since=lead.converted_at)  # what was known of the lead's address
        rows = _but_first_steps(emails_moving.without_letters(rows, lead, lead.converted_at), lead)
        if model is Contact.customers.through:
            rows = _of_others(rows, record, lead, gone)
        if rows.exists():
            return True
    return False


def _but_first_steps(rows: Any, lead: Lead) -> Any:
    """Without the next step of the sale that was said with the conversion, which nobody has touched since."""
    return rows.exclude(pk=lead.made.get(FIRST_STEP), version=1) if rows.model is Task else rows


def _of_others(links: Any, record: Any, lead: Lead, gone: list[Any]) -> Any:
    """Who works where, but for what the conversion wrote down itself."""
    if isinstance(record, Contact):
        return links.exclude(customer=lead.customer_id)
    return links.exclude(contact__in=[other.pk for other in gone if isinstance(other, Contact)])


def _new_customer(lead: Lead, whose: dict[str, Any]) -> Customer:
    """The organisation, or the person where the lead names none. Its source stays with it for good."""
    _refuse_creating(whose["by"], Customer)
    source: dict[str, Any] = {"channel": lead.channel, "campaign": lead.campaign}
    source["custom"] = writing.handed_on(lead, Customer.kind)
    if lead.organisation:
        return customers.create(name=lead.organisation, **source, **whose)
    person: dict[str, Any] = {"form": Customer.Form.PERSON, "email": lead.email, "phone": lead.phone}
    return customers.create(name=lead.name, **source, **person, **whose)


def _new_contact(lead: Lead, customer: Customer, whose: dict[str, Any], is_main: bool) -> Contact:
    _refuse_creating(whose["by"], Contact)
    fields: dict[str, Any] = {"name": lead.name, "email": lead.email, "phone": lead.phone}
    fields["custom"] = writing.handed_on(lead, Contact.kind)
    return contacts.create(customer=customer, is_main=is_main, **fields, **whose)


def _refuse_unqualified(lead: Lead, by: User, overriding: str) -> list[str]:
    """The required questions without an answer, which somebody who may says are not needed here."""
    missing = lead_question.missing(lead)
    if not missing:
        return []
    if not overriding or not by.access.may(OVERRIDE, Verb.EDIT):
        raise lead_question.NotQualified(missing)
    return [question.text for question in missing]


def _hand_consent_on(lead: Lead, contact: Contact, *, by: User, at: datetime) -> None:
    """What they agreed to on the form is the contact's consent, unless they said something else since."""
    agreed = LeadConsent.objects.filter(lead=lead).select_related("purpose").first()
    if agreed is None:
        return
    later = Consent.objects.filter(contact=contact, purpose=agreed.purpose, at__gte=agreed.at).exists()
    if not later:
        consents.give(
            contact, purpose=agreed.purpose, basis=agreed.basis, source=agreed.form, given_at=agreed.at, by=by, at=at
        )


def _refuse_creating(by: User, model: Any) -> None:
    if not by.access.may(model.kind, Verb.CREATE):
        raise ValidationError(_("Your role does not allow creating what this lead would become."))


def _refuse_unseen(record: Any, by: User, field: str) -> None:
    if not type(record).objects.visible_to(by).filter(pk=record.pk).exists():
        raise ValidationError({field: _("There is no such record, or it is not yours to see.")})
