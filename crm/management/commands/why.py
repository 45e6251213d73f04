from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.access import kinds
from crm.access.explain import why
from crm.access.permissions import Verb
from crm.models import User


class Command(BaseCommand):
    help = "Explain why a person can, or cannot, see or change a record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="email address of the person")
        parser.add_argument("record", help="kind and number, like customer:7")
        parser.add_argument("--verb", default="view", choices=[verb.value for verb in Verb])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, user: str, record: str, verb: str, **options: Any) -> None:
        person = User.objects.filter(email=user.lower()).first()
        if person is None:
            raise CommandError(f"Nobody has the email address {user}.")
        found = _find(record)
        answer = why(person, found, Verb(verb))
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "person": person.email,
                        "record": record,
                        "verb": verb,
                        "allowed": answer.allowed,
                        "reach": answer.reach.name.lower(),
                        "roles": answer.roles,
                        "reasons": [str(reason) for reason in answer.reasons],
                        "closed_fields": list(answer.closed),
                    },
                    ensure_ascii=False,
                )
            )
            return
        can = "can" if answer.allowed else "cannot"
        self.stdout.write(f"{person} {can} {verb} {record} ({found}):")
        for reason in answer.reasons:
            self.stdout.write(f"  - {reason}")
        if answer.closed:
            self.stdout.write(f"  but for the fields: {', '.join(answer.closed)}")
        if answer.roles:
            self.stdout.write(f"  granted by: {', '.join(answer.roles)} (reach: {answer.reach.label})")


def _find(record: str) -> Any:
    code, _, number = record.partition(":")
    try:
        kind = kinds.get(code)
    except KeyError as error:
        raise CommandError(error.args[0]) from None
    if kind.model is None or not number.isdigit():
        raise CommandError("Write the record as kind:number, like customer:7.")
    found = kind.model._base_manager.filter(pk=int(number)).first()
    if found is None:
        raise CommandError(f"There is no {kind.label} {number}.")
    return found
