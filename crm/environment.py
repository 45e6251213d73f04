"""Reading the environment, with errors that tell an operator what to type."""

import contextlib
import ipaddress
import json
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, default: bool = False) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; write 1 or 0.")


def number(name: str, default: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; write a whole number.") from None


def tiles(name: str) -> str:
    """The address of map pictures; empty where there is none."""
    raw = os.environ.get(name, "").strip()
    if raw and not (raw.startswith("https://") and all(part in raw for part in ("{z}", "{x}", "{y}"))):
        raise ImproperlyConfigured(f"{name} is {raw!r}; write https://…/{{z}}/{{x}}/{{y}}.png.")
    return raw


def storage(backend: str, options: str) -> dict[str, object]:
    try:
        given = json.loads(options or "{}")
    except ValueError:
        raise ImproperlyConfigured("FILE_STORAGE_OPTIONS is not JSON.") from None
    return {"BACKEND": backend, "OPTIONS": given}


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}; write networks like 10.1.0.0/16, separated by commas.") from None


def database(url: str) -> dict[str, object]:
    """DATABASES entry for `postgresql://user:password@host:port/name?sslmode=…`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql:// (PostgreSQL 15 or newer is the only database)."
        )
    options = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: postgresql://user:password@host:5432/NAME")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def mail(url: str) -> dict[str, object]:
    """E-mail settings for `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+plain"}:
        raise ImproperlyConfigured(
            "EMAIL_URL must begin with smtp:// (STARTTLS), smtps:// or smtp+plain:// (no encryption)."
        )
    secure = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": unquote(parts.hostname or "localhost"),
        "EMAIL_PORT": parts.port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": parts.scheme == "smtp",
    }


def secret_file(path: Path) -> str:
    """The local secret of an installation without SECRET_KEY, made once and readable by its owner only."""
    import secrets

    try:
        if path.exists():
            return path.read_text().strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = secrets.token_urlsafe(64)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(fresh)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # the first of two starting processes wins
        temporary.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {path.parent} cannot be written ({error.strerror}); "
            "set YARDSTICK_VAR to a folder that can, or set SECRET_KEY."
        ) from None
