"""What other programs can be told of: every type of event is documented for them, or is nobody's outside."""

from __future__ import annotations

import ast
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.access import kinds
from crm.actions import tokens
from crm.events import subscribing, timeline
from crm.models import Event, Webhook, WebhookCall
from crm.models.webhook import PRIVATE, is_private
from tests.architecture.sources import ROOT, python_files
from tests.factories.customers import make_customer

OF_EVERY_KIND = {"created", "updated", "deleted", "restored", "file_added", "file_removed", "file_restored"}
CODES = {kind.code for kind in kinds.all_kinds()}
UPDATED_BY = {"preferences": "person", "pool": "customer"}  # actions/goals.py updates goals, and so on
PAGE = (ROOT / "docs/api.md").read_text()


def recorded() -> set[str]:
    """Types that are written down by name, told in a timeline or listened to."""
    found = set(timeline._templates) | subscribing.types()
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                kind = UPDATED_BY.get(path.stem, path.stem.removesuffix("s"))
                named = [
                    word.value for word in node.keywords if word.arg == "event" and isinstance(word.value, ast.Constant)
                ]
                if node.func.attr == "update" and kind in CODES:
                    found |= {f"{kind}.{word.value}" for word in named}
                if node.func.attr in ("record", "record_many") and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def documented() -> set[str]:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|$", PAGE.split("### Events")[1], re.M)
    return {f"{kind}.{verb}" for kind, verbs in rows for verb in re.findall(r"\w+", verbs)}


def test_every_type_of_event_is_documented_for_programs_or_private():
    known = {kind.code for kind in kinds.all_kinds() if kind.model is not None}
    told = {type for type in recorded() if type.partition(".")[2] not in OF_EVERY_KIND and not is_private(type)}
    assert sorted(type for type in told if type.partition(".")[0] not in known) == [], "no kind: declare them private"
    assert sorted(told - documented()) == [], "document them in docs/api.md, Events"
    assert sorted(documented() - told) == [], "nothing records them any more"
    assert all(f"`{verb}`" in PAGE for verb in OF_EVERY_KIND)


@pytest.mark.django_db
def test_what_is_private_is_sent_to_nobody_whatever_they_listen_to(cast, now):
    Webhook.objects.create(name="All", url="https://example.com/", types=["*"], sees_as=cast.administrator)
    tokens.issue(user=cast.rep, name="Ledger", verbs=["view"], expires_at=now + timedelta(days=1), at=now)
    assert Event.objects.filter(type="token.issued").exists()
    assert WebhookCall.objects.count() == 0
    make_customer(cast.rep, "Acme", at=now)
    assert WebhookCall.objects.get().event.type == "customer.created"
    assert all(PRIVATE.values())


def test_private_events_cannot_be_listened_to_by_name():
    with pytest.raises(ValidationError, match=re.escape("There are no events token.issued.")):
        Webhook(name="Tokens", url="https://example.com/", types=["token.issued"]).clean()
