"""What is done with campaigns, and how those they are addressed to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, records
from crm.purging import purging
from customers.models import Contact, CustomerContact, writing
from customers.sales.models import Campaign, CampaignMember, CampaignMemberChange, CampaignName, Lead, MemberState
from customers.sales.models.forecast_period import local_day

MARKETING = "marketing"  # the purpose that campaigns are for


@transaction.atomic
def create(*, name: str, by: Any, at: datetime, owner: Any = None, team: Any = None, **fields: Any) -> Campaign:
    campaign = Campaign(name=name, owner=owner, team=team or (owner.team if owner else None), **fields)
    campaign = records.create(campaign, by=by, at=at, data={"channel": campaign.channel})
    _keep_names(campaign)
    return campaign


@transaction.atomic
def update(
    campaign: Campaign,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Campaign:
    """Its old names keep leading to it."""
    campaign = records.update(campaign, changes, by=by, at=at, version=version, base=base)
    _keep_names(campaign)
    return campaign


def delete(campaign: Campaign, *, by: Any, at: datetime) -> Campaign:
    return records.delete(campaign, by=by, at=at)


def restore(campaign: Campaign, *, by: Any, at: datetime) -> Campaign:
    return records.restore(campaign, by=by, at=at)


def hand_over_many(rows: Any, *, owner: Any, by: Any, at: datetime) -> int:
    """One by one, each with its event, undone as one; returns how many changed hands."""
    changes = {"owner": owner, "team": owner.team}
    with journal.handing_over(Campaign.kind, owner, by=by, at=at):
        done = [records.update(one, changes, by=by, at=at, event="handed_over").version != one.version for one in rows]
    return sum(done)


@transaction.atomic
def add_members(people: Iterable[Contact | Lead], *, campaign: Campaign, by: Any, at: datetime) -> int:
    """Whoever is a member already stays as they are. Undone as one; returns how many are new."""
    campaign = Campaign._base_manager.select_for_update(of=("self",)).get(pk=campaign.pk)
    wanted = [one for one in people if not getattr(one, "do_not_contact", False)]  # who asked for it is left alone
    known = set(campaign.members.values_list("contact_id", "lead_id"))
    keys = [(one.pk, None) if isinstance(one, Contact) else (None, one.pk) for one in wanted]
    new = [CampaignMember(campaign=campaign, contact_id=contact, lead_id=lead, added_at=at)
           for contact, lead in dict.fromkeys(keys) if (contact, lead) not in known]  # fmt: skip
    if not new:
        return 0
    message, url = gettext_noop("Added to the campaign %(campaign)s"), reverse("campaign-detail", args=[campaign.pk])
    said = {"campaign": campaign.name}
    with journal.recording(kind=Campaign.kind, message=message, values=said, url=url, by=by, at=at):
        members = CampaignMember.objects.bulk_create(new)
        journal.note_added(members, ["state"])
    CampaignMemberChange.objects.bulk_create(
        CampaignMemberChange(member=one, state=one.state, day=local_day(at), by=by, recorded_at=at) for one in members
    )
    events.record("campaign.members_added", campaign, by=by, at=at, data={"count": len(new)})
    return len(new)


@transaction.atomic
def take_out_again(members: list[CampaignMember], *, by: Any, at: datetime) -> None:
    """That they were added is taken back. Nothing was sent to them yet: whoever was addressed stays a member."""
    with purging():  # how they stood says nothing but that they were added
        CampaignMember.objects.filter(pk__in=[one.pk for one in members]).delete()
    for campaign in Campaign.objects.filter(pk__in={one.campaign_id for one in members}):
        count = sum(one.campaign_id == campaign.pk for one in members)
        events.record("campaign.members_removed", campaign, by=by, at=at, data={"count": count})


def main_contacts(customers: Any, by: Any) -> Any:
    """Of each customer the main contact, as far as the person may see them."""
    links = CustomerContact.objects.filter(customer__in=customers, is_main=True, ended_on=None)
    return Contact.objects.visible_to(by).filter(pk__in=links.values("contact"))


def add_main_contacts(customers: Any, *, campaign: Campaign, by: Any, at: datetime) -> int:
    """Those of the main contacts to whom marketing may be written."""
    written_to = writing.writable(main_contacts(customers, by), MARKETING)
    return add_members(written_to.order_by("pk"), campaign=campaign, by=by, at=at)


@transaction.atomic
def note_state(members: Iterable[CampaignMember], state: str, *, by: Any, at: datetime, day: date | None = None) -> int:
    """How they stand from a day on, today unless said; the same again changes nothing. Returns how many changed."""
    day = day or local_day(at)
    if day > local_day(at):
        raise ValidationError({"day": _("This day has not come yet.")})
    ids = [one.pk for one in members]
    responded_on = day if state == MemberState.RESPONDED else None
    locked = CampaignMember._base_manager.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    changed = [one for one in locked if (one.state, one.responded_on) != (state, responded_on)]
    for one in changed:
        one.state, one.responded_on = state, responded_on
    CampaignMember.objects.bulk_update(changed, ["state", "responded_on"])
    CampaignMemberChange.objects.bulk_create(
        CampaignMemberChange(member=one, state=state, day=day, by=by, recorded_at=at) for one in changed
    )
    for campaign in Campaign.objects.filter(pk__in={one.campaign_id for one in changed}):
        count = sum(one.campaign_id == campaign.pk for one in changed)
        data = {"count": count, "state": str(state), "day": day.isoformat()}
        events.record("campaign.members_changed", campaign, by=by, at=at, data=data)
    return len(changed)


@transaction.atomic
def note_addressed(member: CampaignMember, *, at: datetime) -> None:
    """A letter of a mailing has left. Whoever was addressed before, or has responded, stays so."""
    waiting = CampaignMember._base_manager.filter(pk=member.pk, state=MemberState.PLANNED)
    if waiting.update(state=MemberState.SENT):
        CampaignMemberChange.objects.create(
            member=member, state=MemberState.SENT, day=local_day(at), by=None, recorded_at=at
        )


@transaction.atomic
def begin(campaign: Campaign, *, by: Any, at: datetime) -> None:
    """What was planned is running once somebody has been written to. What ended or was called off stays so."""
    locked = Campaign._base_manager.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.state == Campaign.State.PLANNED:
        records.update(locked, {"state": Campaign.State.RUNNING}, by=by, at=at)


def _keep_names(campaign: Campaign) -> None:
    """A name or code leads to one campaign only, for ever."""
    for field in ("name", "code"):
        text = getattr(campaign, field)
        if not text:
            continue
        known = CampaignName.objects.annotate(key=Lower("name")).filter(key=Lower(Value(text))).first()
        if known is None:
            CampaignName.objects.create(campaign=campaign, name=text)
        elif known.campaign_id != campaign.pk:
            raise ValidationError({field: _("Another campaign is, or was, called this.")})
