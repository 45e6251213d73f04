"""Everything an administrator configures has a page in the admin site: opened, added, changed, and on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.urls import reverse

from crm.models import BusinessCalendar, Event, RoleGrant, Team
from customers.sales.actions import competitors, opportunities
from customers.sales.models import Competitor, LostReason, Quota, Stage
from tests.factories.crm import CalendarFactory
from tests.factories.sales import default_pipeline, make_opportunity

pytestmark = pytest.mark.django_db

# Model: what is typed into the empty form, and what is changed afterwards. What is callable is asked for its value.
STAGES = {
    f"stages-{number}-{name}": value
    for number, values in enumerate((("Talking", "open", "0.3"), ("Won", "won", "1"), ("Lost", "lost", "0")))
    for name, value in zip(("name", "outcome", "probability", "position"), (*values, number + 1), strict=True)
}
TEAM, CALENDAR = (lambda: Team.objects.get(name="North").pk), (lambda: BusinessCalendar.objects.first().pk)
PAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sales.pipeline": ({"name": "Partners", "position": 5, "is_active": "on", **STAGES}, {"stages-0-name": "Asking"}),
    "sales.exitcriterion": (
        {"stage": lambda: default_pipeline().stages.open().first().pk, "what": "manual", "text": "Budget is known"},
        {"text": "The budget is known"},
    ),
    "sales.lostreason": ({"name": "Too late"}, {"name": "We were too late"}),
    "customers.churnreason": ({"name": "Moved away"}, {"name": "Moved abroad"}),
    "sales.discardreason": ({"code": "too_small", "name": "too small"}, {"name": "too small for us"}),
    "customers.sourcechannel": (
        {"code": "wechat", "name": "WeChat mini program", "name_zh": "微信小程序"}, {"name": "WeChat"},
    ),
    "sales.returnreason": ({"name": "Too loud"}, {"name": "Louder than promised"}),
    "sales.competitor": ({"name": "Pump Brothers"}, {"notes": "Cheaper, slower"}),
    "crm.customfield": (
        {"kind": "customer", "code": "dock", "label": "Dock", "type": "text"}, {"label": "Dock number"},
    ),
    "sales.leadform": ({"name": "Fair", "title": "Ask us", "team": TEAM}, {"title": "Ask us anything"}),
    "sales.leadrule": ({"name": "North first", "team": TEAM}, {"position": "3"}),
    "sales.leadscorerule": ({"name": "Writes", "attribute": "email", "how": "yes", "points": "5"}, {"points": "7"}),
    "sales.leadquestion": ({"text": "Is there a budget?"}, {"is_required": "on"}),
    "sales.leadtarget": ({"minutes": "30"}, {"minutes": "20"}),
    "customers.cadencerule": (
        {"occasion": "call_back", "title": "Call", "days": "30", "calendar": CALENDAR}, {"days": "60"},
    ),
    "customers.poolrule": ({"capacity": "50"}, {"capacity": "60"}),
    "customers.purpose": ({"code": "fairs", "name": "Fairs"}, {"needs_consent": "on"}),
    "customers.tag": ({"name": "Harbour"}, {"colour": "blue"}),
    "sales.pricelist": ({"name": "Europe", "currency": "EUR"}, {"valid_from": "2026-01-01"}),
    "crm.mailtemplate": ({"name": "Hello", "subject": "Hello", "body": "Good day"}, {"subject": "Good day"}),
    "sales.mailingrules": ({"per_minute": "30", "quiet_days": "14"}, {"sender": "Acme Ltd, Mill Lane"}),
    "sales.currencyrate": ({"currency": "EUR", "valid_from": "2026-01-01", "rate": "1.1"}, {"rate": "1.2"}),
    "sales.quota": ({"for_team": TEAM, "month": "2026-06-15", "amount": "5000"}, {"amount": "6000"}),
}  # fmt: skip
RECORDS = {"sales.competitor": "competitor", "sales.quota": "quota"}  # audited as what they are


@pytest.fixture
def site(client, cast):
    assert cast.north.name == "North"
    CalendarFactory(name="Company")
    client.force_login(cast.administrator)
    return client


def chosen(field: Any) -> Any:
    """A browser sends the first of what one may choose from, where nothing is chosen."""
    value = field.value()
    if value is None and isinstance(field.field.widget, forms.Select):
        value = next(iter(field.field.choices))[0]
    return "" if value is None else str(value) if type(value) is int else value


def filled(page: Any, said: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of this page once `said` was typed into it."""
    parts = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        parts += [inline.formset.management_form, *inline.formset.forms]
    held = {field.html_name: chosen(field) for form in parts for field in form}
    sent = {
        name: "on" if value is True else value for name, value in held.items() if value is not False and value != ""
    }
    return sent | {name: value() if callable(value) else value for name, value in said.items()}


