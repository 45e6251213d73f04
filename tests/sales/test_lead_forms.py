"""Public lead forms: what comes in becomes a lead of the team, in turn; spam is thanked and forgotten."""

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.models import Event, Notification
from customers.sales.actions import lead_forms
from customers.sales.models import Lead, LeadForm
from customers.sales.views.lead_form import SENT_PER_MINUTE

pytestmark = pytest.mark.django_db
SENT = {"name": "Lena Lead", "email": "Lena@Example.com"}


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def form(cast):
    return LeadForm.objects.create(
        name="Website", key="ask-us", title="Ask us", team=cast.north, phone="hidden", campaign="Spring",
        consent="You may answer me.", thanks="We will call you.",
    )  # fmt: skip


def send(client, **values):
    return client.post(reverse("lead-form", args=["ask-us"]), SENT | {"consent": "on"} | values)


def test_what_is_sent_becomes_a_lead_of_the_team_with_the_consent_word_for_word(client, cast, form):
    page = client.get(reverse("lead-form", args=["ask-us"]))
    assert page.status_code == 200
    assert not Lead.objects.exists()

    answer = send(client, organisation="Lead Ltd", note="Two pumps, please")

    lead = Lead.objects.get()
    assert "We will call you." in answer.content.decode()
    assert (lead.name, lead.organisation, lead.email) == ("Lena Lead", "Lead Ltd", "lena@example.com")
    assert (lead.channel, lead.campaign, lead.note) == ("website", "Spring", "Two pumps, please")
    assert (lead.owner, lead.team, lead.state) == (None, cast.north, "new")
    event = Event.objects.get(type="lead.created")
    assert (event.by, event.data["form"], event.data["consent"]) == (None, "Website", "You may answer me.")


def test_only_what_the_form_asks_is_asked_and_kept(client, form):
    page = client.get(reverse("lead-form", args=["ask-us"])).content.decode()
    assert 'name="email"' in page
    assert 'name="phone"' not in page

    assert send(client, email="").status_code == 422
    assert client.post(reverse("lead-form", args=["ask-us"]), SENT).status_code == 422
    assert not Lead.objects.exists()

    send(client, phone="+442079460958", owner="1", state="converted")
    assert (Lead.objects.get().phone, Lead.objects.get().state) == ("", "new")


def test_spam_gets_the_same_answer_and_leaves_nothing(client, form):
    spam = send(client, homepage="https://spam.example")
    assert not Lead.objects.exists()
    assert not Event.objects.filter(subject_kind="lead").exists()

    honest = send(client)
    assert (spam.status_code, spam.content) == (honest.status_code, honest.content)


def test_the_same_page_sent_twice_is_one_lead(client, form):
    send(client, submit_once="token")
    send(client, submit_once="token")

    assert Lead.objects.count() == 1


def test_one_address_cannot_send_without_end(client, form):
    answers = [send(client, name=f"Lead {number}").status_code for number in range(SENT_PER_MINUTE + 1)]

    assert answers == [200] * SENT_PER_MINUTE + [429]
    assert Lead.objects.count() == SENT_PER_MINUTE


def test_a_form_out_of_use_is_like_one_that_never_was(client, form):
    LeadForm.objects.update(is_active=False)
    gone, unknown = send(client), client.get(reverse("lead-form", args=["unknown"]))

    assert (gone.status_code, unknown.status_code) == (404, 404)
    assert not Lead.objects.exists()


def test_only_the_websites_named_may_embed_the_form(client, form):
    page = client.get(reverse("lead-form", args=["ask-us"]))
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]

    LeadForm.objects.update(sites="https://www.example.com/\nhttps://shop.example.com")
    page = client.get(reverse("lead-form", args=["ask-us"]))
    assert "X-Frame-Options" not in page
    policy = page["Content-Security-Policy"]
    assert "frame-ancestors https://www.example.com https://shop.example.com;" in policy + ";"
    assert "script-src 'self'" in policy
    assert not page.cookies


@pytest.mark.parametrize("site", ["javascript:alert(1)", "https://*", "https://a.example;script-src", "example.com"])
def test_what_is_no_website_is_refused_in_the_admin_site(form, site):
    form.sites = site
    with pytest.raises(ValidationError, match="not the address of a website"):
        form.full_clean()


def test_the_form_speaks_its_own_language_and_the_one_asked_for(client, form):
    LeadForm.objects.update(language="zh-hans")

    assert "您的姓名" in client.get(reverse("lead-form", args=["ask-us"])).content.decode()
    assert "Your name" in client.get(reverse("lead-form", args=["ask-us"]), {"lang": "en"}).content.decode()


def test_leads_go_round_among_the_teams_people_who_may_work_on_them(cast, form, now):
    reps = [cast.rep, cast.teammate, cast.manager]
    away = cast.person("Ada Away", cast.north, "sales_rep", is_active=False)
    cast.nobody, cast.agent, cast.outsider, away  # noqa: B018  (there, but never their turn)
    LeadForm.objects.update(in_turn=True)

    owners = [lead_forms.submit(form, at=now, name=f"Lead {number}", email="a@b.example").owner for number in range(4)]

    assert owners == [*reps, cast.rep]
    assert Notification.objects.filter(receiver=cast.rep).count() == 2


def test_without_turns_the_teams_manager_hears_of_a_lead_that_waits(cast, form, now):
    cast.north.manager = cast.manager
    cast.north.save()

    lead = lead_forms.submit(form, at=now, name="Lena Lead", email="a@b.example")

    assert lead.owner is None
    assert Notification.objects.get().receiver == cast.manager


def test_an_administrator_configures_a_form(client, cast):
    client.force_login(cast.administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {
        "name": "Fair", "key": "fair", "title": "Ask us", "language": "en", "organisation": "optional",
        "email": "required", "phone": "hidden", "note": "optional", "team": cast.north.pk, "is_active": "on",
        "country": "hidden", "city": "hidden", "employees": "hidden", "basis": "consent", "keep_days": "7",
    }  # fmt: skip

    refused = client.post(reverse("admin:sales_leadform_add"), sent | {"email": "hidden"})
    assert "nobody could be answered" in refused.content.decode()
    client.post(reverse("admin:sales_leadform_add"), sent)

    assert LeadForm.objects.get().key == "fair"
    assert Event.objects.filter(type="settings.created").get().data["model"] == "sales.leadform"
    page = client.get(reverse("admin:sales_leadform_changelist")).content.decode()
    assert "/f/fair/" in page
