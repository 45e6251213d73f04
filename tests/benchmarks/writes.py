"""What people write all day: a card moved, a ticket answered, a survey answered by a customer.

Every time another row. What is left behind: a card goes on to the next stage and the raw SQL brings it back, so that
the board is as it was and the card's history two steps longer; tickets keep their answers; invitations stay answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.test import Client

from crm.models import User
from surveys.models import Invitation
from surveys.models.invitation import hash_of
from tests.benchmarks.browsing import WRITTEN, edited_by, seen_by, signed_in
from tests.benchmarks.timing import RUNS, Operation, query

WRITES = RUNS + 2  # the first ones warm the caches and count the statements


class Written:
    """Writes to one row after another, chosen when first asked; right is what stands in the database afterwards."""

    def __init__(self, choose: Callable[[], list[int]], write: Callable[[int], Any], stored: str) -> None:
        self.choose, self.write, self.stored = choose, write, stored
        self.times = 0

    def __call__(self) -> int:
        if not self.times:
            self.begin()
        row = self.waiting.popleft()
        answer = self.write(row)
        self.waiting.append(row)  # of a small organisation some come again
        assert answer.status_code in (200, 204, 302), (answer.status_code, answer.content.decode()[:500])
        self.times += 1
        return self.times

    def begin(self) -> None:
        self.chosen = self.choose()
        self.waiting = deque(self.chosen)
        if not self.chosen:
            raise LookupError("Nothing is left to write to: fill a database anew.")
        self.known = self.count()

    def count(self) -> int:
        return query(self.stored, [self.chosen])[0][0]

    def check(self, _ours: Any, _raw: Any) -> bool:
        """As many more as were sent."""
        return self.count() == self.known + self.times


def operations(user: User) -> Iterator[Operation]:
    yield moving(signed_in(user), user)


def moving(client: Client, user: User) -> Operation:
    """Onto the top of the next stage, as the board does it."""
    stages = [row[0] for row in query("SELECT id FROM sales_stage WHERE outcome = 'open' ORDER BY position, id")]
    after = dict(zip(stages, [*stages[1:], stages[0]], strict=True))
    moved: deque[Any] = deque()

    def choose() -> list[int]:
        rows = query(
            f"SELECT id FROM sales_opportunity WHERE {edited_by(user, 'opportunity')} AND closed_at IS NULL "
            "ORDER BY updated_at, id LIMIT %s", [WRITES],
        )  # fmt: skip
        return [row[0] for row in rows]

    def write(pk: int) -> Any:
        card = query("SELECT id, stage_id, version, rank FROM sales_opportunity WHERE id = %s", [pk])[0]
        top = query(
            f"SELECT id FROM sales_opportunity WHERE stage_id = %s AND {seen_by(user, 'opportunity')} "
            "ORDER BY rank, id LIMIT 1", [after[card[1]]],
        )  # fmt: skip
        form = {"column": after[card[1]], "previous": "", "next": top[0][0] if top else "", "version": card[2],
                "seen_in": card[1]}  # fmt: skip
        moved.append(card)
        return client.post(f"/sales/opportunities/{pk}/stage/", form)

    def raw() -> None:
        pk, stage, _version, rank = moved.popleft()
        with transaction.atomic():
            query("UPDATE sales_opportunity SET stage_id = %s, rank = %s, stage_since = now(), updated_at = now(), "
                  "version = version + 1 WHERE id = %s", [stage, rank, pk])  # fmt: skip
            query(
                "INSERT INTO sales_stagechange (opportunity_id, pipeline_id, from_stage_id, to_stage_id, outcome, at, "
                "recorded_at, by_id, owner_id, team_id, customer_id, amount, currency, probability) SELECT sale.id, "
                "sale.pipeline_id, %s, stage.id, stage.outcome, now(), now(), %s, sale.owner_id, sale.team_id, "
                "sale.customer_id, sale.amount, sale.currency, stage.probability FROM sales_opportunity AS sale "
                "JOIN sales_stage AS stage ON stage.id = sale.stage_id WHERE sale.id = %s",
                [after[stage], user.pk, pk],
            )

    stored = (
        "SELECT count(*) FROM sales_stagechange WHERE opportunity_id = ANY(%s) AND from_stage_id IS NOT NULL "
        "AND to_stage_id <> from_stage_id"
    )
    written = Written(choose, write, stored)

    def same(_ours: Any, _raw: Any) -> bool:
        """One step more for each of ours, and one for each that the raw SQL took back."""
        return written.count() == written.known + written.times + (written.times - len(moved))

    return Operation("move a card", written, raw, check=same, budget=WRITTEN)


def answering(user: User) -> Iterator[Operation]:
    """Whose role answers tickets: those not resolved, the longest untouched first. They get whom the answer goes to."""
    client = signed_in(user)
    noted: deque[int] = deque()

    def choose() -> list[int]:
        rows = query(
            f"SELECT id FROM service_ticket WHERE {edited_by(user, 'ticket')} AND resolved_at IS NULL "
            "ORDER BY updated_at, id LIMIT %s", [WRITES],
        )  # fmt: skip
        tickets = [row[0] for row in rows]
        query(
            "UPDATE service_ticket AS ticket SET contact_id = link.contact_id FROM customers_customercontact AS link "
            "WHERE link.customer_id = ticket.customer_id AND ticket.id = ANY(%s) AND ticket.contact_id IS NULL",
            [tickets],
        )
        return tickets

    def write(ticket: int) -> Any:
        noted.append(ticket)
        last = query("SELECT max(id) FROM service_message WHERE ticket_id = %s", [ticket])[0][0]
        said = f"Timed, after line {last}: thank you for waiting. We have found what it was, and it is mended."
        form = {"body": said, "seen": last or "", "state": ""}
        return client.post(f"/service/tickets/{ticket}/answer/", form, headers={"HX-Target": "div#ticket-main"})

    def raw() -> None:
        ticket = noted.popleft()
        with transaction.atomic():
            query("SELECT * FROM service_ticket WHERE id = %s FOR UPDATE", [ticket])
            query("INSERT INTO service_message (ticket_id, direction, body, at, is_automatic, author_id) "
                  "VALUES (%s, 'note', 'Timed', now(), false, %s)", [ticket, user.pk])  # fmt: skip
            query("UPDATE service_ticket SET updated_at = now(), version = version + 1 WHERE id = %s", [ticket])

    stored = "SELECT count(*) FROM service_message WHERE ticket_id = ANY(%s) AND direction = 'outbound'"
    written = Written(choose, write, stored)
    yield Operation("reply to a ticket", written, raw, check=written.check, budget=WRITTEN)


def surveys() -> Iterator[Operation]:
    """On the public page, by customers who were asked and have not answered: their links are made to work first."""
    client, tokens, others = Client(), {}, deque[int]()

    def choose() -> list[int]:
        found = query("SELECT id FROM surveys_invitation WHERE state = 'sent' AND deleted_at IS NULL ORDER BY id "
                      "LIMIT %s", [2 * WRITES])  # fmt: skip
        if len(found) < 2 * WRITES:
            raise LookupError("Too few customers are left who have not answered: fill a database anew.")
        others.extend(row[0] for row in found[WRITES:])
        for invitation in Invitation.objects.filter(pk__in=[row[0] for row in found[:WRITES]]):  # scoped: nobody asks
            tokens[invitation.pk] = invitation.token
            query("UPDATE surveys_invitation SET token_hash = %s, expires_at = NULL WHERE id = %s",
                  [hash_of(invitation.token), invitation.pk])  # fmt: skip
        return list(tokens)

    def write(invitation: int) -> Any:
        form = {"score": "5", "comment": "Timed: they came the same day."}
        address = f"10.1.0.{len(others)}"  # one alone would be held back as too fast
        return client.post(f"/s/{tokens[invitation]}/", form, REMOTE_ADDR=address)

    def raw() -> None:
        invitation = others.popleft()
        with transaction.atomic():
            query(
                "INSERT INTO surveys_response (version, created_at, updated_at, owner_id, team_id, invitation_id, "
                "survey_id, contact_id, customer_id, ticket_id, score, comment, answered_at) SELECT 1, now(), now(), "
                "owner_id, team_id, id, survey_id, contact_id, customer_id, ticket_id, 5, '', now() "
                "FROM surveys_invitation WHERE id = %s", [invitation],
            )  # fmt: skip
            query("UPDATE surveys_invitation SET state = 'answered', answered_at = now() WHERE id = %s", [invitation])

    stored = "SELECT count(*) FROM surveys_response WHERE invitation_id = ANY(%s)"
    written = Written(choose, write, stored)
    yield Operation("submit a survey", written, raw, check=written.check, budget=WRITTEN)
