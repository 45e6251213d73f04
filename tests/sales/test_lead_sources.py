"""Leads of lead ads are fetched from a server that answers as Meta's Graph API does: each once, whatever happens."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse

from crm.models import CustomField, Event, Notification
from customers.models import Consent, ErasedAddress, Purpose, erasing
from customers.models import person as people
from customers.models.erasure import digest_of
from customers.sales import tasks
from customers.sales.actions import lead_sources, received_leads
from customers.sales.models import Lead, LeadConsent, LeadForm, LeadSource, LeadTarget, ReceivedLead
from tests.architecture.examples import erasure
from tests.factories.customers import make_contact, make_customer
from tests.loopback import Answering, serving

pytestmark = pytest.mark.django_db
TOKEN, SECRET = "EAAB-token-of-the-page", "secret-of-the-app"
FOREVER = float("inf")


class Graph(Answering):
    """A page with one form. `wrong` holds answers that are given instead, one after the other."""

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query, self.headers["Authorization"]))
        status, said, headers = 200, None, {}
        if self.server.wrong:
            status, said, headers = self.server.wrong.pop(0)
        elif parts.path == "/v25.0/77/leadgen_forms":
            keys = ["full_name", "email", "预算", "how_many?"]
            said = {"data": [{"id": "1"}, {"id": "900", "name": "Pumps", "questions": [{"key": key} for key in keys]}]}
        else:
            said = self.leads(query)
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def leads(self, query):
        [since] = json.loads(query["filtering"])
        assert (since["field"], since["operator"]) == ("time_created", "GREATER_THAN")
        found = [lead for lead in self.server.leads if sent(lead) > since["value"]]
        start = int(query.get("after", "p0")[1:])
        size = self.server.page_size
        more = {"next": f"https://graph.example/?access_token={TOKEN}&after=p{start + size}"}
        paging = {"cursors": {"before": "x", "after": f"p{start + size}"}} | (more if start + size < len(found) else {})
        return {"data": found[start : start + size], "paging": paging}


def sent(lead) -> float:
    return datetime.fromisoformat(lead["created_time"]).timestamp()


def a_lead(number, at, **answers):
    fields = [{"name": name, "values": [value]} for name, value in answers.items()]
    return {"id": str(number), "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"), "field_data": fields}


@pytest.fixture
def graph(settings):
    with serving(Graph, settings, leads=[], wrong=[], asked=[], page_size=2) as server:
        settings.FACEBOOK_GRAPH_URL = f"{server.address}/v25.0"
        yield server


@pytest.fixture
def form(cast):
    purpose = Purpose.objects.get(code="marketing")
    return LeadForm.objects.create(
        name="Lead ads", title="-", team=cast.north, campaign="Spring", in_turn=True, consent="You may write to me.",
        purpose=purpose, basis=Consent.Basis.CONSENT, is_active=False,
    )  # fmt: skip


@pytest.fixture
def source(form, now):
    source = LeadSource(name="Pumps", account="77", remote_form="900", form=form, read_from=now - timedelta(days=30))
    source.keep_token(TOKEN, now)
    source.full_clean()
    source.save()
    return source


def fetch(source, now):
    lead_sources.fetch_due(now, FOREVER)
    received_leads.make_waiting(now, FOREVER)
    source.refresh_from_db()


def test_what_was_answered_becomes_leads_as_from_a_form(cast, graph, source, form, now):
    rep = cast.rep
    LeadTarget.objects.create(form=form, minutes=30)
    CustomField.objects.create(kind="lead", code="budget", label="Budget", type="number")
    source.fields.create(question="预算", target="custom_budget")
    source.fields.create(question="Secret", target="nowhere")
    at = now - timedelta(hours=3)
    graph.leads = [
        a_lead(3, at, full_name="张伟", email="ZHANG@example.cn", 预算="50000", 您的问题="两台水泵"),
        a_lead(2, at, first_name="Lena", last_name="Lead", phone_number="+442079460958", company_name="Lead Ltd",
               secret="x", email="no address"),
        a_lead(1, at, email="only@example.com", city="Kiel"),
    ]  # fmt: skip
    fetch(source, now)

    found = {lead.name: lead for lead in Lead.objects.all()}
    assert set(found) == {"张伟", "Lena Lead", "only"}
    zhang, lena = found["张伟"], found["Lena Lead"]
    assert (zhang.email, zhang.note, zhang.custom) == ("zhang@example.cn", "您的问题: 两台水泵", {"budget": 50000})
    assert (lena.phone, lena.organisation, lena.email) == ("+442079460958", "Lead Ltd", "")
    assert lena.note == "email: no address"
    for lead in found.values():
        assert (lead.channel, lead.campaign, lead.form, lead.team) == ("campaign", "Spring", form, cast.north)
        assert (lead.created_at, lead.contact_due_at) == (now, now + timedelta(minutes=30))
        assert (lead.owner, lead.given["form"]) == (rep, "Lead ads")
        agreed = LeadConsent.objects.get(lead=lead)
        assert (agreed.words, agreed.basis, agreed.at) == ("You may write to me.", "consent", at)
    event = Event.objects.get(type="lead.created", subject_id=zhang.pk)
    assert (event.by, event.data["source"], event.data["sent_at"]) == (None, "Pumps", at.isoformat())
    assert [(path, query.get("after"), said) for path, query, said in graph.asked] == [
        ("/v25.0/900/leads", None, f"Bearer {TOKEN}"),
        ("/v25.0/900/leads", "p2", f"Bearer {TOKEN}"),
    ]
    assert not any(TOKEN in str(query) for _path, query, _said in graph.asked)
    assert (source.read_until, source.page_after, source.read_at) == (at, "", now)
    assert source.due_at == now + timedelta(minutes=5)


def test_each_comes_once_and_what_appears_late_still_comes(graph, source, now):
    at = now - timedelta(minutes=20)
    graph.leads = [a_lead(number, at, full_name=f"Lead {number}") for number in range(5)]
    fetch(source, now)
    fetch(source, now + timedelta(minutes=1))  # not due yet
    assert (Lead.objects.count(), len(graph.asked)) == (5, 3)

    graph.leads += [a_lead(9, at - timedelta(minutes=30), full_name="Late")]
    fetch(source, now + timedelta(minutes=5))
    assert (Lead.objects.count(), ReceivedLead.objects.count()) == (6, 6)
    assert Lead.objects.filter(name="Late").exists()
    assert source.read_until == at


class Killed(BaseException):
    pass


def test_one_that_is_killed_in_the_middle_loses_none_and_doubles_none(graph, source, now, monkeypatch):
    at = now - timedelta(minutes=20)
    graph.leads = [a_lead(number, at + timedelta(minutes=number), full_name=f"Lead {number}") for number in range(7)]

    def die(module, name, calls):
        real, left = getattr(module, name), [calls]

        def dying(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(module, name, dying)
            with pytest.raises(Killed):
                fetch(source, now)

    die(lead_sources, "_store", 0)
    assert ReceivedLead.objects.count() == 0
    die(lead_sources, "_store", 2)
    source.refresh_from_db()
    assert (ReceivedLead.objects.count(), source.page_after, source.read_until) == (4, "p4", None)
    die(received_leads, "_make", 3)
    source.refresh_from_db()
    assert (ReceivedLead.objects.count(), Lead.objects.count()) == (7, 3)
    assert source.read_until == at + timedelta(minutes=6)
    fetch(source, now + timedelta(minutes=1))
    assert sorted(Lead.objects.values_list("name", flat=True)) == [f"Lead {number}" for number in range(7)]


def error(code, message="", **headers):
    return 400, {"error": {"message": message, "code": code}}, headers


def test_a_refused_token_stops_it_and_is_told_to_administrators_once(cast, graph, source, now):
    admin = cast.administrator
    assert cast.rep
    graph.wrong = [error(190, f"Malformed access token {TOKEN}"), error(190)]
    fetch(source, now)
    assert source.problem == "The provider says: Malformed access token … (190)"
    assert source.refused_at == now
    fetch(source, now + timedelta(days=1))
    assert len(graph.asked) == 1
    told = Notification.objects.get()
    assert (told.receiver, told.values) == (admin, {"source": "Pumps"})
    assert told.url == reverse("admin:sales_leadsource_change", args=[source.pk])

    assert lead_sources.try_out(source, at=now).problem == "The provider says: HTTP 400 (190)"
    assert lead_sources.try_out(source, at=now).form.name == "Pumps"
    source.refresh_from_db()
    assert (source.refused_at, source.problem) == (None, "")


USE = json.dumps({"1": [{"type": "leadgen", "estimated_time_to_regain_access": 90}]})


@pytest.mark.parametrize(
    ("answer", "problem", "minutes"),
    [
        (error(4, "Too many"), "The provider says: Too many (4)", 5),
        (error(17), "The provider says: HTTP 400 (17)", 5),
        (error(32, **{"X-Business-Use-Case-Usage": USE}), "The provider says: HTTP 400 (32)", 90),
        (error(613, **{"X-Business-Use-Case-Usage": "[]"}), "The provider says: HTTP 400 (613)", 5),
        ((500, b"<html>", {}), "The provider says: HTTP 500", 5),
        ((200, {"data": {}}, {}), "The provider's answer is not understood.", 5),
        ((200, b"[" * 100_000, {}), "The provider says: HTTP 200", 5),
    ],
)
def test_after_a_failure_it_waits_longer_each_time_and_goes_on_where_it_was(
    graph, source, now, answer, problem, minutes
):
    at = now - timedelta(minutes=20)
    graph.leads = [a_lead(number, at, full_name=f"Lead {number}") for number in range(3)]
    graph.wrong = [answer, answer]
    fetch(source, now)
    assert (source.problem, source.due_at, source.refused_at) == (problem, now + timedelta(minutes=minutes), None)
    again = source.due_at
    fetch(source, again)
    assert source.due_at == again + timedelta(minutes=max(minutes, 10))
    assert not Notification.objects.exists()
    fetch(source, source.due_at)
    assert (Lead.objects.count(), source.problem, source.failures) == (3, "", 0)


def test_odd_answers_stop_nobody_elses_and_can_be_tried_again(cast, graph, source, now):
    admin = cast.administrator
    CustomField.objects.create(kind="lead", code="budget", label="Budget", type="number")
    own = source.fields.create(question="budget", target="custom_budget")
    at = now - timedelta(minutes=20)
    odd = a_lead(1, at) | {"field_data": [None, {"name": None, "values": None}, {"values": [{"a": 1}, "\x00 \ud800"]}]}
    graph.page_size = 20
    graph.leads = [
        odd,
        a_lead(2, at, full_name="Rich", budget="a lot"),
        a_lead(3, at + timedelta(days=400), full_name="From the future"),
        {"created_time": at.isoformat(), "field_data": [{"name": "full_name", "values": "No number"}]},
        a_lead(4, at, full_name="Good"),
    ]
    fetch(source, now)
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["From the future", "Good", "No number"]
    failed = dict(ReceivedLead.objects.failed().values_list("remote_id", "reason"))
    assert failed == {
        "1": "It says neither name nor mail nor phone, only: ?, ?",
        "2": "custom_budget: Write a whole number.",
    }
    assert source.read_until == now  # not in the future
    told = Notification.objects.get(receiver=admin)
    assert (told.message, told.values) == (received_leads.FAILED, {"source": "Pumps"})
    assert told.url == reverse("admin:sales_receivedlead_changelist") + "?state__exact=failed"

    own.target = "note"
    own.save()
    for received in ReceivedLead.objects.failed():
        received_leads.try_again(received, now)
        received_leads.try_again(received, now)
    assert Lead.objects.get(name="Rich").note == "budget: a lot"
    assert list(ReceivedLead.objects.failed().values_list("remote_id", flat=True)) == ["1"]


def test_whoever_ticked_nothing_has_not_agreed_and_the_campaign_is_taken_over(graph, source, now):
    source.consent_key, source.names_campaign = "mail_me", True
    source.save()
    at = now - timedelta(minutes=20)
    boxes = {"custom_disclaimer_responses": [{"checkbox_key": "mail_me", "is_checked": "1"}]}
    graph.leads = [
        a_lead(1, at, full_name="Agrees") | boxes | {"campaign_name": "Autumn"},
        a_lead(2, at, full_name="Does not") | {"custom_disclaimer_responses": [{"checkbox_key": "mail_me"}]},
    ]
    fetch(source, now)
    assert "campaign_name" in graph.asked[0][1]["fields"]
    assert LeadConsent.objects.get().lead.name == "Agrees"
    assert set(Lead.objects.values_list("name", "campaign")) == {("Agrees", "Autumn"), ("Does not", "Spring")}


def test_what_came_is_forgotten_in_time_and_with_the_person(cast, graph, source, now):
    at = now - timedelta(minutes=20)
    CustomField.objects.create(kind="lead", code="budget", label="Budget", type="number")
    source.fields.create(question="budget", target="custom_budget")
    graph.leads = [
        a_lead(1, at, full_name="Wilma", email="wilma@example.com"),
        a_lead(2, at, full_name="Wilma", work_email="Wilma@example.com", budget="much"),
        a_lead(3, at, full_name="Bob", email="bob@example.com"),
    ]
    fetch(source, now)
    contact = make_contact(cast.rep, customer=make_customer(cast.rep, at=now), email="wilma@example.com", at=now)
    [holder] = [each for each in erasing.holders() if each.label == "sales.ReceivedLead"]
    holder.of(people.of(contact, now)).update(**holder.wiped)
    states = dict(ReceivedLead.objects.values_list("remote_id", "state"))
    assert states == {"1": "made", "2": "ignored", "3": "made"}
    assert list(ReceivedLead.objects.exclude(raw={}).values_list("remote_id", flat=True)) == ["3"]

    assert received_leads.forget(now + timedelta(days=29)) == 0
    assert received_leads.forget(now + timedelta(days=30)) == 1
    assert not ReceivedLead.objects.exclude(raw={}).exists()
    fetch(source, now + timedelta(minutes=5))
    assert (ReceivedLead.objects.count(), Lead.objects.count()) == (3, 2)


def test_the_provider_says_that_there_is_something_and_it_is_fetched(client, graph, source, now, monkeypatch):
    cache.clear()
    url = reverse("lead-source", args=[source.key])
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": source.verify_token}
    answer = client.get(url, asked)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"1158201444", "text/plain")
    for wrong in ({"hub.verify_token": "x"}, {"hub.mode": ""}, {"hub.challenge": "<b>"}):
        assert client.get(url, asked | wrong).status_code == 403

    rung = []
    monkeypatch.setattr("customers.sales.views.lead_source.ring", rung.append)
    source.keep_secret(SECRET)
    source.due_at = now + timedelta(days=999)
    source.save()
    change = {"field": "leadgen", "value": {"form_id": 900, "leadgen_id": 5, "page_id": 77}}
    body = json.dumps({"object": "page", "entry": [{"id": "77", "changes": [change]}]})

    def post(signature, said=body):
        return client.post(url, said, "application/json", headers={"X-Hub-Signature-256": signature}).status_code

    right = "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    assert [post(""), post("sha256=" + "0" * 64), post(right, body + " ")] == [403, 403, 403]
    source.refresh_from_db()
    assert (source.due_at, rung) == (now + timedelta(days=999), [])
    assert post(right) == 200
    source.refresh_from_db()
    assert source.due_at < now + timedelta(days=999)
    assert rung == [tasks.fetch_leads_now]
    LeadSource.objects.update(is_active=False)
    assert post(right) == 404


def test_the_admin_site_keeps_the_token_to_itself_and_tries_it(cast, client, graph, form, now):
    client.force_login(cast.administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    values = {
        "name": "Pumps", "kind": "facebook", "account": "77", "remote_form": "900", "form": form.pk,
        "channel": "campaign", "read_from_0": "2026-01-01", "read_from_1": "00:00", "keep_days": "30",
        "is_active": "on", "token": TOKEN, "secret": SECRET, "_try": "1", "fields-TOTAL_FORMS": "1",
        "fields-INITIAL_FORMS": "0", "fields-0-question": "How_many?", "fields-0-target": "employees",
    }  # fmt: skip
    missing = client.post(reverse("admin:sales_leadsource_add"), values | {"token": ""})
    assert "Without a token nothing can be fetched." in missing.content.decode()
    page = client.post(reverse("admin:sales_leadsource_add"), values, follow=True).content.decode()
    said = "Pumps works. The form “Pumps” asks: full_name → name, email → email, 预算 → note, how_many? → number of"
    assert said in page.replace("&quot;", '"')
    source = LeadSource.objects.get()
    url = reverse("admin:sales_leadsource_change", args=[source.pk])
    assert page.count(source.verify_token) == 1
    assert (source.token, source.secret) == (TOKEN, SECRET)
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert graph.asked[-1][1]["appsecret_proof"] == proof

    kept = values | {"token": "", "secret": "", "name": "Pumps 2", "fields-TOTAL_FORMS": "0"}
    graph.wrong = [error(10, "No permission")]
    page += client.post(url, kept, follow=True).content.decode()
    assert "Pumps 2 does not work: The provider says: No permission (10)" in page
    source.refresh_from_db()
    assert (source.name, source.token) == ("Pumps 2", TOKEN)

    told = json.dumps(list(Event.objects.filter(type__startswith="settings.").values_list("data", flat=True)))
    assert '"token": [null, null]' in told
    for text in (page, told, client.get(url).content.decode(), source.locked_token):
        assert TOKEN not in text
        assert SECRET not in text


def test_whoever_was_erased_after_sending_does_not_come_back(cast, graph, source, now):
    at = now - timedelta(minutes=20)
    graph.leads = [a_lead(1, at, full_name="Gone", email="Gone@example.com")]
    asked = erasure(cast.rep, cast.north)
    ErasedAddress.objects.create(digest=digest_of("email", "gone@example.com"), request=asked, at=now)
    fetch(source, now)
    received = ReceivedLead.objects.get()
    assert (Lead.objects.count(), received.state, received.raw) == (0, "ignored", {})
