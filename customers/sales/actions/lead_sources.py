"""Leads of other sites are fetched and stored as they came, then made into leads (received_leads.py).

Each page is stored with where the next one begins in one transaction; how far a reading goes counts only when its last
page is there. A cut connection or a worker that dies loses none, and what comes again is known by its number.
"""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.access.permissions import Reach, Verb
from crm.actions.notifications import notify
from crm.advisory_lock import AdvisoryLock
from crm.mail import vault
from crm.models import RoleGrant, User
from customers.sales.actions import facebook
from customers.sales.actions.facebook import Page, RemoteForm, SlowDown, SourceTrouble, TokenRefused
from customers.sales.models import LeadSource, ReceivedLead

log = structlog.get_logger(__name__)
LOCKED = gettext_noop("The token can no longer be read; it has to be entered again.")
UNEXPECTED = gettext_noop("Fetching failed in a way nobody thought of; the log of the server says more.")
REFUSED = gettext_noop("No leads are fetched from %(source)s any more: the token was refused.")


@dataclass(frozen=True)
class Tried:
    """What came of a test: a problem in words, or the form."""

    problem: str = ""
    form: RemoteForm = field(default_factory=lambda: RemoteForm("", []))


def keep(source: LeadSource, *, token: str, secret: str, changed: Iterable[str], at: datetime) -> LeadSource:
    """Store what the admin site was told. Without a token the one that is kept stays."""
    names = [name for name in changed if name not in ("token", "secret")]
    if token:
        source.keep_token(token, at)
        names += ["locked_token", *LeadSource.STATE]
    if secret:
        source.keep_secret(secret)
        names.append("locked_secret")
    if {"kind", "remote_form", "read_from"} & set(names):
        source.start_anew()
        names += LeadSource.PLACE
    # While it is changed, the worker may be writing down how far it has read.
    source.save(update_fields=names if source.pk else None)
    return source


def try_out(source: LeadSource, *, at: datetime) -> Tried:
    """Ask for the form, which needs the token, the page and the form to be right. What was refused goes on then."""
    try:
        found = facebook.form(source)
    except SourceTrouble as trouble:
        return Tried(str(trouble))
    except vault.Locked:
        return Tried(_(LOCKED))
    if source.refused_at is not None:
        source.accept(at)
        source.save(update_fields=LeadSource.STATE)
    return Tried(form=found)


def wake(forms: Iterable[str], *, at: datetime) -> int:
    """The provider says that there is something; one that is left alone after a failure stays so."""
    return LeadSource.objects.working().filter(remote_form__in=list(forms), failures=0).update(due_at=at)


def fetch_due(now: datetime, until: float) -> None:
    """All that are due, the one that waits longest first, until the clock (time.monotonic) says so."""
    for source in LeadSource.objects.due(now).order_by("due_at", "pk"):
        if time.monotonic() < until:
            fetch(source, now, until)


def fetch(source: LeadSource, now: datetime, until: float) -> None:
    """Store what is new. What is the matter with the provider stands with the source, in words."""
    with AdvisoryLock(f"lead-source:{source.pk}") as mine:
        if not mine:
            return
        source.refresh_from_db()
        try:
            _read(source, now, until)
        except TokenRefused as trouble:
            source.refused(str(trouble), now)
        except vault.Locked:
            source.refused(_(LOCKED), now)
        except SlowDown as trouble:
            source.failed(str(trouble), now, trouble.wait)
        except SourceTrouble as trouble:
            source.failed(str(trouble), now)
        except Exception as error:  # an answer nobody thought of: the other sources are fetched all the same
            log.error("lead_source_failed", source=source.pk, **whereabouts(error))
            source.failed(_(UNEXPECTED), now)
        else:
            source.worked(now)
        with transaction.atomic():
            source.save(update_fields=[*LeadSource.STATE, *LeadSource.PLACE])
            if source.refused_at is not None:
                url = reverse("admin:sales_leadsource_change", args=[source.pk])
                key = f"refused-{source.refused_at:%Y%m%d%H%M%S}"
                tell_administrators(source, REFUSED, url=url, key=key, at=now)


def _read(source: LeadSource, now: datetime, until: float) -> None:
    while True:
        page = facebook.page_of_leads(source)
        _store(source, page, now)
        if not source.page_after or time.monotonic() >= until:
            return


@transaction.atomic
def _store(source: LeadSource, page: Page, now: datetime) -> None:
    found = [_received(source, _clean(lead), now) for lead in page.leads]
    ReceivedLead.objects.bulk_create(found, ignore_conflicts=True)
    newest = [one.sent_at for one in found] + ([source.page_until] if source.page_until else [])
    source.page_after = "" if page.after == source.page_after else page.after  # one that stands still is over
    source.page_until = max(newest, default=None)
    if not source.page_after:
        source.read_until = max(filter(None, [source.read_until, source.page_until]), default=None)
        source.page_until = None
    source.save(update_fields=LeadSource.PLACE)


def _received(source: LeadSource, lead: dict[str, Any], now: datetime) -> ReceivedLead:
    number = str(lead.get("id") or "")
    if not number or len(number) > 80:
        whole = json.dumps(lead, sort_keys=True, ensure_ascii=False).encode()
        number = "sha256:" + hashlib.sha256(whole).hexdigest()
    return ReceivedLead(
        source=source, remote_id=number, raw=lead, sent_at=_moment(lead.get("created_time"), now), fetched_at=now
    )


def _moment(said: Any, now: datetime) -> datetime:
    """When it was sent; a clock that is ahead would make us miss what comes before it."""
    try:
        moment = datetime.fromisoformat(said)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(moment, now)
    except (TypeError, ValueError, OverflowError):
        return now


def _clean(value: Any, depth: int = 20) -> Any:
    """Without what the database takes in no text: zero bytes and halves of characters; and not deeper than that."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, (list, dict)) and not depth:
        return None
    if isinstance(value, list):
        return [_clean(each, depth - 1) for each in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(each, depth - 1) for name, each in value.items()}
    return value


def whereabouts(error: Exception) -> dict[str, str]:
    """What the log may say: what the error says itself may be somebody's name."""
    return {"error": type(error).__name__, "where": "".join(traceback.format_tb(error.__traceback__))}


def tell_administrators(source: LeadSource, message: str, *, url: str, key: str, at: datetime) -> None:
    granted = RoleGrant.objects.filter(kind="settings", verb=Verb.EDIT, reach=Reach.ALL)
    theirs = User.roles.through.objects.filter(role__in=granted.values("role")).values("user")
    for person in User.objects.active().filter(Q(is_superuser=True) | Q(pk__in=theirs)):
        notify(person, message, values={"source": source.name}, url=url, key=f"lead-source-{source.pk}-{key}", at=at)
