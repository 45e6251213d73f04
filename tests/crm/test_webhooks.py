"""Other programs are told what happened: signed, only what their person may see, until they have it."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm import events, outgoing
from crm.actions import webhooks as actions
from crm.events import webhooks
from crm.models import Event, Notification, Webhook, WebhookCall
from customers.actions import customers
from tests.factories.customers import make_customer
from tests.loopback import Answering, serving

pytestmark = pytest.mark.django_db


class Receiver(Answering):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()


@pytest.fixture
def receiver(settings):
    with serving(Receiver, settings, heard=[], answers=[]) as server:
        yield server


@pytest.fixture
def hook(receiver, cast):
    hook = Webhook(name="Ledger", url=f"{receiver.address}/hook?from=crm", types=["customer.*"], sees_as=cast.rep)
    hook.full_clean()
    hook.save()
    return hook


def make_event(cast, at) -> Event:
    return events.record("team.tested", cast.north, by=cast.rep, at=at)


def call_all(now) -> int:
    made = 0
    while webhooks.call_next(now):
        made += 1
    return made


def test_what_happened_is_sent_signed_and_once(cast, now, hook, receiver, settings):
    customer = make_customer(cast.rep, "Acme")
    event = Event.objects.get(type="customer.created")
    assert call_all(now) == 1
    assert call_all(now + timedelta(days=1)) == 0
    [(headers, body)] = receiver.heard
    assert json.loads(body) == {
        "id": event.pk,
        "type": "customer.created",
        "at": event.at.isoformat(),
        "by": {"id": cast.rep.pk, "name": str(cast.rep)},
        "subject": {
            "kind": "customer", "id": customer.pk, "name": "Acme",
            "url": f"{settings.PUBLIC_URL}/customers/{customer.pk}/",
        },
        "data": json.loads(body)["data"],
    }  # fmt: skip
    signed = f"evt_{event.pk}.{int(now.timestamp())}.".encode() + body
    secret = base64.b64decode(hook.shown_secret.removeprefix("whsec_"))
    assert headers["webhook-id"] == f"evt_{event.pk}"
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    call = WebhookCall.objects.get()
    assert (call.state, call.status, call.attempts) == ("done", 204, 1)


def test_events_of_other_kinds_and_of_records_out_of_sight_are_not_sent(cast, now, hook, receiver):
    make_customer(cast.outsider, "Elsewhere")
    hidden = WebhookCall.objects.get()
    hook.types = ["ticket.*"]
    hook.save()
    make_customer(cast.rep, "Acme")
    assert call_all(now) == 1
    hidden.refresh_from_db()
    assert (hidden.state, receiver.heard, WebhookCall.objects.count()) == ("hidden", [], 1)


def test_records_named_in_a_change_are_told_by_number_only(cast, now, hook, receiver):
    customer = make_customer(cast.rep, "Acme")
    parent = make_customer(cast.outsider, "Secret parent")
    customers.update(customer, {"parent": parent}, by=cast.administrator, at=now)
    call_all(now)
    assert [json.loads(body)["data"]["parent"] for _, body in receiver.heard[1:]] == [[None, {"id": parent.pk}]]


def test_a_failing_server_is_left_alone_for_a_while_and_tried_again(cast, now, hook, receiver):
    receiver.answers = [500, 302]
    make_customer(cast.rep, "Acme")
    make_customer(cast.rep, "Bolt")
    assert call_all(now) == 1  # the second waits for the same server
    assert call_all(now + timedelta(seconds=9)) == 0
    assert call_all(now + timedelta(seconds=10)) == 1  # a redirect is not followed, and no success
    assert call_all(now + timedelta(seconds=49)) == 0
    assert call_all(now + timedelta(seconds=50)) == 2
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since, hook.paused_until) == (0, None, None)
    assert sorted(WebhookCall.objects.values_list("state", "status")) == [("done", 204), ("done", 204)]
    assert len(receiver.heard) == 4


def test_a_server_that_says_gone_is_told_nothing_more_until_somebody_tries_again(cast, now, hook, receiver):
    receiver.answers = [410]
    make_customer(cast.rep, "Acme")
    call_all(now)
    hook.refresh_from_db()
    call = WebhookCall.objects.get()
    assert (hook.is_active, call.state) == (False, "dead")
    make_customer(cast.rep, "Bolt")
    assert WebhookCall.objects.count() == 1
    Webhook.objects.update(is_active=True)
    actions.retry(call, now)
    assert call_all(now) == 1
    call.refresh_from_db()
    assert call.state == "done"


def test_what_fails_for_three_days_is_told_nothing_more_and_its_person_is_told(cast, now, hook, receiver):
    receiver.answers = [500] * 99
    make_customer(cast.rep, "Acme")
    tries = []
    for hours in range(100):
        moment = now + timedelta(hours=hours)
        WebhookCall.objects.create(webhook=hook, event=make_event(cast, moment), due_at=moment)
        tries += [moment] * call_all(moment)
    hook.refresh_from_db()
    assert hook.is_active is False
    assert timedelta(days=3) <= tries[-1] - tries[0] < timedelta(days=3, hours=6)
    assert len(receiver.heard) == len(tries) < 30
    told = Notification.objects.get(receiver=cast.rep)
    assert told.text == "The webhook Ledger was switched off: nothing has worked there since 2026-05-13."


def test_a_worker_that_dies_during_a_call_leaves_it_to_the_next(cast, now, hook, receiver):
    make_customer(cast.rep, "Acme")
    assert webhooks._claim(now) is not None  # and it dies here
    assert call_all(now + timedelta(seconds=119)) == 0
    assert call_all(now + timedelta(seconds=120)) == 1
    assert len(receiver.heard) == 1


def test_a_new_secret_signs_from_then_on(cast, now, hook, receiver):
    before = hook.shown_secret
    after = actions.renew_secret(hook, by=cast.administrator, at=now)
    assert after != before
    assert Webhook.objects.get().shown_secret == after
    assert before not in str(Event.objects.get(type="settings.changed").data)
    assert after not in str(Event.objects.get(type="settings.changed").data)


@pytest.mark.parametrize("private", [
    "http://127.0.0.1/", "http://[::1]/", "http://0.0.0.0/", "http://169.254.169.254/latest/", "http://10.1.2.3/",
    "http://192.168.0.1:8080/", "http://[fc00::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/", "http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/",
    "http://localhost/", "http://224.0.0.1/",
])  # fmt: skip
def test_private_addresses_cannot_be_reached_and_are_refused_when_they_are_typed(private):
    with pytest.raises(outgoing.Unreachable, match="not on the public internet"):
        outgoing.post(private, b"{}", {})
    with pytest.raises(ValidationError, match="not on the public internet"):
        Webhook(url=private, types=["*"]).clean()


def test_a_name_with_one_private_address_is_refused_whole(monkeypatch):
    found = [(2, 1, 6, "", ("93.184.215.14", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *args, **options: found)
    with pytest.raises(outgoing.Unreachable, match="not on the public internet"):
        outgoing.post("http://two.example/", b"{}", {})


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "gopher://example.com/", "https://", "example.com", "https://me:secret@example.com/",
    "http://exa mple.com/", "http://example.com:99999/", "http://example.com/\r\nX: y", "http://[::1/",
])  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused_when_it_is_typed(cast, url):
    hook = Webhook(name="Ledger", url=url, types=["*"], sees_as=cast.rep)
    with pytest.raises(ValidationError) as refused:
        hook.full_clean()
    assert set(refused.value.message_dict) == {"url"}


def test_events_that_cannot_happen_are_refused_by_name(cast):
    hook = Webhook(name="Ledger", url="https://example.com/", types=["deal.won", "customer", "ticket.*"])
    hook.sees_as = cast.rep
    with pytest.raises(ValidationError) as refused:
        hook.full_clean()
    assert refused.value.message_dict == {"types": ["There are no events deal.won, customer."]}


def test_the_administrator_makes_one_and_sees_its_secret_once(client, cast):
    client.force_login(cast.administrator)
    form = {"name": "Ledger", "url": "https://example.com/hook", "types": "customer.*, opportunity.won"}
    form |= {"sees_as": cast.rep.pk, "is_active": "on"}
    page = client.post("/admin/crm/webhook/add/", form, follow=True).content.decode()
    hook = Webhook.objects.get()
    assert hook.types == ["customer.*", "opportunity.won"]
    assert hook.shown_secret in page
    assert hook.shown_secret not in client.get(f"/admin/crm/webhook/{hook.pk}/change/").content.decode()
    client.post("/admin/crm/webhook/", {"action": "try_out", "_selected_action": [hook.pk]})
    assert WebhookCall.objects.get().event.type == "settings.tried"
    assert "Settings: tried" in client.get("/admin/crm/webhookcall/").content.decode()
