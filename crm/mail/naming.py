"""Names of our letters, signed: an answer that quotes one is recognised, and nobody can make one up."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings

NONCE, SIGNATURE = 20, 16  # characters, lower case: some servers write local parts so
OURS = re.compile(rf"<?crm\.([0-9a-f]{{{NONCE}}})\.([0-9a-f]{{{SIGNATURE}}})@", re.IGNORECASE)
TAGGED = re.compile(rf"\+([0-9a-f]{{{NONCE}}})([0-9a-f]{{{SIGNATURE}}})@", re.IGNORECASE)


def fresh_nonce() -> str:
    return secrets.token_hex(NONCE // 2)


def host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def message_id(nonce: str) -> str:
    return f"<crm.{nonce}.{_signature(nonce)}@{host()}>"


def nonces_in(references: str) -> list[str]:
    """Of our own letters that In-Reply-To and References name, the newest first."""
    return [nonce for nonce in map(_genuine, OURS.findall(references)) if nonce][::-1]


def reply_address(address: str, nonce: str) -> str:
    """crm+TOKEN@example.com: what is sent there belongs to this letter, whatever its writer's program left out."""
    local, _at, domain = address.rpartition("@")
    return f"{local}+{nonce}{_signature(nonce)}@{domain}"


def nonce_in_address(address: str) -> str:
    found = TAGGED.search(address)
    return _genuine(found.groups()) if found else ""


def _genuine(parts: tuple[str, ...]) -> str:
    nonce, signature = (part.lower() for part in parts)
    return nonce if hmac.compare_digest(signature, _signature(nonce)) else ""


def _signature(nonce: str) -> str:
    key = hashlib.sha256(b"crm.mail.naming:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, nonce.encode(), "sha256").hexdigest()[:SIGNATURE]
