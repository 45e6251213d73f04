from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_noop, ngettext_lazy

from crm.actions import people

# What Django says of passwords, to somebody whom its Chinese calls by the familiar word.
DJANGOS_WORDS = (
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator; there is no sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People sign in by email; there is no username to fill."""

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """In the person's own language, which need not be that of the browser that asked."""
        people.mail_forgotten_password(user)
