"""What is told of a row that becomes no record: everything that is wrong with it, by the names of the fields."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from crm.exchange.drafts import Draft, LeftOut, Refused, Run
from crm.joining import labelled, sentences
from crm.models.import_batch import ImportRow

Outcome = ImportRow.Outcome


def refuse(draft: Draft, run: Run) -> None:
    """With all that is wrong with it, each thing once."""
    first = draft.problems[0]
    if isinstance(first, LeftOut):
        draft.settle(Outcome.SKIPPED, _said(first.field, first.reason, run))
        return
    said: dict[str, None] = {}
    for problem in draft.problems:
        said |= dict.fromkeys(_reasons(problem, run))
    draft.settle(Outcome.ERROR, sentences(said))


def _reasons(problem: Refused | ValidationError, run: Run) -> list[str]:
    if isinstance(problem, Refused):
        return [_said(problem.field, problem.reason, run)]
    named = problem.message_dict if hasattr(problem, "error_dict") else {"__all__": problem.messages}
    return [_said(name, " ".join(messages), run) for name, messages in named.items()]


def _said(name: str, reason: str, run: Run) -> str:
    each = run.profile.kind.field(name) if name else None
    return labelled(each.label, reason) if each else reason
