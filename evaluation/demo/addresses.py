"""A little of what is known of people besides: further addresses, what they allow, tags. By chances of its own, so that
nothing else of the demo depends on it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection

from customers.actions import places
from customers.models import Consent, Contact, ContactPoint, Customer, Purpose, Tag
from customers.models.contact_point import key_of
from customers.models.tag import key_of as key_of_tag
from customers.sales.models import Opportunity
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import SEED, World
from service.models import Ticket

TAGS = (
    ("Reference 可作案例", "green", 12), ("Trade fair 展会", "blue", 9), ("Partner 合作伙伴", "purple", 15),
    ("Slow payer 付款慢", "orange", 40),
)  # fmt: skip
SOURCES = {words.ENGLISH: ("Web form", "Trade fair", "Call"), words.CHINESE: ("网页表单", "展会", "电话")}


def tell(world: World) -> None:
    chance = Random(SEED + 1)
    points: list[ContactPoint] = []
    consents: list[Consent] = []
    marketing = Purpose.objects.get(code="marketing")
    for customer in world.customers:
        for contact in world.people.get(customer.pk, ()):
            points += _points(chance, customer, contact)
            consents += _consents(chance, world, customer, contact, marketing)
    storing.store(ContactPoint, points)
    storing.store(Consent, consents)
    _tag(world)
    places.look_up_new(world.now)


def _points(chance: Random, customer: Any, contact: Contact) -> list[ContactPoint]:
    made: list[ContactPoint] = []

    def add(type: str, value: str, **fields: Any) -> None:
        place = (fields.get("postal_code", ""), fields.get("city", ""), fields.get("country", ""))
        key = key_of(type, value, fields.get("network", ""), place)
        made.append(
            ContactPoint(contact=contact, type=type, value=value, key=key, added_at=contact.created_at, **fields)
        )

    login = contact.email.split("@")[0]
    if chance.random() < 0.10:
        add("email", f"{login}@mail.example", label="private")
    if chance.random() < 0.03:
        add("email", contact.email, is_primary=True, label="work", validity="invalid",
            invalid_since=contact.created_at + timedelta(days=90))  # fmt: skip
    elif chance.random() < 0.03:
        opted_out_at = contact.created_at + timedelta(days=60)
        add("email", contact.email, is_primary=True, label="work", opted_out_at=opted_out_at)
    if chance.random() < 0.15:
        network = "wechat" if language_of(customer) == words.CHINESE else "linkedin"
        add("handle", login, network=network, is_primary=True, label="work")
    if chance.random() < 0.05 and customer.city:
        street = "人民路 88 号" if language_of(customer) == words.CHINESE else "Mill Lane 5"
        add("address", street, city=customer.city, country=customer.country, is_primary=True, label="work")
    return made


def _consents(chance: Random, world: World, customer: Any, contact: Contact, purpose: Purpose) -> list[Consent]:
    if chance.random() > 0.25:
        return []
    given_at = contact.created_at + timedelta(days=1)
    said: dict[str, Any] = {
        "contact": contact,
        "purpose": purpose,
        "source": chance.choice(SOURCES[language_of(customer)]),
    }
    rows = [Consent(**said, state="given", at=given_at, noted_at=given_at, by=contact.owner)]
    withdrawn_at = given_at + timedelta(days=chance.randrange(20, 300))
    if chance.random() < 0.2 and withdrawn_at < world.now:
        rows.append(Consent(**said, state="withdrawn", at=withdrawn_at, noted_at=withdrawn_at, by=contact.owner))
    return rows


def _tag(world: World) -> None:
    """Every so many customers, by their place in the story."""
    for name, colour, every in TAGS:
        tag = Tag.objects.create(name=name, key=key_of_tag(name), colour=colour)
        ids = [customer.pk for customer in world.customers[::every]]
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {Customer._meta.db_table} SET tags = tags || %s::bigint WHERE id = ANY(%s)", [tag.pk, ids]
            )
            for model in (Opportunity, Ticket):
                table = model._meta.db_table
                cursor.execute(f"UPDATE {table} SET tags = tags || %s::bigint WHERE id %% %s = 0", [tag.pk, every])
