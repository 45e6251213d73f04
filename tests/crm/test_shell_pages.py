"""What the server answers around every page."""

import json

import pytest
from django.conf import settings
from django.urls import reverse

from crm.models import Event, User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.shell_pages")]
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/gallery/?page=2"}


@pytest.fixture
def anna(cast, client, shell_templates) -> User:
    client.force_login(cast.rep)
    return cast.rep


def test_home_greets_by_name(client, anna):
    page = client.get("/")
    assert page.status_code == 200
    assert "Rosa Rep" in page.content.decode()


def test_the_page_is_a_dialog_when_htmx_asks_for_one(client, anna):
    whole = client.get("/thing/").content.decode()
    part = client.get("/thing/", headers=HTMX | {"HX-Target": "dialog#dialog"}).content.decode()
    assert "<!doctype html>" in whole
    assert "<!doctype html>" not in part
    assert '<h2 id="dialog-title">A thing</h2>' in part


def test_a_redirect_to_htmx_becomes_one_of_the_whole_page_and_keeps_the_toast(client, anna):
    answer = client.post("/thing/", {"name": "Lamp", "size": "s"}, headers=HTMX)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/gallery/"
    assert "The thing is saved." in client.get("/gallery/").content.decode()


def test_an_htmx_answer_carries_its_messages_as_toasts(client, anna):
    headers = HTMX | {"HX-Target": "dialog#dialog"}
    answer = client.post("/thing/?stay=1", {"name": "Lamp", "size": "s"}, headers=headers)
    assert json.loads(answer["HX-Trigger"]) == {
        "close-dialog": {},
        "thing-saved": {"name": "Lamp"},
        "toasts": {"notes": [{"text": "The thing is saved.", "level": "success", "undo": "/undo/", "link": None}]},
    }
    assert "The thing is saved." not in client.get("/gallery/").content.decode()


def test_signing_in_leads_back_to_the_page_and_not_to_its_fragment(client, db, shell_templates):
    answer = client.get("/panel/", headers=HTMX)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fgallery%2F%3Fpage%3D2"


def test_the_language_is_kept_on_the_person(client, anna):
    answer = client.post(reverse("set-language"), {"language": "zh-hans", "next": "/preferences/"})
    assert (answer.status_code, answer["Location"]) == (302, "/preferences/")
    anna.refresh_from_db()
    assert anna.language == "zh-hans"
    assert '<html lang="zh-hans"' in client.get("/preferences/").content.decode()


def test_the_language_of_a_visitor_is_kept_in_the_browser(client):
    client.post(reverse("set-language"), {"language": "zh-hans"})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_switching_the_language_never_leads_to_another_site(client, anna, target):
    answer = client.post(reverse("set-language"), {"language": "en", "next": target})
    assert answer["Location"] == "/"


def test_an_unknown_language_changes_nothing(client, anna):
    client.post(reverse("set-language"), {"language": "tlh"})
    anna.refresh_from_db()
    assert anna.language == "en"
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_preferences_are_saved_and_noted(client, anna):
    values = {"language": "en", "timezone": "Asia/Shanghai", "theme": "dark", "density": "compact"}
    assert client.post("/preferences/", values).status_code == 302
    anna.refresh_from_db()
    assert (anna.timezone, anna.theme) == ("Asia/Shanghai", "dark")
    assert client.cookies["density"].value == "compact"
    event = Event.objects.get(type="person.preferred")
    assert event.data["theme"] == ["auto", "dark"]
    page = client.get("/preferences/").content.decode()
    assert 'data-bs-theme="dark" data-theme="dark" data-density="compact"' in page


def test_a_wrong_time_zone_is_refused_and_changes_nothing(client, anna):
    values = {"language": "zh-hans", "timezone": "Mars/Base", "theme": "dark", "density": "normal"}
    answer = client.post("/preferences/", values)
    assert answer.status_code == 422
    anna.refresh_from_db()
    assert (anna.language, anna.timezone, anna.theme) == ("en", "", "auto")


def test_an_unknown_page_answers_inside_the_shell_or_outside_it(client, anna, shell_templates):
    inside = client.get("/nowhere/")
    client.logout()
    outside = client.get("/nowhere/")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert 'class="app-nav' in inside.content.decode()
    assert 'class="app-nav' not in outside.content.decode()


def test_a_toast_without_undo_has_no_undo_button(client, anna):
    page = client.get("/undo/", follow=True).content.decode()
    shown = page.split('id="toasts"')[1].split('id="live"')[0]
    assert "Undone." in shown
    assert "<form" not in shown
    assert "Undone." not in client.get("/gallery/").content.decode()
