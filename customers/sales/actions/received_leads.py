"""What was fetched from elsewhere becomes leads, each once, by the action that public forms use."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from customers.models import ErasedAddress
from customers.models.erasure import digest_of
from customers.sales.actions import lead_forms, lead_sources
from customers.sales.models import Lead, LeadSource, ReceivedLead, lead_ad

log = structlog.get_logger(__name__)
AT_A_TIME = 500
NOT_MADE = gettext_noop("Making a lead of it failed; try again, or ask whoever looks after the server.")
WAS_ERASED = gettext_noop("The person asked to be erased after it was sent.")
FAILED = gettext_noop("Some of what came from %(source)s could not become a lead.")
OVER = gettext_noop("No lead was made of it in time; what was sent has been deleted.")


def make_waiting(now: datetime, until: float) -> int:
    """All that wait, in the order in which they came; returns how many were looked at."""
    waiting = ReceivedLead.objects.waiting().order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]
    done = 0
    for pk in waiting:
        if time.monotonic() >= until:
            break
        make(pk, now)
        done += 1
    return done


def make(pk: int, now: datetime) -> None:
    """Make a lead of one, in one transaction; whatever it is, it stops nobody else's."""
    try:
        with transaction.atomic():
            received = ReceivedLead.objects.select_for_update(of=("self",)).get(pk=pk)
            if received.state != ReceivedLead.State.WAITING:
                return
            _make(received, now)
            received.save(update_fields=["state", "reason", "lead"])
    except ValidationError as error:
        _set_aside(pk, _said(error), now)
    except Exception as error:  # a lead nobody thought of
        log.error("received_lead_not_made", received=pk, **lead_sources.whereabouts(error))
        _set_aside(pk, NOT_MADE, now)


def try_again(received: ReceivedLead, now: datetime) -> None:
    failed = ReceivedLead.objects.failed().filter(pk=received.pk)
    if failed.update(state=ReceivedLead.State.WAITING, reason=""):
        make(received.pk, now)


def forget(now: datetime) -> int:
    """What was sent goes after the days its source says; its number stays, so that it does not come again."""
    over = ReceivedLead.objects.over(now)
    open_states = [ReceivedLead.State.WAITING, ReceivedLead.State.FAILED]
    dropped = over.filter(state__in=open_states).update(raw={}, state=ReceivedLead.State.IGNORED, reason=OVER)
    return dropped + over.update(raw={})


def _make(received: ReceivedLead, now: datetime) -> None:
    source = LeadSource.objects.select_related("form__team", "form__product", "form__purpose").get(
        pk=received.source_id
    )
    values = lead_ad.read(received.raw, source.mapping).values
    if _was_erased_since(values, received.sent_at):
        received.conclude(ReceivedLead.State.IGNORED, reason=WAS_ERASED)
        received.raw = {}
        received.save(update_fields=["raw"])
        return
    campaign = received.raw.get("campaign_name") if source.names_campaign else None
    if isinstance(campaign, str) and campaign.strip():
        values["campaign"] = campaign.strip()[: _longest("campaign")]
    lead = lead_forms.submit(
        source.form, at=now, channel=source.channel, agreed_at=received.sent_at,
        is_agreed=not source.consent_key or lead_ad.agrees(received.raw, source.consent_key),
        told={"source": source.name, "sent_at": received.sent_at.isoformat()}, **values,
    )  # fmt: skip
    received.conclude(ReceivedLead.State.MADE, lead=lead)


def _was_erased_since(values: dict[str, Any], sent_at: datetime) -> bool:
    """Whoever sends a form after they were erased wants to be known again."""
    digests = [digest_of(name, values[name]) for name in ("email", "phone") if values.get(name)]
    return ErasedAddress.objects.filter(digest__in=digests, at__gte=sent_at).exists()


def _longest(column: str) -> int | None:
    field: models.Field[Any, Any] = Lead._meta.get_field(column)  # type: ignore[assignment]
    return field.max_length


def _said(error: ValidationError) -> str:
    """By field what is wrong with it."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())


def _set_aside(pk: int, reason: str, now: datetime) -> None:
    """It waits for somebody to look at it: administrators hear of it, once a day for each source."""
    with transaction.atomic():
        received = ReceivedLead.objects.select_for_update(of=("self",)).select_related("source").get(pk=pk)
        if received.state == ReceivedLead.State.WAITING:
            received.conclude(ReceivedLead.State.FAILED, reason=reason)
            received.save(update_fields=["state", "reason"])
            url = reverse("admin:sales_receivedlead_changelist") + "?state__exact=failed"
            lead_sources.tell_administrators(received.source, FAILED, url=url, key=f"failed-{now:%Y%m%d}", at=now)
