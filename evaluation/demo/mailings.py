"""The mailing by which a trade fair invited its guests, half a year ago: rows only, nothing leaves."""

from __future__ import annotations

from datetime import timedelta

from crm.models import MailTemplate
from customers.models import Purpose, Unsubscription
from customers.sales.models import (
    Campaign,
    CampaignMember,
    LetterState,
    Mailing,
    MailingLetter,
    MailingRules,
    MailingText,
)
from customers.sales.models.mailing_letter import Why
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World, at_clock

CODE = "fair-2"
TEMPLATES = (
    ("Invitation", "en", "{contact.name}, meet us at the trade fair",
     "Dear {contact.name},\n\nour stand is in hall 4 this year. Come by for a coffee: answer this letter and we keep an"
     " hour for you."),
    ("邀请函", "zh-hans", "{contact.name}，诚邀莅临展会",
     "{contact.name}，您好！\n\n今年我们的展位在 4 号馆。欢迎前来喝杯咖啡：回复本邮件，我们为您预留一小时。"),
)  # fmt: skip
LANGUAGES = {words.ENGLISH: "en", words.CHINESE: "zh-hans"}
BOUNCED, UNSUBSCRIBED = 7, 12  # which of those who got it


def send(world: World) -> None:
    campaign = Campaign.objects.filter(code=CODE).select_related("owner").first()
    marketing = Purpose.objects.filter(code="marketing").first()
    if campaign is None or marketing is None:
        return
    owner, at = campaign.owner, at_clock(campaign.starts - timedelta(days=9), 9)
    MailingRules.objects.create(sender="Yardstick Demo Ltd, 12 Mill Lane, Leeds")
    mailing = Mailing.objects.create(
        campaign=campaign, name="Invitation 邀请函", purpose=marketing, owner=owner, team=owner.team,
        state=Mailing.State.DONE, prepared_by=owner, prepared_at=at, starts_at=at, done_at=at + timedelta(minutes=2),
        created_at=at, updated_at=at,
    )  # fmt: skip
    texts = {}
    for name, language, subject, body in TEMPLATES:
        template = MailTemplate.objects.create(name=name, language=language, subject=subject, body=body)
        texts[language] = MailingText.objects.create(
            mailing=mailing, template=template, language=language, subject=subject, body=body
        )
    letters = _letters(world, mailing, texts)
    storing.store(MailingLetter, letters)
    sent = sum(letter.sent_at is not None for letter in letters)
    for event, data in (("created", {}), ("started", {"count": sent}), ("done", {"count": sent})):
        world.tell(f"mailing.{event}", mailing, by=owner, at=at, data=data, about=[])


def _letters(world: World, mailing: Mailing, texts: dict[str, MailingText]) -> list[MailingLetter]:
    """Who was addressed got it; who has responded answered it; the others had not agreed by then."""
    letters, got = [], 0
    members = CampaignMember.objects.filter(campaign=mailing.campaign).select_related("contact").order_by("pk")
    for place, member in enumerate(members.prefetch_related("contact__customers")):
        assert member.contact is not None
        customer = next(iter(member.contact.customers.all()), None)
        text = texts[LANGUAGES[language_of(customer)] if customer else "en"]
        letter = MailingLetter(
            mailing=mailing, member=member, address=member.contact.email, language=text.language,
            nonce=f"demo-mailing-{place}",
        )  # fmt: skip
        letter.keep_hash()
        if member.state == "planned" or not letter.address:
            letter.leave_out(Why.NO_CONSENT if letter.address else Why.NO_EMAIL)
        else:
            got += 1
            letter.subject = text.subject.replace("{contact.name}", member.contact.name)
            letter.text = text.body.replace("{contact.name}", member.contact.name)
            letter.state = LetterState.BOUNCED if got == BOUNCED else LetterState.SENT
            letter.sent_at = letter.claimed_at = letter.dated_at = mailing.starts_at
            letter.attempts = 1
            if got == UNSUBSCRIBED:
                letter.unsubscribed_at = mailing.starts_at + timedelta(hours=3)
                Unsubscription.objects.create(address=letter.address, at=letter.unsubscribed_at)
            elif member.responded_on:
                letter.answered_at = at_clock(member.responded_on, 11)
        letters.append(letter)
    return letters
