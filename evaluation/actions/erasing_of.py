"""Numbers name the records they were made of. The numbers stay, and which records; what those were called goes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from crm.actions import redaction
from crm.actions.redaction_words import ERASED
from customers.models import erasing
from customers.models.person import Person
from evaluation.actions.freezing import canonical
from evaluation.models import ActionPlan, Dashboard, FrozenRecord, Goal, MeasuredFact

SCOPED: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Goal, ("scope_name",)),
    (Dashboard, ("name", "tiles")),
    (ActionPlan, ("name", "reason", "scope_name", "comparison", "conclusion")),
)


def take_words_out(person: Person) -> dict[str, int]:
    """Of what was measured, frozen for reviews, and agreed about a customer who is the person."""
    theirs = Q(pk=None)
    for kind, ids in erasing.records_of(person).items():
        theirs |= Q(record_kind=kind, record_id__in=ids)
    measured = MeasuredFact.objects.filter(theirs).exclude(label=ERASED).update(label=ERASED)
    measured += redaction.rewrite(MeasuredFact, ("label", "fields"), person.everywhere)
    frozen = _frozen(FrozenRecord.objects.filter(theirs), person, whole=True)
    frozen += _frozen(
        redaction.saying(FrozenRecord.objects.all(), ("content",), person.everywhere), person, whole=False
    )
    customers = [str(pk) for pk in person.customers]
    agreed = Goal.objects.filter(scope_kind="customer", scope_key__in=customers).update(scope_name=ERASED)
    agreed += ActionPlan.objects.filter(scope_kind="customer", scope_key__in=customers).update(scope_name=ERASED)
    agreed += sum(redaction.rewrite(model, columns, person.everywhere) for model, columns in SCOPED)
    return {"evaluation.MeasuredFact": measured, "evaluation.FrozenRecord": frozen, "evaluation.Goal": agreed}


def _frozen(rows: QuerySet[FrozenRecord], person: Person, *, whole: bool) -> int:
    """The digest stays that of what was frozen: the chain goes on to tell whether anything else was changed."""
    done = 0
    for row in list(rows.filter(erased_at=None).order_by("pk")):
        said = row.said
        if whole:
            said = {**said, "label": ERASED}
        said = person.near.out_of(said)
        FrozenRecord.objects.filter(pk=row.pk).update(content=canonical(said), erased_at=person.at)
        done += 1
    return done
