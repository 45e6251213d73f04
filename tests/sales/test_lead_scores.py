"""The score: the points of each rule that holds, with its parts; of all open leads in one statement."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.events.delivering import deliver_due
from customers.sales.actions import campaigns, leads
from customers.sales.models import Lead, LeadScoreRule, lead_score
from tests.factories.sales import make_campaign, make_lead

pytestmark = pytest.mark.django_db
RULES = (
    ("Company mail", 15, "company_mail", "yes", ""),
    ("Public mail", -5, "company_mail", "no", ""),
    ("Phone", 10, "phone", "yes", ""),
    ("Referred or met", 20, "channel", "is", "referral\nevent"),
    ("Large", 25, "employees", "at_least", "100"),
    ("Pumps", 7, "note", "contains", "PUMP\n水泵"),
    ("Answered", 30, "answered", "yes", ""),
    ("Old", -12, "age", "at_least", "30"),
)


@pytest.fixture
def rules(db):
    for place, (name, points, attribute, how, values) in enumerate(RULES):
        LeadScoreRule.objects.create(
            name=name, points=points, attribute=attribute, how=how, values=values, position=place
        )


def test_a_lead_is_scored_as_it_is_written_with_its_parts(cast, rules, now):
    lead = make_lead(
        cast.rep, email="lena@lead.example", phone="+442079460958", channel="event", note="Two pumps", at=now
    )
    assert lead.score == 52
    assert [(part["name"], part["points"]) for part in lead.score_parts] == [
        ("Company mail", 15), ("Phone", 10), ("Referred or met", 20), ("Pumps", 7),
    ]  # fmt: skip

    lead = leads.update(lead, {"email": "lena@QQ.com", "phone": "", "employees": 100}, by=cast.rep, at=now)
    assert (lead.score, Lead.objects.get().score) == (47, 47)


def test_an_answer_and_the_days_count_when_all_are_scored_in_one_statement(cast, rules, now):
    answered, silent = make_lead(cast.rep, "A", at=now), make_lead(cast.rep, "B", at=now)
    closed = leads.discard(make_lead(cast.rep, "C", at=now), reason="no_fit", by=cast.rep, at=now)
    campaign = make_campaign(cast.manager)
    campaigns.add_members([answered], campaign=campaign, by=cast.manager, at=now)
    member = campaign.members.get()
    member.state = "responded"
    member.responded_on = now.date()
    member.save()

    with CaptureQueriesContext(connection) as asked:
        assert lead_score.compute(now + timedelta(days=29)) == 1
        assert lead_score.compute(now + timedelta(days=30)) == 2
        assert lead_score.compute(now + timedelta(days=30)) == 0
    assert len(asked) == 6  # the rules, and one statement

    scores = dict(Lead.objects.values_list("name", "score"))
    assert scores == {"A": -5 + 30 - 12, "B": -5 - 12, "C": -5}
    assert silent.score == closed.score == -5


def test_another_rule_scores_all_open_leads_in_the_background(client, cast, rules):
    make_lead(cast.rep, at=timezone.now())
    client.force_login(cast.administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {"name": "Website", "points": "3", "attribute": "channel", "how": "is", "values": "website",
            "position": "1", "is_active": "on"}  # fmt: skip
    client.post(reverse("admin:sales_leadscorerule_add"), sent)
    assert Lead.objects.get().score == -5

    deliver_due(timezone.now() + timedelta(minutes=1))
    assert (Lead.objects.get().score, len(Lead.objects.get().score_parts)) == (-2, 2)


def test_the_list_is_sorted_and_filtered_by_score_and_the_page_explains_it(client, cast, rules, now):
    make_lead(cast.rep, "Cold", email="c@qq.com", at=now)
    warm = make_lead(cast.rep, "Warm", email="w@lead.example", at=now)
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")

    listed = client.get(reverse("lead-list"), {"sort": "-score"}).content.decode()
    assert listed.index("Warm") < listed.index("Cold")
    assert "Cold" not in client.get(reverse("lead-list"), {"score_min": "1"}).content.decode()
    page = client.get(warm.get_absolute_url()).content.decode()
    assert "Score: 15" in page
    assert "+15</strong><span>Company mail" in page
    answer = client.get(reverse("api:lead-detail", args=[warm.pk])).json()
    assert (answer["score"], answer["score_parts"]) == (15, [{"name": "Company mail", "points": 15}])
