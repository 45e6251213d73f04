"""When a session was last used is noted, without a write at every request."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone


@pytest.fixture
def browser(cast):
    client = Client(headers={"User-Agent": "Firefox"})
    client.force_login(cast.rep)
    client.get("/preferences/")
    return client


def seen_before(age):
    moment = timezone.now() - age
    UserSession.objects.update(last_seen_at=moment)
    return moment


def queries_about_sessions(client):
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/preferences/").status_code == 200
    return [query["sql"].split()[0] for query in queries if "usersessions_usersession" in query["sql"]]


def test_a_session_without_a_note_gets_one(browser, cast):
    session = UserSession.objects.get()
    assert (session.user, session.ip, session.user_agent) == (cast.rep, "127.0.0.1", "Firefox")


def test_a_session_used_a_moment_ago_costs_one_look_and_no_write(browser):
    moment = seen_before(timedelta(minutes=4))
    assert queries_about_sessions(browser) == ["SELECT"]
    assert UserSession.objects.get().last_seen_at == moment


def test_after_five_minutes_it_is_noted_again(browser):
    moment = seen_before(timedelta(minutes=5))
    assert "UPDATE" in queries_about_sessions(browser)
    assert UserSession.objects.get().last_seen_at > moment + timedelta(minutes=4)


def test_another_browser_or_address_is_noted_at_once(browser):
    seen_before(timedelta(minutes=1))
    browser.get("/preferences/", headers={"User-Agent": "Chrome"})
    assert UserSession.objects.get().user_agent == "Chrome"
    browser.get("/preferences/", headers={"User-Agent": "Chrome"}, REMOTE_ADDR="10.0.0.9")
    assert UserSession.objects.get().ip == "10.0.0.9"
