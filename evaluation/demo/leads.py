"""Leads of the last half-year: some became customers that are there, some came to nothing, a few dozen are open.

Nothing here is left to chance, so that nothing else of the demo depends on it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm.models import BusinessCalendar
from customers.models import Purpose
from customers.sales.models import (
    Lead,
    LeadAnswer,
    LeadForm,
    LeadQuestion,
    LeadReceiver,
    LeadRule,
    LeadRuleCondition,
    LeadScoreRule,
    LeadTarget,
    lead_score,
    lead_target,
)
from evaluation.demo import storing, words
from evaluation.demo.world import World, at_clock

OPEN, DISCARDED = 42, 18
CHINA, OTHERS = "China 国内", "All others 其他"
CHANNELS = ("website", "website", "event", "website", "referral", "outbound", "partner")
REASONS = ("not_interested", "no_fit", "not_reached", "spam", "duplicate", "not_interested")
ASKED = {
    words.CHINESE: ("想了解测量站的价格。", "请寄样本目录。"),
    words.ENGLISH: ("What does it cost?", "Please send a catalogue."),
}
ANSWERS = ("A measuring station for the new hall 新车间的测量站", "About 40,000 约四万", "✓")
SCORES = (
    ("Mail of a company 企业邮箱", 15, "company_mail", "yes", ""),
    ("Has a phone 留有电话", 10, "phone", "yes", ""),
    ("Referred or met 推荐或展会", 20, "channel", "is", "referral\nevent"),
    ("100 people or more 百人以上", 25, "employees", "at_least", "100"),
    ("Asks for a product 询问产品", 10, "product", "yes", ""),
    ("Older than a month 超过一个月", -15, "age", "at_least", "30"),
)
QUESTIONS = (
    ("What do they need? 需求是什么？", "text", True),
    ("What may it cost? 预算多少？", "text", False),
    ("We talk to who decides 已联系决策人", "tick", True),
    ("By when? 何时需要？", "text", False),
)


def come_in(world: World) -> None:
    form = _configure(world)
    found = [_lead(world, place, form) for place in range(OPEN + DISCARDED)]
    became = _those_that_became_customers(world)
    storing.store(Lead, [*found, *became])
    for lead in [*found, *became]:
        _tell(world, lead)
    need, budget, decides, _when = LeadQuestion.objects.active()
    answered = [lead for lead in found if lead.state == Lead.State.WORKING][::2]
    rows = [
        LeadAnswer(lead=lead, question=question, text=text, by=lead.owner, at=lead.first_contact_at)
        for lead in answered
        for question, text in zip((need, budget, decides), ANSWERS, strict=True)
    ]
    LeadAnswer.objects.bulk_create(rows)
    lead_score.compute(world.now)


def _configure(world: World) -> LeadForm:
    """What an administrator would have set up: a form, who gets what, and what is worth how much."""
    for place, (name, points, attribute, how, values) in enumerate(SCORES):
        LeadScoreRule.objects.create(
            name=name, points=points, attribute=attribute, how=how, values=values, position=place
        )
    for place, (text, answer, is_required) in enumerate(QUESTIONS):
        LeadQuestion.objects.create(text=text, answer=answer, is_required=is_required, position=place)
    north = LeadRule.objects.create(name=CHINA, position=1, team=world.teams["north"])
    LeadRuleCondition.objects.create(rule=north, attribute="country", how="is", values="China\n中国")
    LeadRule.objects.create(name=OTHERS, position=2, team=world.teams["east"])
    for rep in world.reps:
        LeadReceiver.objects.create(person=rep, capacity=25)
    calendar = BusinessCalendar.objects.order_by("pk").first()
    form = LeadForm.objects.create(
        name="Website 官网", key="ask", title="Ask us 咨询", team=world.teams["sales"], country="optional",
        employees="optional", confirms=True, purpose=Purpose.objects.filter(code="marketing").first(),
        consent="You may write to me about products. 我同意接收产品信息。",
    )  # fmt: skip
    LeadTarget.objects.create(channel="website", minutes=240, calendar=calendar)
    return form


def _lead(world: World, place: int, form: LeadForm) -> Lead:
    """The first ones are open: every third is being worked on."""
    language = words.CHINESE if place % 2 else words.ENGLISH
    reps = world.reps[:3] if language == words.CHINESE else world.reps[3:]
    owner, is_open = reps[place // 2 % 3], place < OPEN
    days = 1 + place * 37 % 45 if is_open else 46 + place * 29 % 130
    at = at_clock(world.today - timedelta(days=days), 9) + timedelta(minutes=place * 53 % 480)
    channel = CHANNELS[place % len(CHANNELS)]
    city = words.CITIES[language][place % 12]
    lead = Lead(
        **_who(place, language), channel=channel, city=city, country=words.COUNTRIES.get(city, "中国"),
        employees=(12, 45, 160, 800, None)[place % 5], language=language, note=ASKED[language][place // 4 % 2],
        product=world.products[place % len(world.products)] if place % 3 else None,
        form=form if channel == "website" else None, owner=owner, team=owner.team, created_at=at, updated_at=at,
    )  # fmt: skip
    lead.given = {"rule": CHINA if language == words.CHINESE else OTHERS,
                  "how": "load", "open": place // 6, "capacity": 25}  # fmt: skip
    lead.contact_due_at = lead_target.due_at(lead, at)
    if is_open and place % 10 in (4, 7):
        lead.owner, lead.given = None, {}  # waits for whoever of the team takes it
    elif not is_open or place % 3 == 0 or days > 8:
        lead.first_contact_at = lead.updated_at = min(at + timedelta(minutes=20 + place * 97 % 900), world.now)
        lead.state, lead.version = Lead.State.WORKING, 2
    if not is_open:
        lead.state, lead.reason, lead.version = Lead.State.DISCARDED, REASONS[place % len(REASONS)], 3
    return lead


def _who(place: int, language: str) -> dict[str, str]:
    """Some leave a phone, some a mail of their organisation, some one of a public provider."""
    family, given = words.FAMILY[language][place * 7 % 20], words.GIVEN[language][place * 11 % 25]
    first = words.COMPANY_FIRST[language][place * 3 % 20]
    second = words.COMPANY_SECOND[language][place * 4 % 15]
    suffix = words.COMPANY_SUFFIX[language][place % 8]
    is_chinese = language == words.CHINESE
    domain = ("qq.com" if is_chinese else "gmail.com") if place % 4 == 3 else f"lead-{place}.example"
    phone = f"+86139550{place:05d}" if is_chinese else f"+4420794{place:05d}"
    return {
        "name": family + given if is_chinese else f"{given} {family}",
        "organisation": first + second + suffix if is_chinese else f"{first}{second} {suffix}",
        "email": f"asks-{place}@{domain}",
        "phone": phone if place % 3 else "",
    }


def _those_that_became_customers(world: World) -> list[Lead]:
    """Customers of the last half-year that came by the website or an event were leads for some days before."""
    since = world.now - timedelta(days=200)
    came = [one for one in world.customers if one.created_at >= since and one.channel in ("website", "event")]
    found = []
    for place, customer in enumerate(came):
        people = world.people.get(customer.pk)
        contact, owner = people[0] if people else None, world.owners[customer.pk][0][1]
        at = customer.created_at - timedelta(days=2 + place % 9, hours=place % 5)
        found.append(
            Lead(
                name=contact.name if contact else customer.name,
                organisation=customer.name,
                email=contact.email if contact else "",
                channel=customer.channel,
                owner=owner,
                team=owner.team,
                state=Lead.State.CONVERTED,
                customer=customer,
                contact=contact,
                converted_at=customer.created_at,
                first_contact_at=at + timedelta(minutes=15 + place * 61 % 1200),
                created_at=at,
                updated_at=customer.created_at,
                version=3,
            )
        )
    return found


def _tell(world: World, lead: Any) -> None:
    world.tell("lead.created", lead, by=None, at=lead.created_at, data={"channel": lead.channel}, about=[])
    if lead.given:
        owner = {"id": lead.owner.pk, "label": lead.owner.name}
        told = {"owner": [None, owner], "why": lead.given}
        at = lead.created_at + timedelta(seconds=1)
        world.tell("lead.assigned", lead, by=None, at=at, data=told, about=[])
    if lead.first_contact_at:
        told = {"type": "call", "note": ""}
        world.tell("lead.contacted", lead, by=lead.owner, at=lead.first_contact_at, data=told, about=[])
    if lead.state == Lead.State.DISCARDED:
        told = {"reason": lead.reason}
        world.tell("lead.discarded", lead, by=lead.owner, at=lead.updated_at, data=told, about=[])
    if lead.is_converted:
        told = {"customer": {"id": lead.customer.pk, "label": lead.customer.name}}
        world.tell("lead.converted", lead, by=lead.owner, at=lead.converted_at, data=told, about=[])
