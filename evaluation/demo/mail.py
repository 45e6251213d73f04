"""Two templates of letters, and a private letter that a rep got from a customer."""

from __future__ import annotations

from datetime import timedelta

from crm.models import MailTemplate
from customers.models import Contact, Email
from evaluation.demo import words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World

TEMPLATES = (
    ("After a visit", "en", "Our talk at {customer.name}",
     "Dear {contact.name},\n\nthank you for your time. As promised, here is what we talked about.\n\n{writer.name}"),
    ("拜访之后", "zh-hans", "{customer.name} 拜访纪要",
     "{contact.name}，您好！\n\n感谢您抽出时间。以下是我们谈到的内容。\n\n{writer.name}"),
)  # fmt: skip
LETTERS = {
    words.ENGLISH: ("Delivery next week", "Could it be Tuesday instead of Monday? Our dock is closed that morning."),
    words.CHINESE: ("下周交货", "能否把周一改为周二？那天上午我们的装卸区不开放。"),
}


def write(world: World) -> None:
    for name, language, subject, body in TEMPLATES:
        MailTemplate.objects.create(name=name, language=language, subject=subject, body=body)
    for place, rep in enumerate(world.reps[:2]):
        theirs = Contact.objects.alive().exclude(email="").filter(customers__owner=rep, customers__deleted_at=None)
        contact = theirs.order_by("pk").first()
        if contact is None:
            continue
        customer = contact.customers.filter(owner=rep).order_by("pk").first()
        subject, text = LETTERS[language_of(customer)]
        Email.objects.create(
            owner=rep, customer=customer, contact=contact, direction=Email.Direction.INBOUND,
            state=Email.State.RECEIVED, sender=f"{contact.name} <{contact.email}>", to=[rep.email], subject=subject,
            text=text, at=world.now - timedelta(hours=20 + place), nonce=f"demo-{place}",
        )  # fmt: skip
