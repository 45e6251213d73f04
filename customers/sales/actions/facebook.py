"""Lead ads of Facebook and Instagram, asked of Meta's Graph API: what a form asks, and what was answered."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from crm import outgoing
from customers.sales.models import LeadSource

PER_PAGE = 100
LARGEST = 4 * 1024 * 1024  # bytes of an answer
FORM_PAGES = 20  # pages of a page's forms that are looked through
FIELDS = ["id", "created_time", "field_data", "custom_disclaimer_responses"]
OF_THE_AD = ["campaign_name", "ad_name", "platform"]
# Errors by number. What is missing a permission or has a token that is over stays so until somebody does something.
REFUSED = {10, 102, 190, *range(200, 300)}
TOO_FAST = {4, 17, 32, 613, *range(80000, 80015)}


class SourceTrouble(Exception):
    """Nothing came, for this reason; later it may."""


class TokenRefused(SourceTrouble):
    """The token is no good, or not for this."""


class SlowDown(SourceTrouble):
    """Asked too often; the provider may say until when."""

    def __init__(self, message: str, wait: timedelta | None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Page:
    leads: list[dict[str, Any]]
    after: str  # where the next page begins; "" after the last


@dataclass(frozen=True)
class RemoteForm:
    name: str
    questions: list[str]


def page_of_leads(source: LeadSource) -> Page:
    """The leads since the last reading, a page at a time, from where the source stands."""
    since = {"field": "time_created", "operator": "GREATER_THAN", "value": int(source.since.timestamp())}
    query = {
        "fields": ",".join([*FIELDS, *(OF_THE_AD if source.names_campaign else [])]),
        "limit": str(PER_PAGE),
        "filtering": json.dumps([since], separators=(",", ":")),
    }
    said = _ask(
        source, f"{source.remote_form}/leads", query | ({"after": source.page_after} if source.page_after else {})
    )
    return Page([lead for lead in _list(said) if isinstance(lead, dict)], _following(said))


def form(source: LeadSource) -> RemoteForm:
    """The form as the page has it. SourceTrouble where the page has none of this number."""
    query = {"fields": "id,name,status,questions", "limit": str(PER_PAGE)}
    after = ""
    for _page in range(FORM_PAGES):
        said = _ask(source, f"{source.account}/leadgen_forms", query | ({"after": after} if after else {}))
        for one in _list(said):
            if isinstance(one, dict) and str(one.get("id")) == source.remote_form:
                asked = one.get("questions") if isinstance(one.get("questions"), list) else []
                keys = [str(each.get("key") or "") for each in asked or [] if isinstance(each, dict)]
                return RemoteForm(str(one.get("name") or ""), [key for key in keys if key])
        after = _following(said)
        if not after:
            break
    raise SourceTrouble(_("The page has no form with this number."))


def is_signed(source: LeadSource, body: bytes, signature: str) -> bool:
    """Whether it comes from the provider: signed with the secret of the app."""
    if not source.locked_secret or not signature.isascii():
        return False
    right = "sha256=" + hmac.new(source.secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, signature)


def forms_told_of(body: bytes) -> set[str]:
    """The numbers of the forms that a signed message says there is something new of."""
    try:
        entries = json.loads(body).get("entry")
        changes = [change for entry in entries for change in entry.get("changes") or []]
        values = [change["value"] for change in changes if change.get("field") == "leadgen"]
        return {str(value["form_id"]) for value in values}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return set()


def _ask(source: LeadSource, path: str, query: dict[str, str]) -> dict[str, Any]:
    token, secret = source.token, source.secret
    if secret:
        query |= {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}
    url = f"{settings.FACEBOOK_GRAPH_URL}/{path}?{urlencode(query)}"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "Yardstick-CRM"}
    try:
        answer = outgoing.get(url, headers, most=LARGEST)
    except outgoing.Unreachable as error:
        raise SourceTrouble(str(error)) from None
    try:
        said = json.loads(answer.text)
    except (ValueError, RecursionError):
        said = None
    if answer.is_success and isinstance(said, dict) and "error" not in said:
        return said
    raise _trouble(answer, said.get("error") if isinstance(said, dict) else None, token)


def _trouble(answer: outgoing.Answer, error: Any, token: str) -> SourceTrouble:
    error = error if isinstance(error, dict) else {}
    code = error.get("code") if isinstance(error.get("code"), int) else None
    said = str(error.get("message") or "")[:500].replace(token, "…") or _("HTTP %(status)d") % {"status": answer.status}
    message = _("The provider says: %(message)s") % {"message": f"{said} ({code})" if code is not None else said}
    if code in TOO_FAST or answer.status == 429:
        return SlowDown(message, _wait(answer))
    if code in REFUSED or answer.status == 401:
        return TokenRefused(message)
    return SourceTrouble(message)


def _wait(answer: outgoing.Answer) -> timedelta | None:
    """How long until it may be asked again, where it says so: in minutes, for each use there is."""
    try:
        uses = json.loads(answer.headers.get("x-business-use-case-usage", "{}"))
        each = [int(use.get("estimated_time_to_regain_access") or 0) for kind in uses.values() for use in kind]
    except (ValueError, TypeError, AttributeError):
        return None
    return timedelta(minutes=min(max(each), 10_000)) if each and max(each) > 0 else None


def _list(said: dict[str, Any]) -> list[Any]:
    found = said.get("data")
    if not isinstance(found, list):
        raise SourceTrouble(_("The provider's answer is not understood."))
    return found


def _following(said: dict[str, Any]) -> str:
    """Only where there is a next page; its own address is not used, as it names the token."""
    paging = said.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return str(after or "") or parse_qs(urlsplit(str(paging["next"])).query).get("after", [""])[0]
