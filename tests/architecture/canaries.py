"""Records of two people who do not see each other's, and some in between; every text of each is a word of its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models

from crm import events
from crm.access import kinds
from crm.access.permissions import Level
from crm.actions import records
from crm.models import CustomField, Share
from customers.models import Collaborator, ContactPoint, CustomerContact
from customers.models.contact_point import key_of
from customers.sales.models import (
    CampaignMember,
    CreditSplit,
    LeadLetter,
    MailingLetter,
    MailingText,
    OpportunityCompetitor,
    OpportunityContact,
)
from service.actions import conversation
from service.models import Message
from tests.architecture.examples import MAKERS, NOW
from tests.factories.custom_fields import make_formula

CANARY = re.compile(r"canary\d{5}")
BETWEEN = r"[\s()/-]"  # the digits of a phone number, as people write it
PHONE = re.compile(f"{BETWEEN}*".join([r"\+", *"4930777", *[r"\d"] * 5]))
NUMBER = re.compile(r"(?<!\d)88000\d{4}(?!\d)")
# What the rep's role closes: hidden from them on every record, also on those they own.
CLOSED = {
    "customer": ("email", "phone", "employees", "annual_revenue", "notes", "custom_closed"),
    "contact": ("email", "phone", "notes", "custom_closed"),
    "lead": ("email", "phone", "note", "custom_closed"),
    "opportunity": ("notes", "custom_closed"),
    "ticket": ("custom_closed",),
}
# Codes, not texts: they are chosen from what the software knows.
CODES = {
    "kpi_code", "guard_code", "scope_key", "scope_name", "segment_name", "currency", "language", "sort_name", "nonce",
    "token_hash", "about_kind", "digest", "inputs", "content", "external_id", "file_name", "rank", "grade", "design",
}  # fmt: skip
APPEND_ONLY = {"cost"}
# The one thing a record says of what it is about although its reader may not open that: decision 7.
NAMES = {("customer", "name"), ("contact", "name")}


@dataclass(frozen=True)
class Text:
    """One field of one record."""

    kind: str
    pk: int
    field: str


class World:
    """`texts` tells of every canary where it sits; `rows` holds the records of each kind."""

    def __init__(self, cast: Any) -> None:
        self.texts: dict[str, Text] = {}
        self.rows: dict[str, list[Any]] = defaultdict(list)
        self._close(cast)
        self._make(cast)

    def _close(self, cast: Any) -> None:
        """A role that hides fields, and fields of the organisation's own that only some may see."""
        self.closing = cast.rep.roles.get()
        for kind, names in CLOSED.items():
            CustomField.objects.create(kind=kind, code="closed", label="Closed", type="text", is_shown=True)
            for name in names:
                self.closing.fields.create(kind=kind, name=name, level=Level.HIDDEN)
        make_formula("derived", "concat(closed, ' ', employees)", "text", is_shown=True)  # no line of its own closes it

    def is_closed(self, user: Any, text: Text) -> bool:
        """Whether none of the person's roles shows the field."""
        return text.field in CLOSED.get(text.kind, ()) and list(user.roles.all()) == [self.closing]

    def _make(self, cast: Any) -> None:
        for owner, team in ((cast.rep, cast.north), (cast.outsider, cast.south)):
            for kind in MAKERS:
                self.add(kind, owner, team)
        self.outsider = cast.outsider
        theirs, mine = self.theirs("customer"), self.rows["customer"][0]
        person, also = self.theirs("contact"), self.rows["contact"][0]
        CustomerContact.objects.create(customer=theirs, contact=person, role=self.word("contact", person.pk, "role"))
        CustomerContact.objects.create(customer=theirs, contact=also, role=self.word("customer", theirs.pk, "role"))
        CustomerContact.objects.create(customer=mine, contact=also)
        self._between(cast, mine, theirs, person)
        self._reached()
        self._written_by_leads()
        self._said(cast)
        self._mailed(person)
        for kind in list(self.rows):
            for record in self.rows[kind]:
                self.mark(record)

    def theirs(self, kind: str) -> Any:
        """The first of the outsider's."""
        return next(row for row in self.rows[kind] if row.owner == self.outsider)

    def add(self, kind: str, owner: Any, team: Any, **fields: Any) -> Any:
        record = MAKERS[kind](owner, team)
        if fields:
            type(record)._base_manager.filter(pk=record.pk).update(**fields)
            record.refresh_from_db()
        self.rows[kind].append(record)
        for name in ("customer", "contact", "invitation"):  # what the maker made besides
            inner = getattr(record, name, None)
            if inner is not None and inner not in self.rows[name]:
                self.rows[name].append(inner)
        return record

    def _between(self, cast: Any, mine: Any, theirs: Any, person: Any) -> None:
        """Work of the rep about the outsider's customer and contact, and the other way round."""
        about = {"customer": theirs, "contact": person}
        their_ticket, their_sale = self.theirs("ticket"), self.theirs("opportunity")
        self.add("opportunity", cast.rep, cast.north, **about)
        self.add("ticket", cast.rep, cast.north, **about)
        self.add("ticket", cast.agent, cast.north, **about)
        self.add("task", cast.rep, cast.north, **about, about_kind="ticket", about_id=their_ticket.pk)
        self.add("task", cast.agent, cast.north, **about)
        self.add("lead", cast.rep, cast.north, state="converted", customer=theirs, contact=person, converted_at=NOW)
        self.add("order", cast.rep, cast.north, customer=their_sale.customer, opportunity=their_sale)
        self.add("contract", cast.rep, cast.north, customer=their_sale.customer, opportunity=their_sale)
        self.add("quote", cast.rep, cast.north, customer=their_sale.customer, opportunity=their_sale, contact=person)
        self._around(self.rows["opportunity"][0], their_sale, person, self.rows["contact"][0])
        note = self.add(
            "activity", cast.rep, cast.north, customer=theirs, about_kind="opportunity", about_id=their_sale.pk
        )
        note.contacts.add(person)
        asked = self.add("invitation", cast.rep, cast.north, ticket=their_ticket, **about)
        self.add("response", cast.rep, cast.north, ticket=their_ticket, invitation=asked, **about)
        self.add("ticket", cast.outsider, cast.south, customer=mine, contact=person)
        self.add("opportunity", cast.outsider, cast.south, customer=mine, contact=person)
        self.add("customer", cast.rep, cast.north, parent=theirs)
        self.add("customer", cast.outsider, cast.south, parent=mine)
        Collaborator.objects.create(
            customer=self.add("customer", cast.outsider, cast.south), user=cast.rep, added_at=NOW
        )
        for shared in (
            self.add("opportunity", cast.outsider, cast.south),
            self.add("ticket", cast.outsider, cast.south),
        ):
            Share.objects.create(about_kind=shared.kind, about_id=shared.pk, user=cast.rep, at=NOW)
        cast.rep._access = None  # read before
        self.add("customer", cast.rep, cast.north, deleted_at=NOW)

    def _around(self, mine: Any, theirs: Any, person: Any, also: Any) -> None:
        """People, competitors and splits of credit of both, some of somebody the other may not see."""
        for sale, contact in ((mine, person), (theirs, also), (theirs, person)):
            OpportunityContact.objects.create(opportunity=sale, contact=contact, role="economic")
        for sale in (mine, theirs):
            note, reason = (self.word("opportunity", sale.pk, name) for name in ("competitor's note", "split"))
            OpportunityCompetitor.objects.create(opportunity=sale, competitor=self.rows["competitor"][0], note=note)
            CreditSplit.objects.create(
                opportunity=sale, kind="revenue", valid_from=NOW.date(), reason=reason, recorded_at=NOW
            )

    def _reached(self) -> None:
        """Each customer and contact by one more phone, mail and handle than its fields say."""
        for kind in ("customer", "contact"):
            for record in self.rows[kind]:
                for type, field, network in (
                    ("email", "email", ""),
                    ("phone", "phone", ""),
                    ("handle", "phone", "wechat"),
                ):
                    word = self.word(kind, record.pk, field) if type != "handle" else self.said(kind, record.pk, field)
                    value = f"{word}@example.com" if type == "email" else word
                    key = key_of(type, value, network)
                    ContactPoint.objects.create(
                        **{kind: record}, type=type, value=value, network=network, key=key, added_at=NOW
                    )

    def _written_by_leads(self) -> None:
        """Each lead has sent a letter, with its address, and mail to it came back."""
        for lead in self.rows["lead"]:
            sender = f"Wren Writer <{self.said('lead', lead.pk, 'email')}@example.com>"
            said = {name: self.word("lead", lead.pk, f"letter's {name}") for name in ("subject", "text")}
            LeadLetter.objects.create(lead=lead, sender=sender, at=NOW, **said)
            failed = {"address": f"{self.said('lead', lead.pk, 'email')}@example.com"}
            events.record("lead.address_failed", lead, by=None, at=NOW, data=failed)

    def _said(self, cast: Any) -> None:
        """Each ticket has been written about, to the customer and among ourselves."""
        for ticket in self.rows["ticket"]:
            for direction in Message.Direction.values:
                Message.objects.create(
                    ticket=ticket, direction=direction, body=self.word("ticket", ticket.pk, f"message {direction}"),
                    at=NOW, contact=ticket.contact if direction == Message.Direction.INBOUND else None,
                )  # fmt: skip
            conversation.note(ticket=ticket, body=self.word("ticket", ticket.pk, "note"), by=cast.administrator, at=NOW)

    def _mailed(self, person: Any) -> None:
        """What each mailing says to everybody, and to the outsider's contact alone."""
        for mailing in self.rows["mailing"]:
            words = (self.word("mailing", mailing.pk, "text"), self.word("contact", person.pk, "letter"))
            MailingText.objects.create(mailing=mailing, language="zh-hans", subject=words[0], body=words[0])
            member = CampaignMember.objects.create(campaign=mailing.campaign, contact=person, added_at=NOW)
            letter = MailingLetter(
                mailing=mailing, member=member, address="two@example.com", language="en", subject=words[1],
                text=words[1],
            )  # fmt: skip
            letter.keep_hash()
            letter.save()

    def mark(self, record: Any) -> None:
        """A canary in each text, written as people write: with its event, and where search finds it."""
        if getattr(record, "deleted_at", None) is not None:
            type(record)._base_manager.filter(pk=record.pk).update(**self.words_for(record))
            return
        if record.kind in APPEND_ONLY:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # its trigger looks away
                type(record)._base_manager.filter(pk=record.pk).update(**self.words_for(record))
                cursor.execute("SET LOCAL session_replication_role = origin")
            return
        if kinds.get(record.kind).detail_url is None or not hasattr(record, "version"):
            return
        records.update(record, self.words_for(record, is_written=True), by=None, at=NOW + timedelta(hours=1))

    def words_for(self, record: Any, is_written: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in record._meta.concrete_fields:
            if not isinstance(field, models.CharField | models.TextField) or field.choices or field.name in CODES:
                continue
            if isinstance(field, models.CharField) and (field.max_length or 0) < 20:
                continue
            found[field.name] = self.word(record.kind, record.pk, field.name, field)
        for name in CLOSED.get(record.kind, ()):
            if name in ("employees", "annual_revenue"):
                found[name] = self.number(record, name)
            elif name == "custom_closed" and is_written:
                found["custom"] = {"closed": self.word(record.kind, record.pk, name)}
        return found

    def number(self, record: Any, name: str) -> int:
        number = 880_000_000 + len(self.texts) + 1
        self.texts[str(number)] = Text(record.kind, record.pk, name)
        return number

    def said(self, kind: str, pk: int, name: str) -> str:
        """In letters, also where the field has digits."""
        text = f"canary{len(self.texts) + 1:05d}"
        self.texts[text] = Text(kind, pk, name)
        return text

    def word(self, kind: str, pk: int, name: str, field: Any = None) -> str:
        text = self.said(kind, pk, name)
        if name == "phone":
            self.texts[f"+4930777{text[-5:]}"] = self.texts.pop(text)
            text = f"+4930777{text[-5:]}"
        if isinstance(field, models.EmailField):
            return f"{text}@example.com"
        return f"https://{text}.example" if isinstance(field, models.URLField) else text


def allowed_to(user: Any, world: World) -> set[str]:
    """The canaries this person may read: of what they see, and the names of what that is about."""
    seen: dict[str, set[int]] = {}
    named: dict[str, set[int]] = defaultdict(set)
    for kind, rows in world.rows.items():
        model: Any = type(rows[0])
        visible = model.objects.visible_to(user).filter(pk__in=[row.pk for row in rows])
        seen[kind] = set(visible.values_list("pk", flat=True))
        for name in ("customer", "contact"):
            if any(field.name == name for field in model._meta.concrete_fields):
                named[name] |= set(visible.values_list(f"{name}_id", flat=True))
    return {
        word
        for word, text in world.texts.items()
        if (text.pk in seen.get(text.kind, ()) and not world.is_closed(user, text))
        or ((text.kind, text.field) in NAMES and text.pk in named[text.kind])
    }


def in_the_bin_of(user: Any, world: World) -> set[str]:
    """The canaries of what this person could take out of the bin: its page names it to them, and no other does."""
    back: dict[str, set[int]] = {}
    for kind, rows in world.rows.items():
        model: Any = type(rows[0])
        if hasattr(model, "deleted_at"):
            back[kind] = set(model.objects.restorable_by(user).values_list("pk", flat=True))
    return {word for word, text in world.texts.items() if text.pk in back.get(text.kind, ())}


def found_in(content: str) -> Iterator[str]:
    yield from CANARY.findall(content.lower())
    yield from (re.sub(BETWEEN, "", written) for written in PHONE.findall(content))
    yield from NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", content))
