"""What was begun or agreed on with the customers of the big organisation: leads, quotes, contracts and tasks.

Each kind is filled where it is empty, so that an organisation made before it had them gets them too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import transaction

from crm.models import User
from crm.search.lexemes import lexemes
from crm.search.words import Words
from customers.models import ChurnReason
from tests.benchmarks.big_organisation import NOW, Owners, fill_documents
from tests.benchmarks.histories import RECORD, SUBJECTS, TYPES
from tests.benchmarks.loading import chance, copy, is_empty, mix
from tests.benchmarks.timing import query

DAY, YEAR = 86400, 365
ASKED = "Since this morning it does not start any more.\nThe lamp is red, and we have switched it off and on again."
TOLD = "Thank you. Please hold the green button for ten seconds; if it stays red, somebody comes tomorrow at eight."
QUOTED = [*["draft"] * 4, *["sent"] * 5, *["accepted"] * 6, *["declined"] * 3, *["expired"] * 2]
Row = tuple[Any, ...]


def fill(count: int, people: list[User]) -> list[str]:
    """The kinds that were missing, made; the names of their tables."""
    owners = Owners(people)
    filled = []
    for table, make in KINDS.items():
        if is_empty(table):
            with transaction.atomic():
                make(count, owners)
            filled.append(table)
    return filled


def customer_of_sale(number: int, count: int) -> int:
    """As histories.py draws it."""
    return mix(number, salt=5) % count + 1


def _document(kind: str, pk: int, owner: User, title: str, texts: list[str], at: datetime) -> Row:
    return (kind, pk, owner.pk, owner.team_id, title, "", sorted(lexemes(Words(title=title, texts=texts))), at)


def _leads(count: int, owners: Owners) -> None:
    """A third is open, a fifth became customers, the rest was discarded."""

    def lead(number: int) -> Row:
        customer, fate = mix(number, salt=41) % count + 1, chance(number, salt=42)
        owner, at = owners.of(customer), NOW - timedelta(seconds=mix(number, salt=43) % (YEAR * DAY))
        state = "new" if fate < 0.15 else "working" if fate < 0.33 else "converted" if fate < 0.53 else "discarded"
        touched = None if state == "new" else at + timedelta(hours=1 + mix(number, salt=44) % 40)
        converted = customer if state == "converted" else None
        last = touched or at
        return (number, 1, at, last, owner.pk, owner.team_id, f"Lead {number}", f"Company {number}",
                f"lead{number}@example.com", "", "website", "", "", state,
                "no_fit" if state == "discarded" else "", touched, at + timedelta(days=1), mix(number, salt=45) % 100,
                converted, last if converted else None, "{}")  # fmt: skip

    columns = (
        f"id, {RECORD}, name, organisation, email, phone, channel, campaign, note, state, reason, first_contact_at, "
        "contact_due_at, score, customer_id, converted_at, made"
    )
    rows = [lead(number) for number in range(1, count // 20 + 1)]
    copy("sales_lead", columns, rows)
    fill_documents(
        _document("lead", row[0], owners.of(mix(row[0], salt=41) % count + 1), row[6], [row[7]], row[3]) for row in rows
    )


def _quotes(count: int, owners: Owners) -> None:
    """About every tenth sale, with one line each. The database refuses lines of what was sent, so it is sent last."""
    drafts, lines, sent = [], [], []
    for number in range(1, count // 50 + 1):
        customer, net = customer_of_sale(number * 10, count), 100 * (1 + mix(number, salt=48) % 900)
        owner, at = owners.of(customer), NOW - timedelta(seconds=mix(number, salt=47) % (2 * YEAR * DAY))
        state = QUOTED[mix(number, salt=46) % len(QUOTED)]
        answered = at + timedelta(days=5) if state in ("accepted", "declined") else None
        tax = net * 19 // 100
        drafts.append((number, 1, at, answered or at, owner.pk, owner.team_id, f"Q-{number:07}", 1,
                       f"Machines {number * 10}", customer, number * 10, settings.CURRENCY,
                       at.date() + timedelta(days=30), "", "", "draft", "en", net, tax, net + tax, "", "",
                       ""))  # fmt: skip
        lines.append((number, number, "A machine", 1, net, 0, "0.19"))
        if state != "draft":
            token = hashlib.sha256(f"quote {number}".encode()).hexdigest()
            sent.append((number, state, at, answered, "Ann Other" if answered else "", token))
    columns = (
        f"id, {RECORD}, number, revision, title, customer_id, opportunity_id, currency, valid_until, notes, terms, "
        "state, language, net, tax, total, answered_by, decline_reason, nonce"
    )
    copy("sales_quote", columns, drafts)
    copy("sales_quoteline", "id, quote_id, text, quantity, unit_price, discount, tax_rate", lines)
    query("CREATE TEMP TABLE sent (quote_id bigint, state text, at timestamptz, answered timestamptz, name text, "
          "token text) ON COMMIT DROP")  # fmt: skip
    copy("sent", "quote_id, state, at, answered, name, token", sent)
    query("UPDATE sales_quote SET state = sent.state, sent_at = at, answered_at = answered, answered_by = sent.name, "
          "token_hash = token FROM sent WHERE quote_id = id")  # fmt: skip
    fill_documents(_document("quote", row[0], owners.of(row[9]), row[6], [row[8]], row[3]) for row in drafts)


def _contracts(count: int, owners: Owners) -> None:
    """Of a year each, renewed by hand until NOW; a fifth of them ended at the end of a term."""
    reason = ChurnReason.objects.order_by("pk")[0].pk
    contracts, movements = [], []
    for number in range(1, count * 3 // 100 + 1):
        customer = mix(number, salt=49) % count + 1
        owner, value = owners.of(customer), 50 * (1 + mix(number, salt=50) % 200)
        first = NOW.date() - timedelta(days=mix(number, salt=51) % (3 * YEAR))
        ends, churned = _terms(first, chance(number, salt=52) < 0.2)
        at = datetime.combine(ends[-2] if len(ends) > 1 else first, NOW.timetz())
        contracts.append((number, 1, at, at, owner.pk, owner.team_id, f"Care {number}", "", customer, first, ends[-1],
                          value, settings.CURRENCY, 30, False, 12, churned, reason if churned else None,
                          ""))  # fmt: skip
        whose = (owner.pk, owner.team_id, owner.pk, at)
        movements.append((number, "new", first, first, 0, value, None, ends[0], None, "", False, *whose))
        for due, until in pairwise(ends):
            starts = due + timedelta(days=1)
            movements.append((number, "renewal", starts, due, value, value, due, until, None, "", False, *whose))
        if churned:
            movements.append((number, "churn", churned, ends[-1], value, 0, ends[-1], None, reason, "", False, *whose))
    columns = (
        f'id, {RECORD}, name, external_id, customer_id, start, "end", monthly_value, currency, notice_days, '
        "renews_automatically, renewal_months, churned_from, churn_reason_id, notes"
    )
    copy("sales_contract", columns, contracts)
    columns = (
        "contract_id, type, counts_from, agreed_on, before, after, due, until, churn_reason_id, reason, automatic, "
        "owner_id, team_id, by_id, recorded_at"
    )
    copy("sales_contractmovement", columns, movements)
    fill_documents(_document("contract", row[0], owners.of(row[8]), row[6], [], row[3]) for row in contracts)


def _terms(first: date, leaves: bool) -> tuple[list[date], date | None]:
    """The last days of its terms, the last of them ahead; or of those it had when it ended, and from when."""
    ends = [first + timedelta(days=YEAR - 1)]
    while ends[-1] < NOW.date():
        ends.append(ends[-1] + timedelta(days=YEAR))
    if not leaves or len(ends) == 1:
        return ends, None
    ends.pop()
    return ends, ends[-1] + timedelta(days=1)


def _tasks(count: int, owners: Owners) -> None:
    """From 400 days ago to 60 ahead; of the past ones three quarters are done. Every fourth is the step of a sale."""

    def task(number: int) -> Row:
        sale = number // 4 if number % 4 == 0 else None
        customer = customer_of_sale(sale, count) if sale else mix(number, salt=53) % count + 1
        owner, due = owners.of(customer), NOW + timedelta(minutes=mix(number, salt=54) % (460 * 1440) - 400 * 1440)
        at = min(due, NOW) - timedelta(days=1 + mix(number, salt=55) % 20)
        done = due if due < NOW and chance(number, salt=56) < 0.75 else None
        type_ = TYPES[mix(number, salt=57) % 8]
        starts = due - timedelta(hours=1) if type_ == "meeting" else None
        return (number, 1, at, done or at, owner.pk, owner.team_id, SUBJECTS[number % len(SUBJECTS)], "", due,
                1 + mix(number, salt=58) % 3, customer, type_, starts, False, "opportunity" if sale else "", sale,
                done, owner.pk if done else None)  # fmt: skip

    columns = (
        f"id, {RECORD}, title, notes, due_at, priority, customer_id, type, starts_at, all_day, about_kind, about_id, "
        "done_at, done_by_id"
    )
    copy("customers_task", columns, (task(number) for number in range(1, count // 5 + 1)))
    query("CREATE TEMP TABLE put (subject text, words text[]) ON COMMIT DROP")
    copy("put", "subject, words", [(said, sorted(lexemes(Words(title=said)))) for said in SUBJECTS])
    query(
        "INSERT INTO crm_searchdocument (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at) "
        "SELECT 'task', id, owner_id, team_id, title, '', array_to_tsvector(put.words), updated_at "
        "FROM customers_task JOIN put ON put.subject = title"
    )


def _messages(count: int, owners: Owners) -> None:
    """What was asked and what was answered: two for each ticket, so that its page has a conversation."""
    for direction, at, author, said in (
        ("inbound", "opened_at", "NULL", ASKED),
        ("outbound", "first_response_at", "owner_id", TOLD),
    ):
        query(
            "INSERT INTO service_message (ticket_id, direction, body, at, is_automatic, author_id) "
            f"SELECT id, %s, %s, {at}, false, {author} FROM service_ticket WHERE {at} IS NOT NULL ORDER BY id",
            [direction, said],
        )


KINDS: dict[str, Callable[[int, Owners], None]] = {
    "sales_lead": _leads, "sales_quote": _quotes, "sales_contract": _contracts, "customers_task": _tasks,
    "service_message": _messages,
}  # fmt: skip
