"""From a campaign's page to its numbers."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse

from tests.factories.sales import make_campaign

pytestmark = pytest.mark.django_db


def test_a_campaign_leads_to_its_numbers_from_the_month_it_began_until_today(client, cast):
    campaign = make_campaign(cast.rep, starts=date(2026, 3, 17))
    client.force_login(cast.administrator)
    assert reverse("campaign-numbers", args=[campaign.pk]) in client.get(campaign.get_absolute_url()).text
    links = _links(client, campaign)
    assert len(links) == 6
    assert "/campaign_roi/" in links[0]
    assert f"scope=campaign%3A{campaign.pk}&period=2026-03-01.." in links[0]
    assert [client.get(link).status_code for link in links] == [200] * 6


def test_whose_numbers_reach_less_far_gets_theirs_cut_by_campaign(client, cast):
    campaign = make_campaign(cast.rep, starts=date(2026, 3, 17))
    client.force_login(cast.rep)
    first = _links(client, campaign)[0]
    assert f"scope=person%3A{cast.rep.pk}&" in first
    assert first.endswith("&by=campaign#parts")
    assert client.get(first).status_code == 200


def _links(client, campaign) -> list[str]:
    text = client.get(reverse("campaign-numbers", args=[campaign.pk])).text
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', text)]
