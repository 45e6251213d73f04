from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from crm.actions import people


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator; there is no sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People sign in by email; there is no username to fill."""

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """In the person's own language, which need not be that of the browser that asked."""
        people.mail_forgotten_password(user)
