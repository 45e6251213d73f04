from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from crm.exchange import batches, declaring, error_file, profiles, running, undoing
from crm.exchange.unusable import Unusable
from crm.models import ImportBatch, User


class Refused(CommandError):
    """The file or the profile cannot be used; the one line says why."""

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).split()), returncode=2)


class Command(BaseCommand):
    help = "Imports a CSV or XLSX file by a profile, shows what it would do, or takes an import back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", help="what the rows become: customer, opportunity, ticket …")
        parser.add_argument("file", nargs="?", help="the CSV or XLSX file")
        parser.add_argument("--profile", help="TOML file that says how columns become fields; see docs/import.md")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write no record")
        parser.add_argument("--as", dest="person", metavar="EMAIL", help="who imports; by default the administrator")
        parser.add_argument("--errors", metavar="FILE", help="where the rows that did not make it are written")
        parser.add_argument("--undo", metavar="BATCH", type=int, help="take back the import of this number")
        parser.add_argument("--force", action="store_true", help="with --undo: also what was changed since")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):  # a tool for programs: its words do not follow the reader's language
            try:
                answer = self._undo(options) if options["undo"] else self._import(options)
            except (Unusable, OSError) as problem:
                raise Refused(problem) from None
            if options["json"]:
                self.stdout.write(json.dumps(answer, ensure_ascii=False))
            else:
                for name, value in answer.items():
                    self.stdout.write(f"{name:<16}{'-' if value is None else value}")

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        if not (options["kind"] and options["file"] and options["profile"]):
            raise Refused("Write: manage.py import KIND FILE --profile PROFILE.toml")
        declaring.get(options["kind"])
        content = profiles.read(Path(options["profile"]).read_text(encoding="utf-8-sig"))
        path, person, began = Path(options["file"]), self._person(options["person"]), timezone.now()
        with path.open("rb") as file:
            batch = batches.stage(
                file, target=options["kind"], file_name=path.name, by=person, at=began,
                encoding=content.get("encoding", ""), separator=content.get("separator", ""),
                sheet=content.get("sheet", ""),
            )  # fmt: skip
        try:
            batches.choose(batch, content, at=began)
            if options["dry_run"]:
                running.check(batch, at=began)
            else:
                running.start(batch, at=began)
                running.run(batch, quietly=True)
        except Unusable:
            batch.delete()  # nothing came of it: an unusable profile leaves no trace
            raise
        answer = told(batch, dry=options["dry_run"])
        answer["error_file"] = self._write_errors(batch, options["errors"])
        answer["seconds"] = round((timezone.now() - began).total_seconds(), 2)
        return answer

    def _undo(self, options: dict[str, Any]) -> dict[str, Any]:
        batch = ImportBatch.objects.filter(pk=options["undo"]).first()
        if batch is None:
            raise Refused(f"There is no import {options['undo']}.")
        undoing.start(batch, at=timezone.now(), force=options["force"])
        undoing.undo(batch, by=self._person(options["person"]), quietly=True)
        return {
            "batch": batch.pk,
            "kind": batch.target,
            "file": batch.file_name,
            "undone": batch.count("undone"),
            "kept": [
                {"kind": entry.kind_code, "id": entry.record_id, "label": entry.label, "reason": entry.reason}
                for entry in undoing.kept(batch)
            ],
        }

    def _person(self, email: str | None) -> User:
        if email:
            found = User.objects.filter(email=email.lower(), is_active=True).first()
        else:
            found = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if found is None:
            raise Refused(f"Nobody has the email address {email}." if email else "Say who imports: --as EMAIL.")
        return found

    def _write_errors(self, batch: ImportBatch, wanted: str | None) -> str | None:
        if not batch.count("error") and not batch.count("skipped"):
            return None
        path = Path(wanted) if wanted else Path(settings.VAR_DIR) / "imports" / f"import-{batch.pk}-errors.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(error_file.lines(batch))
        return str(path)


def told(batch: ImportBatch, *, dry: bool) -> dict[str, Any]:
    """What came of a batch. Every row is in exactly one of created, matched, skipped and errors."""
    same, updated = batch.count("same"), batch.count("updated")
    return {
        "batch": batch.pk,
        "kind": batch.target,
        "file": batch.file_name,
        "dry_run": dry,
        "state": batch.state,
        "rows": batch.rows,
        "created": batch.count("created"),
        "alike": batch.count("alike"),
        "updated": updated,
        "same": same,
        "matched": same + updated,
        "skipped": batch.count("skipped"),
        "errors": batch.count("error"),
        "records_created": batch.count("records_created"),
        "records_updated": batch.count("records_updated"),
    }
