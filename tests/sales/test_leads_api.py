"""Another program works on leads as people do."""

from __future__ import annotations

import pytest

from customers.sales.models import Lead, LeadRule, LeadRuleCondition
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def say(client, cast):
    client.force_login(cast.rep)

    def post(lead, verb, body=None, **headers):
        headers = {"HTTP_IF_MATCH": "*", **headers}
        return client.post(f"/api/v1/leads/{lead.pk}/{verb}/", body or {}, content_type="application/json", **headers)

    return post


def test_a_lead_is_taken_contacted_discarded_and_opened_again(say, cast, now):
    lead = make_lead(None, "Nobody's", team=cast.rep.team, at=now)
    assert say(lead, "taking").json()["owner"] == cast.rep.pk
    answer = say(lead, "contact", {"type": "call", "note": "Asks for a price"})
    assert (answer.status_code, answer.json()["state"]) == (200, "working")
    assert say(lead, "discarding", {"reason": "no_fit"}).json()["state"] == "discarded"
    assert say(lead, "reopening").json()["state"] == "working"


def test_a_verb_sent_twice_is_done_once_and_needs_the_version_that_was_read(say, cast, now):
    lead = make_lead(cast.rep, "Ada", at=now)
    assert say(lead, "contact", {"type": "call"}, HTTP_IF_MATCH='"9"').status_code == 412
    assert say(lead, "contact", {"type": "pigeon"}).json()["errors"][0]["field"] == "type"
    lead.refresh_from_db()
    assert (lead.state, lead.version) == (Lead.State.NEW, 1)
    first = say(lead, "contact", {"type": "call"}, HTTP_IDEMPOTENCY_KEY="a call")
    again = say(lead, "contact", {"type": "call"}, HTTP_IDEMPOTENCY_KEY="a call")
    assert (first.json()["version"], again.json(), again["Idempotent-Replay"]) == (2, first.json(), "true")


def test_a_lead_that_is_sent_without_owner_is_given_by_the_rules_and_says_why(client, cast, now):
    rule = LeadRule.objects.create(name="Large ones", person=cast.teammate)
    LeadRuleCondition.objects.create(rule=rule, attribute="employees", how="at_least", values="100")
    client.force_login(cast.manager)

    def send(**fields):
        sent = {"name": "Lena Lead", "owner": None} | fields
        return client.post("/api/v1/leads/", sent, content_type="application/json").json()

    large, small = send(employees=100, city="Leeds"), send(employees=99)

    assert (large["owner"], large["given"]) == (cast.teammate.pk, {"rule": "Large ones", "how": "", "open": 0})
    assert (small["owner"], small["team"], small["given"]) == (None, cast.north.pk, {})
    assert client.get("/api/v1/leads/", {"min_score": 1}).json()["results"] == []
