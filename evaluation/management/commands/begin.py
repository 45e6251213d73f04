from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import OperationalError
from django.utils import timezone

from evaluation.actions import beginning


class Command(BaseCommand):
    help = "Begins for real: takes the demo organisation's records and people away, and keeps what is configured."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would go and what would stay, change nothing"
        )
        parser.add_argument("--reset", action="store_true", help="what is configured too: as a new installation has it")
        parser.add_argument("--name", default="", help="what the organisation is called from now on")
        parser.add_argument("--confirm", metavar="ORGANISATION", help="its present name, instead of being asked for it")

    def handle(self, *, dry_run: bool, reset: bool, name: str, confirm: str | None, **options: Any) -> None:
        try:
            seen = beginning.outlook(reset=reset)
            self._tell(seen, reset)
            if seen.outsiders:
                raise CommandError("People who are not of the demo have records here. Nothing was done.")
            if dry_run:
                self.stdout.write("Nothing was changed.")
                return
            if confirm is None:
                confirm = input(f"To take this away, type the name of the organisation ({seen.organisation}): ")
            if confirm.strip() != seen.organisation.name:
                raise CommandError("That is not its name. Nothing was done.")
            beginning.begin(by=None, at=timezone.now(), reset=reset, name=name)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except OperationalError as error:
            raise CommandError("Pages or jobs are at these records. Nothing was done; try again.") from error
        self.stdout.write("The demo is taken away. Sign in as: " + ", ".join(str(one.email) for one in seen.keeps))

    def _tell(self, seen: beginning.Outlook, reset: bool) -> None:
        for person, lines in seen.outsiders:
            self.stdout.write(f"Not of the demo: {person} has {_counts(lines)}")
        if seen.added:
            self.stdout.write(f"Entered since, and going too: {_counts(seen.added)}")
        self.stdout.write(f"Goes: {_counts(seen.goes)}")
        self.stdout.write(f"  with {seen.histories} rows of histories and numbers")
        self.stdout.write(f"  {len(seen.people)} people: {', '.join(map(str, seen.people))}")
        self.stdout.write(f"  {len(seen.teams)} teams: {', '.join(map(str, seen.teams))}")
        self.stdout.write(
            f"Stays: {', '.join(map(str, seen.teams_kept))}; {', '.join(f'{one} ({one.email})' for one in seen.keeps)}"
        )
        self.stdout.write("  what a new installation ships" if reset else f"  {_counts(seen.stays)}")


def _counts(lines: Iterable[beginning.Line]) -> str:
    return ", ".join(f"{line.count} {line.label}" for line in lines)
