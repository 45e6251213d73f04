"""Passwords of mail accounts, at rest: readable only with the installation's key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Locked(Exception):
    """The installation's key is not the one this was kept with."""


def lock(secret: str) -> str:
    return bytes(_keys().encrypt(secret.encode())).decode()


def unlock(kept: str) -> str:
    try:
        return _keys().decrypt(kept.encode()).decode()
    except InvalidToken:
        raise Locked from None


def _keys() -> MultiFernet:
    """Of the key of today, then of those before it."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = (hashlib.sha256(b"crm.mail.vault:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
