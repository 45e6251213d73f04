from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.models import User
from customers.sales.actions import pack_files, packs


class Command(BaseCommand):
    help = "Adds a pack by trade to what is configured: pipeline, reasons, fields, letters, products."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "name", nargs="?", help="a shipped pack, or a file that ends in .toml; without it they are listed"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be added, add nothing")
        parser.add_argument(
            "--language",
            choices=packs.LANGUAGES,
            default="en",
            help="of pipelines, reasons and products, which have one name",
        )
        parser.add_argument(
            "--as", dest="person", metavar="EMAIL", help="who adds it; by default the first administrator"
        )

    def handle(self, *, name: str | None, dry_run: bool, language: str, person: str | None, **options: Any) -> None:
        try:
            if name is None:
                for pack in pack_files.shipped():
                    self.stdout.write(f"  {pack.code:15}{pack.named('en')} / {pack.named('zh')}")
                return
            pack = pack_files.find(name)
            if dry_run:
                items = packs.outlook(pack, language=language)
            else:
                items = packs.apply(pack, by=_administrator(person), at=timezone.now(), language=language)
        except pack_files.Wrong as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(f"{' '.join(error.messages)} Nothing was added.") from error
        for item in items:
            self.stdout.write(f"  {'there already' if item.is_there else 'added':15}{item.label}: {item.title}")
        count = sum(not item.is_there for item in items)
        self.stdout.write(f"{count} would be added." if dry_run else f"{count} added.")


def _administrator(email: str | None) -> User:
    rows = User.objects.active().order_by("pk")
    found = rows.filter(email=email.lower()) if email else rows
    person = next((user for user in found if user.access.administers), None)
    if person is None:
        raise CommandError("Nobody who administers has this address." if email else "There is no administrator yet.")
    return person
