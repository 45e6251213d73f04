"""Routes that follow from a declaration: those below every list, and those of every viewset of the API."""

from __future__ import annotations

from typing import Any

from crm.access.permissions import Verb
from tests.architecture.routes import Route, of, on

VIEW, CREATE, EDIT, DELETE, EXPORT, ASSIGN = Verb
MISSING = 987_654_321


def of_lists() -> dict[str, Route]:
    """A list is seen by who may view its kind; its export and bulk actions need their own verb on top."""
    from django.urls import get_resolver

    from crm.web.lists import registry

    get_resolver().url_patterns  # noqa: B018  (the lists register as their URLs are loaded)
    found: dict[str, Route] = {}
    for name, declared in registry.all_lists().items():
        kind = declared.kind
        found[name] = of(kind, GET=VIEW)
        found[f"{name}-export"] = Route({"GET": EXPORT}, kind, also=((kind, VIEW),))
        found[f"{name}-columns"] = of(kind, GET=VIEW, POST=VIEW)
        found[f"{name}-view-new"] = Route({"GET": CREATE, "POST": CREATE}, "saved_view", also=((kind, VIEW),))
        gone = {"view_pk": MISSING}
        found[f"{name}-view"] = Route({"GET": VIEW, "POST": VIEW}, kind, others=gone, missing=True)
        found[f"{name}-view-delete"] = Route({"POST": VIEW}, kind, others=gone, missing=True)
        found[f"{name}-view-restoration"] = Route({"POST": VIEW}, kind, others=gone, missing=True)
        if declared.bulk_actions:
            action = declared.bulk_actions[0]
            found[f"{name}-bulk"] = Route(
                {"GET": action.verb, "POST": action.verb}, kind, others={"action": action.code}, also=((kind, VIEW),)
            )
    return found


READ_WRITE = (
    "customer",
    "contact",
    "segment",
    "activity",
    "task",
    "product",
    "lead",
    "opportunity",
    "quota",
    "order",
    "ticket",
    "contract",
    "quote",
    "campaign",
    "mailing",
    "competitor",
)
READ_ONLY = {
    "queue": "queue", "pipeline": "pipeline", "currency-rate": "currency_rate",
    "survey": "survey", "invitation": "invitation", "response": "response",
    "measurement": "measurement", "person": "person", "team": "team",
}  # fmt: skip
VERBS_OF_THE_API = {
    "customer": {
        "merge": "POST",
        "roll-up": "GET",
        "points": "POST",
        "point-removal": "POST",
        "tags": "POST",
        "release": "POST",
    },
    "contact": {
        "points": "POST",
        "point-removal": "POST",
        "tags": "POST",
        "consents": "GET",
        "consent": "POST",
        "customers": "POST",
        "leaving": "POST",
    },
    "erasure": {"execution": "POST", "refusal": "POST"},
    "segment": {"addition": "POST", "removal": "POST"},
    "task": {"completion": "POST", "reopening": "POST", "result": "POST", "repetition": "POST"},
    "lead": {
        "taking": "POST",
        "assignment": "POST",
        "checklist": "GET",
        "letters": "GET",
        "address-trusting": "POST",
        "answers": "POST",
        "contact": "POST",
        "discarding": "POST",
        "reopening": "POST",
        "conversion": "POST",
        "conversion-undoing": "POST",
    },
    "contract": {
        "value": "POST",
        "renewal": "POST",
        "end": "POST",
        "reactivation": "POST",
        "correction": "POST",
        "movements": "GET",
    },
    "order": {"returns": "GET", "returning": "POST", "return-cancellation": "POST"},
    "campaign": {"members": "GET", "adding": "POST", "segment-adding": "POST", "noting": "POST"},
    "mailing": {
        "preparation": "POST",
        "start": "POST",
        "stop": "POST",
        "resumption": "POST",
        "figures": "GET",
        "letters": "GET",
    },
    "cost": {"taking-back": "POST"},
    "quote": {"sending": "POST", "answer": "POST", "make-order": "POST", "new-version": "POST"},
    "forecast": {"adjustment": "POST"},
    "email": {"sharing": "POST", "privacy": "POST", "resending": "POST"},
    "opportunity": {
        "tags": "POST",
        "lines": "POST",
        "stage": "POST",
        "history": "GET",
        "people": "GET",
        "person-noting": "POST",
        "person-removal": "POST",
        "met": "GET",
        "competitor-noting": "POST",
        "competitor-removal": "POST",
        "credit": "GET",
        "shares": "GET",
        "sharing": "POST",
        "share-removal": "POST",
    },
    "ticket": {
        "messages": "GET",
        "tags": "POST",
        "answer": "POST",
        "state": "POST",
        "resolution": "POST",
        "shares": "GET",
        "sharing": "POST",
        "share-removal": "POST",
    },
}


# Whole lists of what is configured, and the kind they belong to.
CONFIGURED = {
    "leaving-reason": "pipeline", "lost-reason": "pipeline", "return-reason": "pipeline", "purpose": "contact",
    "source-channel": "customer", "discard-reason": "lead",
    "tag": "customer", "price-list": "product", "unit-cost": "cost", "lead-question": "lead", "ticket-state": "queue",
    "pool-rule": "settings", "cadence-rule": "settings", "lead-rule": "settings", "lead-score-rule": "settings",
    "big-sale-rule": "settings",
}  # fmt: skip


def of_api() -> dict[str, Route]:
    found: dict[str, Route] = {}
    for kind in READ_WRITE:
        found[f"api:{kind}-list"] = of(kind, GET=VIEW, POST=CREATE)
        found[f"api:{kind}-detail"] = on(kind, GET=VIEW, PATCH=EDIT, DELETE=DELETE)
    for name, kind in READ_ONLY.items():
        found[f"api:{name}-list"] = of(kind, GET=VIEW)
        found[f"api:{name}-detail"] = on(kind, GET=VIEW)
    for name, kind in CONFIGURED.items():
        found[f"api:{name}-list"] = of(kind, GET=VIEW)
    found["api:erasure-list"] = of("erasure", GET=VIEW, POST=CREATE)
    found["api:erasure-detail"] = on("erasure", GET=VIEW)
    found["api:cost-list"] = of("cost", GET=VIEW, POST=CREATE)
    found["api:cost-detail"] = on("cost", GET=VIEW)
    found["api:opportunity-division"] = on("opportunity", POST=ASSIGN)
    found["api:forecast-list"] = of("forecast", GET=VIEW, POST=CREATE)
    found["api:forecast-detail"] = on("forecast", GET=VIEW)
    found["api:email-list"] = of("email", GET=VIEW, POST=CREATE)
    found["api:email-detail"] = on("email", GET=VIEW)
    for kind, verbs in VERBS_OF_THE_API.items():
        for verb, method in verbs.items():
            found[f"api:{kind}-{verb}"] = on(kind, **{method: VIEW if method == "GET" else EDIT})
    return found


def declared() -> dict[str, Any]:
    return of_lists() | of_api()
