"""Getting in, staying in, and being shut out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from crm.actions import people, tokens
from crm.models import ApiToken, Event
from crm.web import sessions

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def rep(cast):
    people.credentials_changed(cast.rep, password=PASSWORD, fields=[])
    return cast.rep


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_page_leads_to_the_sign_in_and_back(client, rep):
    response = client.get("/preferences/")
    assert (response.status_code, response.url) == (302, "/accounts/login/?next=/preferences/")
    response = client.post(response.url, {"login": rep.email, "password": PASSWORD, "next": "/preferences/"})
    assert (response.status_code, response.url) == (302, "/preferences/")


def test_the_sign_in_page_renders_for_a_stranger(client, db):
    response = client.get(reverse("account_login"))
    assert response.status_code == 200
    assert b'name="login"' in response.content


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, rep):
    wrong = sign_in(client, rep.email, "wrong password")
    unknown = sign_in(client, "nobody@example.com", "wrong password")
    assert wrong.context["form"].errors == unknown.context["form"].errors != {}


def test_after_five_wrong_passwords_the_right_one_is_refused_for_a_while(client, rep):
    for _ in range(5):
        sign_in(client, rep.email, "wrong password")
    response = sign_in(client, rep.email)
    assert "_auth_user_id" not in client.session
    assert response.status_code in (200, 429)


def test_a_deactivated_person_does_not_get_in(client, rep):
    rep.is_active = False
    rep.save()
    sign_in(client, rep.email)
    assert "_auth_user_id" not in client.session


def test_nobody_makes_an_account_of_their_own(client, db):
    assert client.get(reverse("account_signup")).status_code == 404


def test_the_admin_site_sends_a_stranger_to_the_one_sign_in(client, rep):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")


def test_with_a_second_factor_the_password_alone_is_not_enough(client, rep):
    totp.TOTP.activate(rep, totp.generate_totp_secret())
    response = sign_in(client, rep.email)
    assert response.url == reverse("mfa_authenticate")
    assert client.get("/preferences/").status_code == 302
    asked = client.get(response.url).content.decode()
    assert asked.count("btn-primary") == 1  # to sign in, not to cancel


def test_pages_of_the_own_account_have_one_heading(client, rep):
    sign_in(client, rep.email)
    for name in ("mfa_index", "account_change_password", "usersessions_list"):
        assert client.get(reverse(name)).content.decode().count("<h1") == 1


def test_changing_the_password_or_the_rights_ends_every_session(client, rep):
    sign_in(client, rep.email)
    client.get("/preferences/")
    assert UserSession.objects.filter(user=rep).count() == 1
    people.credentials_changed(rep, password=None, fields=["roles"])
    assert UserSession.objects.filter(user=rep).count() == 0
    assert client.get("/preferences/").status_code == 302


def test_a_session_is_known_by_the_name_of_its_browser(client, rep):
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
        "Safari/537.36 Edg/141.0.0.0"
    )
    client.force_login(rep)
    client.get("/preferences/", headers={"user-agent": agent})
    page = client.get(reverse("usersessions_list"), headers={"user-agent": agent}).content.decode()
    assert f'title="{agent}">Edge, Windows</td>' in page
    assert sessions.device("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1") == (
        "Safari, iPhone"
    )
    assert sessions.device("curl/8.5.0") == "curl/8.5.0"


def test_the_code_to_scan_for_a_second_factor_stands_on_white_in_the_dark_too(client, rep):
    sign_in(client, rep.email)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert '<img class="bg-white" src="data:image/svg+xml' in page


def test_one_can_end_ones_own_session_but_nobody_elses(client, rep, cast):
    client.force_login(rep)
    client.get("/preferences/")
    session = UserSession.objects.get(user=rep)
    client.force_login(cast.outsider)
    assert client.post(reverse("session-end", args=[session.pk])).status_code == 404
    assert UserSession.objects.filter(pk=session.pk).exists()
    client.force_login(rep)
    assert client.post(reverse("session-end", args=[session.pk])).status_code == 302
    assert not UserSession.objects.filter(pk=session.pk).exists()


def test_a_forgotten_password_is_reset_by_a_link_in_the_mail(client, rep):
    client.post(reverse("account_reset_password"), {"email": rep.email})
    assert len(mail.outbox) == 1
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    response = client.get("/" + link.split("/", 3)[3], follow=True)
    response = client.post(
        response.redirect_chain[-1][0], {"password1": "a fresh long one", "password2": "a fresh long one"}
    )
    assert response.status_code == 302
    sign_in(client, rep.email, "a fresh long one")
    assert "_auth_user_id" in client.session


def test_after_a_new_password_the_way_goes_on_to_the_sign_in_and_from_an_old_link_to_a_new_one(client, rep):
    client.post(reverse("account_reset_password"), {"email": rep.email})
    link = "/" + next(word for word in mail.outbox[0].body.split() if "/reset/key/" in word).split("/", 3)[3]
    form = client.get(link, follow=True).redirect_chain[-1][0]
    typed = {"password1": "a fresh long one", "password2": "a fresh long one"}
    done = client.post(form, typed, follow=True).content.decode()
    assert f'href="{reverse("account_login")}"' in done
    again = client.get(link).content.decode()
    assert f'href="{reverse("account_reset_password")}"' in again
    assert "token" not in again.lower().replace("csrfmiddlewaretoken", "")


def test_the_rules_for_passwords_address_people_as_everything_else_does(client, rep):
    rep.language = "zh-hans"
    rep.save()
    sign_in(client, rep.email)
    page = client.get(reverse("account_change_password")).content.decode()
    assert "您的密码至少要有 12 个字符。" in page
    assert "你" not in page


def test_the_mail_for_a_forgotten_password_is_in_the_persons_language_and_goes_to_nobody_else(client, rep):
    rep.language = "zh-hans"
    rep.save()
    client.post(reverse("account_reset_password"), {"email": rep.email}, headers={"accept-language": "en"})
    assert [sent.subject for sent in mail.outbox] == ["重设 Yardstick CRM 的密码"]
    answer = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert answer.url == reverse("account_reset_password_done"), "strangers learn nothing"
    assert len(mail.outbox) == 1


def test_a_token_is_shown_once_and_stored_hashed(client, rep):
    client.force_login(rep)
    response = client.post(reverse("token-list"), {"name": "ERP", "verbs": ["view"], "days": "30"})
    secret = response.context["secret"]
    assert response.status_code == 201
    assert secret.encode() in response.content
    assert secret.encode() not in client.get(reverse("token-list")).content
    token = ApiToken.objects.get()
    assert secret not in token.digest
    assert tokens.authenticate(secret, timezone.now()) == token
    assert Event.objects.get(type="token.issued").data == {"token": token.pk, "name": "ERP", "verbs": ["view"]}


def test_an_expired_a_revoked_and_a_made_up_token_open_nothing(rep, now):
    token, secret = tokens.issue(user=rep, name="ERP", verbs=["view"], expires_at=now + timedelta(days=1), at=now)
    assert tokens.authenticate(secret, now) == token
    assert tokens.authenticate(secret, now + timedelta(days=1)) is None
    assert tokens.authenticate(secret + "x", now) is None
    tokens.revoke(token=token, by=rep, at=now)
    assert tokens.authenticate(secret, now) is None


def test_a_token_of_somebody_else_cannot_be_revoked(client, rep, cast, now):
    token, _ = tokens.issue(user=rep, name="ERP", verbs=["view"], expires_at=now + timedelta(days=1), at=now)
    client.force_login(cast.administrator)
    assert client.post(reverse("token-revocation", args=[token.pk])).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_only_administrators_ask_why(client, cast, now):
    from customers.models import Customer

    customer = Customer.objects.create(name="Acme", owner=cast.rep, team=cast.north)
    client.force_login(cast.manager)
    assert client.get(reverse("why", args=["customer", customer.pk])).status_code == 403
    client.force_login(cast.administrator)
    response = client.get(reverse("why", args=["customer", customer.pk]), {"person": cast.teammate.pk})
    assert "it belongs to the person&#x27;s team" in response.content.decode()
    assert client.get(reverse("why", args=["nonsense", customer.pk])).status_code == 404
