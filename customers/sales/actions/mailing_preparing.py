"""Who of a campaign's members gets a letter, what it says to each, and why the others get none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.mail import fields
from customers.models import Customer, CustomerContact
from customers.models.writing_many import Asked, people_with, verdicts
from customers.sales.models import (
    CampaignMember,
    Lead,
    LeadConsent,
    Mailing,
    MailingLetter,
    MailingRules,
    MailingText,
)
from customers.sales.models.mailing_letter import Why


@dataclass(frozen=True)
class _Organisation:
    """What a lead says of where they work, for templates that name the customer."""

    name: str
    city: str
    number: str = ""


def letters_for(mailing: Mailing, texts: Sequence[MailingText], *, by: Any, at: datetime) -> list[MailingLetter]:
    """One for each member whom the person may see, unsaved: waiting, or left out with the reason."""
    seen = CampaignMember.objects.visible_to(by).filter(campaign=mailing.campaign_id)
    members = list(seen.select_related("contact__owner", "lead__owner").order_by("pk"))
    reasons = why_not(members, mailing, [address_of(one) for one in members], at)
    at_work = _where_they_work(members, by)
    written: list[MailingLetter] = []
    taken: set[str] = set()
    for member, why in zip(members, reasons, strict=True):
        text = text_for(member.person, texts)
        letter = MailingLetter(mailing=mailing, member=member, address=address_of(member), language=text.language)
        letter.keep_hash()
        if not why and letter.address in taken:
            why = Why.TWICE
        if why:
            letter.leave_out(why)
        else:
            _fill(letter, text, _around(member, at_work, by))
        if not letter.why:
            taken.add(letter.address)
        written.append(letter)
    return written


def why_not(members: Sequence[CampaignMember], mailing: Mailing, addresses: Sequence[str], at: datetime) -> list[str]:
    """Of each member why no mailing may go to the address; empty where it may. Asked again before a letter leaves."""
    leads = [one.lead for one in members if one.lead is not None]
    behind = people_with(lead.email for lead in leads)
    agreed = LeadConsent.objects.filter(lead__in=leads, purpose=mailing.purpose_id)
    agreed_ids = set(agreed.values_list("lead_id", flat=True))
    asked = [
        Asked(address, (one.contact,))
        if one.contact is not None
        else Asked(address, tuple(behind.get(address, ())), has_agreed=one.lead_id in agreed_ids)
        for one, address in zip(members, addresses, strict=True)
    ]
    recent = _written_to_lately(mailing, addresses, at)
    return [
        _of_the_lead(one.lead) or verdict.reason or (Why.RECENT if address in recent else "")
        for one, address, verdict in zip(members, addresses, verdicts(asked, mailing.purpose.code), strict=True)
    ]


def address_of(member: CampaignMember) -> str:
    return member.person.email


def text_for(person: Any, texts: Sequence[MailingText]) -> MailingText:
    """In the person's language, else the organisation's, else the one there is."""
    known = {text.language: text for text in texts}
    wanted = (person.language or settings.LANGUAGE_CODE).lower()
    for code in ("zh-hans" if wanted.startswith("zh") else wanted[:2], settings.LANGUAGE_CODE):
        if code in known:
            return known[code]
    return texts[0]


def _of_the_lead(lead: Lead | None) -> str:
    if lead is None:
        return ""
    if lead.is_in_bin:
        return Why.GONE
    if lead.email_failed_at is not None:
        return Why.INVALID
    return Why.DISCARDED if lead.state == Lead.State.DISCARDED else ""


def _written_to_lately(mailing: Mailing, addresses: Iterable[str], at: datetime) -> set[str]:
    days = MailingRules.in_force().quiet_days
    if not days:
        return set()
    sent = MailingLetter.objects.filter(sent_at__gt=at - timedelta(days=days), address__in=set(addresses) - {""})
    return set(sent.exclude(mailing=mailing).values_list("address", flat=True))


def _where_they_work(members: Iterable[CampaignMember], by: Any) -> dict[int, Customer]:
    """Of each contact the customer they stand for first, as far as the person may see it."""
    seen = Customer.objects.visible_to(by)
    links = CustomerContact.objects.filter(contact__in=[one.contact_id for one in members if one.contact_id])
    links = links.filter(customer__in=seen.order_by().values("pk"), ended_on=None).select_related("customer")
    found: dict[int, Customer] = {}
    for link in links.order_by("-is_main", "pk"):
        found.setdefault(link.contact_id, link.customer)
    return found


def _around(member: CampaignMember, at_work: Mapping[int, Customer], by: Any) -> dict[str, Any]:
    person: Any = member.person
    where: Any = at_work.get(member.contact_id or 0)
    if member.lead is not None:
        where = _Organisation(member.lead.organisation, member.lead.city)
    return {"contact": person, "customer": where, "owner": person.owner or by, "writer": by}


def _fill(letter: MailingLetter, text: MailingText, around: dict[str, Any]) -> None:
    """What cannot be put in is named, and nothing is sent to this one."""
    with translation.override(text.language):
        subject, body = fields.fill(text.subject, around), fields.fill(text.body, around)
    lacking = dict.fromkeys((*subject.unknown, *subject.empty, *body.unknown, *body.empty))
    if lacking:
        names = listed("{" + code + "}" for code in lacking)
        letter.leave_out(Why.MISSING, problem=_("Nothing is known for %(fields)s.") % {"fields": names})
        return
    letter.subject, letter.text = " ".join(subject.text.split())[:400], body.text.strip()
