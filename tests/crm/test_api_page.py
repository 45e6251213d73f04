"""docs/api.md: whoever follows the page, example by example, gets the answers it shows."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as installed
from django.core.cache import cache
from django.utils import timezone

from crm.access.permissions import Verb
from crm.actions import tokens
from crm.events import webhooks
from crm.models import Event, Webhook
from crm.models.webhook import is_private
from customers.sales.actions import products
from customers.sales.models import LeadForm
from tests.crm import api_page
from tests.crm.api_page import SITE, Reader
from tests.crm.test_event_types import OF_EVERY_KIND, documented
from tests.loopback import Answering, serving

PAGE = installed.BASE_DIR / "docs/api.md"


class Listener(Answering):
    def do_POST(self):
        self.server.heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def listener(settings):
    with serving(Listener, settings, heard=[]) as server:
        yield server


@pytest.fixture
def prepared(cast, listener):
    """What the page takes for granted: somebody's token, two products, a form and a webhook, of the admin site."""
    cache.clear()
    with time_machine.travel("2026-11-23T09:00:00Z", tick=True):
        at = timezone.now()
        products.create(name="Pump P3", code="P3", price=1200, currency="USD", by=cast.administrator, at=at)
        LeadForm.objects.create(name="Website", key="website", title="Ask us", team=cast.north)
        hook = Webhook.objects.create(
            name="Ledger",
            url=f"{listener.address}/",
            types=["opportunity.won"],
            sees_as=cast.manager,
        )
        _token, secret = tokens.issue(
            user=cast.manager,
            name="Ledger",
            verbs=[str(verb) for verb in Verb],
            expires_at=at + timedelta(days=1),
            at=at,
        )
        yield secret, hook


@pytest.mark.django_db(transaction=True)
def test_every_example_of_the_page_is_answered_as_shown(prepared, listener, live_server):
    secret, hook = prepared
    reader, variables = Reader(live_server.url), {"AUTH": f"Authorization: Bearer {secret}"}
    answer, names, message = None, {}, None
    for block in api_page.blocks(PAGE.read_text()):
        if block.language == "sh":
            answer = None
            for call in api_page.commands(block.text, variables):
                answer = reader.send(call)
                if not call.shows_head:
                    assert 200 <= answer.status < 300, (block.text, answer)
        elif block.language == "python":
            said, answer = io.StringIO(), None
            with contextlib.redirect_stdout(said):
                exec(block.text.replace(SITE, live_server.url).replace("yard_…", secret), names)
        elif block.language == "text":
            assert said.getvalue() == block.text
        elif block.text.startswith("POST "):
            message = block
        else:
            assert answer is not None, f"An answer to nothing:\n{block.text}"
            reader.compare(block, answer)

    happened = set(Event.objects.values_list("type", flat=True))
    ours = {type for type in happened if type.partition(".")[2] not in OF_EVERY_KIND and not is_private(type)}
    assert ours - documented() == set()
    assert webhooks.call_next(timezone.now() + timedelta(minutes=1))
    [(headers, body)] = listener.heard
    sent = api_page.Answer(200, "", {name.lower(): value for name, value in headers.items()}, body.decode())
    head, _blank, shown = message.text.partition("\n\n")
    reader.compare(api_page.Block("http", "\n".join(["HTTP/1.1 200 ", *head.splitlines()[1:]]) + "\n\n" + shown), sent)
    is_genuine = names["is_genuine"]
    assert is_genuine(headers, body, hook.shown_secret)
    assert not is_genuine(headers, body + b" ", hook.shown_secret)
    assert not is_genuine({**headers, "webhook-timestamp": "1790000000"}, body, hook.shown_secret)


@pytest.mark.parametrize(
    ("shown", "body", "said"),
    [
        ('{"id": 41, "name": "A"}', '{"id": 7, "name": "B"}', "name: the page shows 'A'"),
        ('{"id": 41}', '{"id": 7, "name": "B"}', "The answer: the page shows"),
        ('{"id": 41, …}', '{"name": "B"}', "The answer: the page shows"),
        ('[{"id": 41, …}]', "[]", "The answer: the page shows"),
        ('[{"id": 41}, {"customer": 41}]', '[{"id": 7}, {"customer": 8}]', "1.customer: the page shows 41"),
        ('{"url": "http://localhost:8000/customers/…/"}', '{"url": "http://localhost:8000/tasks/7/"}', "url: the page"),
        ('{"amount": "2.00"}', '{"amount": 2.0}', "amount: the page shows '2.00'"),
    ],
)
def test_an_answer_that_is_not_as_shown_is_noticed(shown, body, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        Reader("").compare(api_page.Block("json", shown), api_page.Answer(200, "OK", {}, body))


@pytest.mark.parametrize(
    "command",
    [
        f"curl --retry 3 {SITE}/", f"curl {SITE}/ | jq .", "curl https://example.com/", f"wget {SITE}/",
        f"curl -d a=$WHO {SITE}/", f"curl --json '{{ {SITE}/",
    ],
)  # fmt: skip
def test_a_command_that_is_not_understood_fails(command):
    with pytest.raises(AssertionError):
        list(api_page.commands(command, {}))
