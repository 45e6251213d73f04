from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from crm import events
from crm.models.token import ApiToken, digest


@transaction.atomic
def issue(*, user: Any, name: str, verbs: list[str], expires_at: datetime, at: datetime) -> tuple[ApiToken, str]:
    """Make a token for oneself; the secret is returned this once and never stored."""
    secret = ApiToken.fresh_secret()
    token = ApiToken(
        user=user,
        name=name,
        digest=digest(secret),
        hint=secret[:10],
        verbs=sorted(verbs),
        created_at=at,
        expires_at=expires_at,
    )
    token.full_clean()
    token.save()
    data = {"token": token.pk, "name": name, "verbs": token.verbs}
    events.record("token.issued", user, by=user, at=at, data=data)
    return token, secret


@transaction.atomic
def revoke(*, token: ApiToken, by: Any, at: datetime) -> None:
    """End a token; doing it twice does nothing."""
    if token.revoked_at is not None:
        return
    token.revoke(at)
    token.save(update_fields=["revoked_at"])
    events.record("token.revoked", token.user, by=by, at=at, data={"token": token.pk, "name": token.name})


def authenticate(secret: str, now: datetime) -> ApiToken | None:
    """The usable token with this secret; wrong, expired and revoked are alike None."""
    token = ApiToken.objects.usable(now).select_related("user__team").filter(digest=digest(secret)).first()
    if token is not None and token.used(now):
        token.save(update_fields=["used_at"])
    return token
