"""What a review was based on outlives the people in it: without their words, and still proven."""

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from customers.actions import erasures
from evaluation.actions import dashboards
from evaluation.actions.verifying import verify
from evaluation.models import FrozenRecord
from tests.factories.customers import make_contact
from tests.factories.evaluation import lost, won
from tests.factories.reviews import FROZEN, a_cycle, advanced

pytestmark = pytest.mark.django_db


def test_a_frozen_review_keeps_its_numbers_and_its_proof_without_the_name(cast):
    won("2026-01-10", cast.rep, name="Pumps for Wilma Example")
    lost("2026-03-10", cast.rep, name="Lost in March")
    review = advanced(a_cycle(cast), "open", "running", "closed", "frozen", by=cast.manager).reviews.get()
    line = review.lines.get(kpi_code="win_rate")
    was = [(row.said["id"], row.said["numerator"], row.digest) for row in line.records.all()]
    with pytest.raises(IntegrityError), transaction.atomic():
        FrozenRecord.objects.update(content="{}")

    board = dashboards.create(name="Calls with Wilma Example", by=cast.rep, at=FROZEN)
    dashboards.add_tile(board, kind="note", settings={"text": "Ask Wilma Example"}, by=cast.rep, at=FROZEN)
    wilma = make_contact(cast.rep, "Wilma Example")
    request = erasures.ask(wilma, asked_by="person", asked_on=FROZEN, identity="document", by=cast.manager, at=FROZEN)
    erasures.order(request, by=cast.manager, at=FROZEN)
    erasures.carry_out(request.pk, FROZEN)

    assert sorted(row.said["label"] for row in line.records.all()) == ["Lost in March", "Pumps for [erased]"]
    assert [(row.said["id"], row.said["numerator"], row.digest) for row in line.records.all()] == was
    board.refresh_from_db()
    assert (board.name, board.all_tiles[0].settings["text"]) == ("Calls with [erased]", "Ask [erased]")
    found = verify(review)
    assert (found.is_intact, found.erased) == (True, 1)
