"""Who gets a lead: the first rule that fits, the one with the fewest or who has waited longest, nobody who is away."""

import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from crm.models import Event, Notification
from customers.sales.actions import lead_assignment, leads
from customers.sales.models import Lead, LeadReceiver, LeadRule, LeadRuleCondition, LeadScoreRule, LeadSettings
from customers.sales.models.lead_given import in_words
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db


def rule(name, *conditions, position=10, **gives):
    made = LeadRule.objects.create(name=name, position=position, **gives)
    for attribute, how, values in conditions:
        condition = LeadRuleCondition(rule=made, attribute=attribute, how=how, values=values)
        condition.full_clean()
        condition.save()
    return made


def come_in(now, name="Lena Lead", **fields):
    return leads.create(by=None, at=now, name=name, **fields)


def test_the_first_rule_that_fits_gives_the_lead_to_whoever_has_the_fewest(cast, now):
    cast.agent, cast.nobody  # noqa: B018 - of the team, but may not work on leads
    make_lead(cast.rep, at=now)
    rule("China", ("country", "is", "China\n中国"), ("employees", "at_least", "50"), position=1, team=cast.south)
    rule("Rest", position=2, team=cast.north)
    cast.teammate, cast.outsider  # noqa: B018

    lead = come_in(now, country="england", employees=200)
    small = come_in(now, country="中国", employees=49)
    large = come_in(now, country="CHINA", employees=50)

    assert (lead.owner, lead.team, lead.version) == (cast.teammate, cast.north, 2)
    assert lead.given == {"rule": "Rest", "how": "load", "open": 0}
    assert in_words(lead.given) == "by the rule “Rest”; fewest open leads (0)"
    # Both have one now: whoever has waited longest, which is who never got one by a rule.
    assert (small.owner, small.given["open"]) == (cast.rep, 1)
    assert (large.owner, large.team) == (cast.outsider, cast.south)
    event = Event.objects.get(type="lead.assigned", subject_id=lead.pk)
    assert (event.by, event.data["owner"][1]["label"], event.data["why"]) == (None, "Tom Teammate", lead.given)
    assert Notification.objects.get(receiver=cast.teammate).values == {"lead": "Lena Lead"}


def test_nobody_who_is_away_or_has_enough_gets_one_and_then_the_next_rule_is_asked(cast, now):
    rule("Ours", position=1, team=cast.north)
    rule("Others", position=2, team=cast.south, with_teams_below=True, giving="turn")
    today = now.date()
    LeadReceiver.objects.create(person=cast.rep, away_from=today - timedelta(days=1), away_until=today)
    LeadReceiver.objects.create(person=cast.teammate, capacity=1)
    cast.outsider  # noqa: B018

    first, second, third = (come_in(now, f"Lead {number}") for number in range(3))
    back = come_in(now + timedelta(days=1), "Lead 3")

    assert (first.owner, in_words(first.given)) == (
        cast.teammate, "by the rule “Ours”; fewest open leads (0 of 1)",
    )  # fmt: skip
    assert (second.owner, second.given) == (
        cast.outsider, {"rule": "Others", "how": "turn", "open": 0, "passed": ["Ours"]}
    )  # fmt: skip
    assert third.owner == cast.outsider
    assert back.owner == cast.rep
    assert LeadReceiver.objects.get(person=cast.outsider).given_at == now


def test_what_no_rule_is_for_goes_where_the_settings_say_or_waits_in_its_team(cast, now):
    rule("Elsewhere", ("channel", "is", "referral"), person=cast.outsider)
    settings = LeadSettings.objects.create(team=cast.south, giving="wait")

    waiting = come_in(now)
    ours = come_in(now, team=cast.north)
    settings.team, settings.person = None, cast.manager
    settings.save()
    theirs = come_in(now)

    assert (waiting.owner, waiting.team, waiting.given) == (None, cast.south, {"fallback": True, "how": "wait"})
    assert (ours.owner, ours.team, ours.given, ours.version) == (None, cast.north, {}, 1)
    assert (theirs.owner, in_words(theirs.given)) == (cast.manager, "no rule fits")
    assert come_in(now, channel="referral").owner == cast.outsider


def test_a_lead_somebody_has_or_that_is_closed_is_not_given_away(cast, now):
    rule("All", person=cast.outsider)
    mine = make_lead(cast.rep, at=now)
    closed = leads.discard(make_lead(cast.rep, at=now), reason="spam", by=cast.rep, at=now)
    Lead.objects.filter(pk=closed.pk).update(owner=None)

    assert lead_assignment.assign(mine, by=cast.rep, at=now).owner == cast.rep
    assert lead_assignment.assign_many([mine, closed], by=cast.manager, at=now) == 0
    assert not Event.objects.filter(type="lead.assigned").exists()


def test_handing_over_ends_what_the_rule_said(cast, now):
    rule("All", person=cast.rep)
    lead = leads.hand_over(come_in(now), owner=cast.teammate, by=cast.manager, at=now)

    assert (lead.owner, lead.given) == (cast.teammate, {})


@pytest.mark.parametrize(
    ("attribute", "how", "values", "what"),
    [
        ("channel", "is", "webseite", "is none of"),
        ("employees", "at_least", "many", "one whole number"),
        ("employees", "is", "5", "one can ask"),
        ("city", "is", " \n", "which values"),
    ],
)
def test_a_condition_that_says_nothing_is_refused(cast, attribute, how, values, what):
    with pytest.raises(ValidationError, match=what):
        LeadScoreRule(name="x", points=1, attribute=attribute, how=how, values=values).full_clean()


def test_an_administrator_makes_a_rule_and_a_rep_gives_a_lead_by_it(client, cast, now):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    lead = come_in(now, team=cast.north, city="Shanghai")
    sign_in(cast.administrator)
    sent = {
        "name": "Shanghai", "position": "1", "person": cast.teammate.pk, "team": "", "giving": "load",
        "is_active": "on", "conditions-TOTAL_FORMS": "1", "conditions-INITIAL_FORMS": "0",
        "conditions-0-attribute": "city", "conditions-0-how": "is", "conditions-0-values": "shanghai\n上海",
    }  # fmt: skip
    refused = client.post(reverse("admin:sales_leadrule_add"), sent | {"person": ""})
    assert "either a person or a team" in refused.content.decode()
    client.post(reverse("admin:sales_leadrule_add"), sent)
    assert Event.objects.get(type="settings.created").data["model"] == "sales.leadrule"
    listed = client.get(reverse("admin:sales_leadrule_changelist")).content.decode()
    assert "city is one of shanghai, 上海" in listed
    sign_in(cast.rep)
    client.post(reverse("lead-assignment", args=[lead.pk]))

    lead.refresh_from_db()
    assert lead.owner == cast.teammate
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "Lena Lead goes to Tom Teammate: by the rule “Shanghai”" in page


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_the_same_moment_go_to_two_people(cast, now):
    cast.rep, cast.teammate  # noqa: B018
    rule("Ours", team=cast.north)
    ready = threading.Barrier(2)
    owners, failures = [], []

    def arrive(number):
        try:
            ready.wait(timeout=10)
            owners.append(come_in(now, f"Lead {number}").owner.name)
        except Exception as error:  # told by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=arrive, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert (sorted(owners), failures) == (["Rosa Rep", "Tom Teammate"], [])


def test_an_absence_does_not_end_before_it_begins(cast):
    with pytest.raises(ValidationError, match="ends before it begins"):
        LeadReceiver(person=cast.rep, away_from=date(2026, 5, 2), away_until=date(2026, 5, 1)).full_clean()
