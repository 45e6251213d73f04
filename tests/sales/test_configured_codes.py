"""Source channels and reasons for discarding leads are the administrator's: codes stay, names are read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import translation

from crm.reading import read_once
from customers.models import Customer, SourceChannel
from customers.sales.actions import leads
from customers.sales.models import DiscardReason, Lead, LeadTarget
from evaluation.engine import scopes
from evaluation.engine.wording import scope_name
from tests.factories.sales import make_customer, make_lead

pytestmark = pytest.mark.django_db


def wechat(**fields: Any) -> SourceChannel:
    return SourceChannel.objects.create(code="wechat", name="WeChat mini program", name_zh="微信小程序", **fields)


def test_the_shipped_channels_and_reasons_keep_their_codes_and_names_in_both_languages(db):
    assert [one.code for one in SourceChannel.listed()] == [
        "referral", "website", "campaign", "event", "outbound", "partner", "other",
    ]  # fmt: skip
    assert [one.code for one in DiscardReason.listed()] == [
        "not_interested", "not_reached", "no_fit", "duplicate", "spam", "other",
    ]  # fmt: skip
    event = Customer(channel="event")
    with translation.override("zh-hans"):
        assert (event.get_channel_display(), Lead(reason="spam").get_reason_display()) == ("展会活动", "垃圾信息")
    assert (event.get_channel_display(), Lead(reason="spam").get_reason_display()) == ("event", "spam")


def test_a_new_channel_is_offered_read_by_its_name_and_found_by_kpis(client, cast):
    wechat(position=2)
    client.force_login(cast.rep)
    offered = client.get(reverse("customer-new")).context["form"]["channel"].field.choices
    assert [code for code, _name in offered][:4] == ["", "referral", "website", "wechat"]
    client.post(reverse("customer-new"), {"name": "Mini", "form": "organisation", "channel": "wechat"})
    customer = Customer.objects.get(name="Mini")
    assert customer.channel == "wechat"
    assert "WeChat mini program" in client.get(customer.get_absolute_url()).content.decode()
    with translation.override("zh-hans"):
        assert scope_name(scopes.resolve("channel:微信小程序")) == "微信小程序"
    assert scopes.resolve("channel:WeChat mini program").key == "wechat"


def test_one_out_of_use_is_no_longer_offered_and_stays_with_the_record_that_has_it(client, cast, now):
    lead = make_lead(cast.rep, at=now, channel="event")
    SourceChannel.objects.filter(code="event").update(is_active=False)
    client.force_login(cast.rep)
    refused = client.post(reverse("lead-new"), {"name": "Lena", "channel": "event"})
    assert refused.status_code == 422
    assert Lead.objects.get() == lead
    client.post(reverse("lead-edit", args=[lead.pk]), {"name": "Lena", "channel": "event", "version": lead.version})
    lead.refresh_from_db()
    assert (lead.name, lead.channel) == ("Lena", "event")


def test_programs_write_every_code_there_is_and_no_other(client, cast):
    wechat(is_active=False)
    client.force_login(cast.rep)
    write = {"content_type": "application/json"}
    answer = client.post("/api/v1/leads/", {"name": "Lena", "channel": "wechat"}, **write)
    assert (answer.status_code, answer.json()["channel"]) == (201, "wechat")
    answer = client.post("/api/v1/leads/", {"name": "Luke", "channel": "fax"}, **write)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["channel"]
    assert Lead.objects.get().name == "Lena"


@pytest.mark.parametrize("make", [
    lambda cast, now: make_customer(cast.rep, channel="fax"),
    lambda cast, now: LeadTarget.objects.create(channel="fax", minutes=5),
    lambda cast, now: Lead.objects.filter(pk=make_lead(cast.rep, at=now).pk).update(channel="fax"),
    lambda cast, now: Lead.objects.filter(pk=make_lead(cast.rep, at=now).pk).update(state="discarded", reason="fax"),
    lambda cast, now: SourceChannel.objects.filter(code="event").update(code="fair"),
    lambda cast, now: DiscardReason.objects.filter(code="no_fit").update(code="fit"),
    lambda cast, now: (make_customer(cast.rep, channel="event"), SourceChannel.objects.get(code="event").delete()),
    lambda cast, now: (make_lead(cast.rep, at=now, channel="event"), SourceChannel.objects.get(code="event").delete()),
])  # fmt: skip
def test_the_database_knows_every_code_and_keeps_the_one_that_is_named(make, cast, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        make(cast, now)


def test_what_a_record_names_or_the_program_writes_cannot_be_deleted(client, cast, now):
    wechat()
    make_lead(cast.rep, at=now, channel="event").delete()
    make_customer(cast.rep, channel="partner")
    client.force_login(cast.administrator)
    for code, answer in (("partner", 403), ("website", 403), ("wechat", 302)):
        channel = SourceChannel.objects.get(code=code)
        url = reverse("admin:customers_sourcechannel_delete", args=[channel.pk])
        assert client.post(url, {"post": "yes"}).status_code == answer
    left = {one.code for one in SourceChannel.objects.all()}
    assert left & {"partner", "website", "wechat"} == {"partner", "website"}


def test_a_reason_of_the_administrators_own_discards_a_lead(client, cast, now):
    DiscardReason.objects.create(code="too_small", name="too small", name_zh="太小", position=9)
    DiscardReason.objects.filter(code="other").update(is_active=False)
    lead = make_lead(cast.rep, at=now)
    client.force_login(cast.rep)
    page = client.get(reverse("lead-discarding", args=[lead.pk])).content.decode()
    assert "Too small" in page
    assert 'value="other"' not in page
    client.post(reverse("lead-discarding", args=[lead.pk]), {"reason": "too_small"})
    lead.refresh_from_db()
    assert (lead.state, lead.get_reason_display()) == ("discarded", "too small")
    assert "Discarded the lead" in (told := client.get(lead.get_absolute_url()).content.decode())
    assert "too small" in told


def test_a_page_reads_the_channels_once_however_many_rows_it_shows(client, cast, now, django_assert_max_num_queries):
    for channel in ("event", "website", "partner", "event"):
        make_lead(cast.rep, at=now, channel=channel)
    client.force_login(cast.rep)
    with django_assert_max_num_queries(40) as asked:
        client.get(reverse("lead-list"))
    assert len([one for one in asked if "customers_sourcechannel" in one["sql"]]) == 1


def test_a_change_is_seen_by_what_the_same_request_reads_afterwards(db):
    with read_once():
        assert len(SourceChannel.listed()) == 7
        added = wechat()
        assert SourceChannel.label_of("wechat") == "WeChat mini program"
        added.delete()
        assert SourceChannel.label_of("wechat") == "wechat"
    assert connection.in_atomic_block


def test_a_code_is_written_in_small_letters_and_a_name_once(client, cast):
    client.force_login(cast.administrator)
    add = reverse("admin:customers_sourcechannel_add")
    for said in ({"code": "WeChat 1", "name": "WeChat"}, {"code": "sites", "name": "Website"}):
        answer = client.post(add, {**said, "position": "0", "is_active": "on"})
        assert answer.status_code == 200
        assert answer.context["errors"]
    assert SourceChannel.objects.count() == 7


def test_a_lead_is_discarded_for_a_reason_there_is(cast, now):
    from django.core.exceptions import ValidationError

    lead = make_lead(cast.rep, at=now)
    with pytest.raises(ValidationError):
        leads.discard(lead, reason="fax", by=cast.rep, at=now)
    lead.refresh_from_db()
    assert (lead.state, lead.reason) == ("new", "")
