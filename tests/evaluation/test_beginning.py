"""A demo organisation is taken away so that a real one can begin; nothing else ever is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.html import strip_tags

from crm import events
from crm.models import Event, MailTemplate, Role, Team, User
from customers.models import Customer, Standing
from customers.sales.models import LeadRule, Pipeline
from evaluation.actions import beginning, beginning_tables
from service.models import Queue
from tests.factories.customers import make_customer
from tests.factories.sales import make_opportunity

pytestmark = pytest.mark.django_db
FILLED_AT = datetime(2026, 11, 20, 23, tzinfo=UTC)
LATER = FILLED_AT + timedelta(days=1)
PAGE = "/evaluation/begin/"


@pytest.fixture
def demo(cast):
    """Four people of a demo, a customer with an opportunity, and something that an administrator configured."""
    people = [cast.administrator, cast.manager, cast.rep, cast.outsider]
    User.objects.filter(pk__in=[user.pk for user in people]).update(date_joined=FILLED_AT)
    Team.objects.filter(pk=cast.north.pk).update(manager=cast.manager)
    Queue.objects.update(team=cast.north)
    LeadRule.objects.create(name="Everything", team=cast.north)
    LeadRule.objects.create(name="Rosa's", person=cast.rep)
    MailTemplate.objects.create(name="After a visit", language="en", subject="Hello", body="Thank you")
    make_opportunity(cast.rep, customer=make_customer(cast.rep))
    events.record(beginning.FILLED, cast.company, by=None, at=FILLED_AT)
    cast.administrator.refresh_from_db()
    return cast


def rows():
    return Customer._base_manager.count(), User.objects.count(), Team.objects.count(), Event.objects.count()


def test_records_and_people_go_and_what_is_configured_stays(demo):
    seen = beginning.begin(by=demo.administrator, at=LATER, name="Acme")
    assert [(line.code, line.count) for line in seen.goes if line.code in ("customer", "opportunity")] == [
        ("customer", 1), ("opportunity", 1)
    ]  # fmt: skip
    assert not Customer._base_manager.exists()
    assert not Standing.objects.exists()
    assert list(User.objects.all()) == [demo.administrator]
    assert list(Team.objects.values_list("name", flat=True)) == ["Acme"]
    assert Queue.objects.get().team == demo.company
    assert list(LeadRule.objects.values_list("name", "team__name")) == [("Everything", "Acme")]
    assert Pipeline.objects.exists()
    assert MailTemplate.objects.get().name == "After a visit"
    event = Event.objects.get(type=beginning.BEGUN)
    assert event.by == demo.administrator
    assert event.data["removed"]["customer"] == 1
    assert (event.data["removed"]["person"], event.data["removed"]["team"]) == (3, 2)


def test_once_begun_nothing_is_taken_away_any_more(demo):
    beginning.begin(by=None, at=LATER)
    make_customer(demo.administrator)
    before = rows()
    with pytest.raises(ValidationError, match="no demo organisation"):
        beginning.begin(by=None, at=LATER)
    with pytest.raises(CommandError, match="no demo database"):
        call_command("demo", "--again")
    assert rows() == before


def test_with_reset_it_is_configured_like_a_new_installation(demo):
    Role.objects.filter(code="analyst").delete()
    Pipeline.objects.create(name="Another")
    beginning.begin(by=None, at=LATER, reset=True)
    assert not MailTemplate.objects.exists()
    assert not LeadRule.objects.exists()
    assert list(Pipeline.objects.values_list("name", flat=True)) == ["Sales"]
    assert Role.objects.filter(code="analyst").exists()
    assert User.objects.get().is_staff


def test_with_records_of_others_nothing_goes_until_they_are_in_the_bin(demo, client):
    real = demo.person("Rita Real", demo.company, "sales_rep")
    customer = make_customer(real, "Elm", at=LATER)
    before = rows()
    with pytest.raises(ValidationError, match="not of the demo"):
        beginning.begin(by=None, at=LATER)
    client.force_login(demo.administrator)
    answer = client.post(PAGE, {"confirm": "Company"})
    assert answer.status_code == 422
    assert re.search(r"Rita Real: 1 customer\b", strip_tags(answer.content.decode()))
    assert rows() == before
    Customer._base_manager.filter(pk=customer.pk).update(deleted_at=LATER)
    beginning.begin(by=None, at=LATER)
    assert set(User.objects.all()) == {demo.administrator, real}


def test_what_people_of_the_demo_entered_since_is_counted_first(demo):
    make_customer(demo.rep, "Elm", at=LATER)
    make_customer(demo.administrator, "Oak", at=LATER)
    assert [(line.code, line.count) for line in beginning.outlook().added] == [("customer", 2)]


def test_a_team_that_was_added_since_stays(demo):
    berlin = Team.objects.create(name="Berlin", parent=demo.south)
    data = {"model": "crm.team", "id": str(berlin.pk), "name": "Berlin", "changes": {}}
    events.record("settings.created", demo.administrator, by=demo.administrator, at=LATER, data=data)
    seen = beginning.begin(by=None, at=LATER)
    assert [str(team) for team in seen.teams_kept] == ["Company", "South", "Berlin"]
    assert set(Team.objects.all()) == set(seen.teams_kept)
    assert Event.objects.filter(type="settings.created").exists()


def test_the_page_asks_for_the_name_of_the_organisation(demo, client):
    client.force_login(demo.administrator)
    before = rows()
    assert "Rosa Rep" in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"confirm": "Kompany"}).status_code == 422
    assert rows() == before
    assert client.post(PAGE, {"confirm": " Company ", "name": "Acme", "reset": ""}).status_code == 302
    assert Team.objects.get().name == "Acme"
    assert "no demo organisation" in client.get(PAGE).content.decode()


def test_only_administrators_see_the_page(demo, client):
    client.force_login(demo.manager)
    assert client.get(PAGE).status_code == 403


def test_the_command_changes_nothing_when_it_only_looks_or_the_name_is_wrong(demo, capsys):
    before = rows()
    call_command("begin", "--dry-run")
    assert "3 people: " in capsys.readouterr().out
    with pytest.raises(CommandError, match="not its name"):
        call_command("begin", "--confirm", "Kompany")
    assert rows() == before


def test_the_home_page_leads_to_the_first_step(demo, client):
    client.force_login(demo.administrator)
    panel = "/evaluation/panels/first-steps/"
    assert panel in client.get("/").content.decode()
    assert PAGE in client.get(panel).content.decode()
    beginning.begin(by=None, at=LATER)
    assert "/imports/" in client.get(panel).content.decode()
    make_customer(demo.administrator)
    assert panel not in client.get("/").content.decode()


def test_of_every_table_it_is_said_what_becomes_of_it():
    listed = [
        model._meta.label
        for group in (
            beginning_tables.RECORDS, beginning_tables.CONFIGURATION, beginning_tables.PEOPLE, beginning_tables.PROGRAM
        )
        for model in beginning_tables.models_of(group)
    ]  # fmt: skip
    stored = [
        m._meta.label for m in apps.get_models(include_auto_created=True) if not m._meta.proxy and m._meta.managed
    ]
    assert sorted(listed) == sorted(stored)


def test_all_records_but_products_are_emptied_in_one_step():
    going = beginning_tables.models_of(beginning_tables.RECORDS)
    assert {m._meta.label for m in set(going) - set(beginning_tables.to_truncate(going))} == {"sales.Product"}
