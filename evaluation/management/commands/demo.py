from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from crm.models import User
from customers.models import Customer
from evaluation.actions import beginning
from evaluation.demo import filling, people
from evaluation.demo.world import SIZES


class Command(BaseCommand):
    help = "Fills an empty database with a demo organisation: three years of history, dated back from today."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="full")
        parser.add_argument("--today", type=date.fromisoformat, help="the day it is dated to; today unless given")
        parser.add_argument("--again", action="store_true", help="empty a demo database first, with all that is in it")
        parser.add_argument("--force", action="store_true", help="although ALLOWED_HOSTS is set")

    def handle(self, *, size: str, today: date | None, again: bool, force: bool, **options: Any) -> None:
        if not settings.LOCAL and not force:
            raise CommandError("ALLOWED_HOSTS is set, and the passwords of the demo are no secret (--force).")
        is_demo = beginning.is_demo()
        if again and not is_demo and (Customer._base_manager.exists() or User.objects.exists()):
            raise CommandError("This is no demo database: --again would remove what others entered. Nothing was done.")
        if not again and Customer._base_manager.exists():
            raise CommandError("There are customers already. Nothing was done; --again makes a demo anew.")
        taken = User.objects.filter(email__endswith=f"@{people.DOMAIN}").exists()
        if not again and taken:
            raise CommandError(f"There are people with addresses of {people.DOMAIN} already. Nothing was done.")
        with transaction.atomic():
            if again and is_demo:
                empty()
            world = filling.fill(today=today or timezone.localdate(), size=size, progress=self._say(options))
        self._write_logins()
        made = {"customers": len(world.customers), "opportunities": len(world.opportunities)}
        made |= {"tickets": len(world.tickets), "responses": len(world.responses)}
        self.stdout.write(", ".join(f"{count} {noun}" for noun, count in made.items()))

    def _say(self, options: dict[str, Any]) -> Any:
        return (lambda step: self.stdout.write(f"{step} …")) if options["verbosity"] > 1 else (lambda step: None)

    def _write_logins(self) -> None:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        logins = people.logins()
        (settings.VAR_DIR / "demo-logins.json").write_text(json.dumps(logins, ensure_ascii=False, indent=1))
        for login in logins:
            self.stdout.write(f"  {login['email']:22}  {login['password']}  {login['role']}")


def empty() -> None:
    """Every table as after the first migrate; what an installation starts with is installed again."""
    connection.check_constraints()
    call_command("flush", verbosity=0, interactive=False)
