from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.search import documents, rebuilding


class Command(BaseCommand):
    help = "Build the search documents of all records again, in batches; people can go on working meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kinds", nargs="*", help="Kinds of record, such as customer; all of them when left out.")

    def handle(self, *args: Any, **options: Any) -> None:
        known = documents.searchable_kinds()
        wanted = options["kinds"] or known
        unknown = sorted(set(wanted) - set(known))
        if unknown:
            raise CommandError(f"Not searchable: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
        for kind in wanted:
            done = 0
            for done in rebuilding.rebuild(kind):
                if options["verbosity"] > 1:
                    self.stdout.write(f"{kind}: {done} …")
            self.stdout.write(f"{kind}: {done}")
        if not options["kinds"]:
            rebuilding.drop_unknown_kinds()
