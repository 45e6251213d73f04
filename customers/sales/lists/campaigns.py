"""Campaigns as a list, and adding people to one from theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.access.permissions import Verb
from crm.web import formats
from crm.web.lists import BulkAction, Column, List
from customers.models import SourceChannel, writing
from customers.sales.actions import campaigns
from customers.sales.forms.campaigns import AddToCampaignForm, HandOverCampaignsForm
from customers.sales.lists.choices import TeamFilter, people, teams
from customers.sales.models import Campaign

# On the lists of contacts and leads: whoever may see them may address them.
ADD_TO_CAMPAIGN = BulkAction(
    "add-to-campaign",
    _("Add to a campaign"),
    run=campaigns.add_members,
    verb=Verb.VIEW,
    form=AddToCampaignForm,
    icon="speakerphone",
    warning=_("Who is a member already stays one; who asked for no contact is left out."),
    tells_left=True,
)


def main_contacts_foretold(customers: Any, *, user: Any, now: datetime) -> list[str]:
    """How many can be added at all, before somebody wonders afterwards where the others are."""
    found = campaigns.main_contacts(customers, user)
    many, fine = found.count(), writing.writable(found, campaigns.MARKETING).count()
    text = ngettext(
        "Marketing may be written to %(count)s main contact.",
        "Marketing may be written to %(count)s main contacts.",
        fine,
    )
    said = [text % {"count": formats.number(fine)}]
    if many > fine:
        left = ngettext(
            "%(count)s is left out: no consent, no address, or they asked for no contact.",
            "%(count)s are left out: no consent, no address, or they asked for no contact.",
            many - fine,
        )
        said.append(left % {"count": formats.number(many - fine)})
    return said


# On the list of customers, and so of the members of a segment.
ADD_MAIN_CONTACTS = BulkAction(
    "add-to-campaign",
    _("Add to a campaign"),
    run=campaigns.add_main_contacts,
    verb=Verb.VIEW,
    form=AddToCampaignForm,
    icon="speakerphone",
    warning=_("Of each customer its main contact is added, unless marketing may not be written to them."),
    done=_("Added to the campaign: %(count)s."),
    foretell=main_contacts_foretold,
    tells_left=True,
)


class CampaignFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=Campaign.State.choices)
    channel = filters.MultipleChoiceFilter(label=_("channel"), choices=SourceChannel.choices)
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    starts = filters.DateFromToRangeFilter(label=_("first day"))


class CampaignList(List):
    kind = "campaign"
    model = Campaign
    filterset_class = CampaignFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("code", _("Code")),
        Column("channel", _("Channel")),
        Column("state", _("State"), format="badge", tones={"running": "good", "planned": "info", "cancelled": "bad"}),
        Column("starts", _("First day"), sort="starts", format="day"),
        Column("ends", _("Last day"), sort="ends", format="day"),
        Column("budget", _("Budget"), sort="budget", format="money", currency="currency", adds_up="now"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "channel", "state", "starts", "ends", "budget", "owner"]
    default_sort = "-updated_at"
    select_related = ("owner", "team")
    bulk_actions = [
        BulkAction(
            "hand-over",
            _("Hand over"),
            run=campaigns.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverCampaignsForm,
            icon="user-check",
        )
    ]
    create_url = "campaign-new"
    create_label = _("New campaign")
    empty_title = _("No campaigns yet")
    empty_text = _("Note what you do to be heard of, whom it reaches and what it costs; what comes of it is counted.")