@pytest.mark.parametrize("model", PAGES)
def test_it_is_added_and_changed_in_the_admin_site_and_on_record(model, site, cast):
    adding, changing = PAGES[model]
    name = f"admin:{model.replace('.', '_')}"
    rows = next(one for one in admin.site._registry if one._meta.label_lower == model)._base_manager
    before = set(rows.values_list("pk", flat=True))
    page = site.get(reverse(f"{name}_add"))
    answer = site.post(reverse(f"{name}_add"), filled(page, adding))
    assert answer.status_code == 302, answer.context["errors"]
    [new] = set(rows.values_list("pk", flat=True)) - before
    change = reverse(f"{name}_change", args=[new])
    answer = site.post(change, filled(site.get(change), changing))
    assert answer.status_code == 302, answer.context["errors"]
    told = Event.objects.order_by("pk").filter(by=cast.administrator)
    if model in RECORDS:
        kind = RECORDS[model]
        assert list(told.values_list("type", flat=True)) == [f"{kind}.created", f"{kind}.updated"]
    else:
        assert [(one.type, one.data["model"]) for one in told] == [
            ("settings.created", model),
            ("settings.changed", model),
        ]
    changed = str(told.last().data)
    assert all(str(value) in changed or value == "on" for value in changing.values())
    assert site.get(reverse(f"{name}_changelist")).status_code == 200


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(site):
    rival = Competitor.objects.create(name="Pump Brothers")
    change = reverse("admin:sales_competitor_change", args=[rival.pk])
    seen = filled(site.get(change), {"notes": "Mine"})
    Competitor.objects.update(version=2, notes="Theirs")
    answer = site.post(change, seen)
    assert "Somebody else changed this meanwhile" in answer.content.decode()
    assert Competitor.objects.get().notes == "Theirs"


def test_nobody_saves_between_the_look_at_the_version_and_the_action(site, monkeypatch):
    rival = Competitor.objects.create(name="Pump Brothers")
    page = admin.site._registry[Competitor]

    def a_moment_later(stored, changes, **said):
        Competitor.objects.update(version=2, notes="Theirs")
        return competitors.update(stored, changes, **said)

    monkeypatch.setattr(type(page), "update_record", staticmethod(a_moment_later))
    change = reverse("admin:sales_competitor_change", args=[rival.pk])
    answer = site.post(change, filled(site.get(change), {"notes": "Mine"}), follow=True)
    assert answer.redirect_chain == [(change, 302)]
    assert "Somebody else changed this meanwhile" in answer.content.decode()
    assert "Mine" not in answer.content.decode()


def test_a_pipelines_page_says_which_roles_may_correct_what_it_locks(site):
    change = reverse("admin:sales_pipeline_change", args=[default_pipeline().pk])
    assert "Roles that may: Administrator, Sales manager." in site.get(change).content.decode()
    RoleGrant.objects.filter(kind="closed_correction").delete()
    page = site.get(change).content.decode()
    assert "No role may: grant “corrections of what is closed” to one first, under Roles." in page
    assert "img/favicon.svg" in page


def test_what_is_deleted_goes_to_the_bin_or_stays_where_it_is_needed(site, cast, now):
    rival = Competitor.objects.create(name="Pump Brothers")
    quota = Quota.objects.create(owner=cast.rep, team=cast.north, month=date(2026, 6, 1), amount=1)
    reason = LostReason.objects.order_by("pk").first()
    lost = make_opportunity(cast.rep, at=now)
    opportunities.lose(lost, reason=reason, by=cast.rep, at=now)
    for record in (rival, quota, reason):
        site.post(reverse(f"admin:sales_{record._meta.model_name}_delete", args=[record.pk]), {"post": "yes"})
        record.refresh_from_db()
    assert (rival.is_in_bin, quota.is_in_bin, LostReason.objects.filter(pk=reason.pk).exists()) == (True, True, True)
    assert Stage.objects.filter(pipeline=lost.pipeline).count() == 5
