"""The segment that a round of reviews is narrowed to, and who belonged to it when the numbers were frozen.

Who belongs is asked as for a goal: as the segment's owner, of the customers whose numbers are the owner's to see. From
the freeze on it is who was kept then, for amendments too, whatever becomes of the segment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from customers.models import Customer
from evaluation.actions.freezing import canonical, digest_of
from evaluation.engine import scopes
from evaluation.engine.scopes import Scope, Within
from evaluation.models import Cycle, CycleMember

# Of who was merged since, the customer that stayed.
_KEPT = """SELECT coalesce(today.merged_into_id, kept.customer_number) FROM evaluation_cyclemember AS kept
    LEFT JOIN customers_customer AS today ON today.id = kept.customer_number WHERE kept.cycle_id = %s"""


def check(cycle: Cycle) -> None:
    """Refuse a scorecard with a KPI that says nothing about customers."""
    if cycle.segment_id is None:
        return
    for kpi in cycle.kpis:
        if not kpi.facts.customer:
            message = _("%(kpi)s is not about customers: a scorecard with it cannot be narrowed to a segment.")
            raise ValidationError({"kpi_codes": message % {"kpi": kpi.name}})


def keep(cycle: Cycle) -> None:
    """Note who belongs to the segment now, as the numbers are frozen. Also of one in the bin: people were told what
    their review is about, and what it asks is still known."""
    if cycle.segment is None:
        return
    cycle.segment_name = cycle.segment.name
    found = scopes.of_members(cycle.segment).members
    assert found is not None  # a segment always says who belongs to it
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO evaluation_cyclemember (cycle_id, customer_number)
                SELECT %s, member.id FROM ({found.sql}) AS member(id) WHERE member.id IS NOT NULL""",
            [cycle.pk, *found.params],
        )


def narrowed(scope: Scope, cycle: Cycle) -> Scope:
    """The scope, of those kept only, where the cycle is narrowed."""
    if cycle.segment_id is None:
        return scope
    return replace(scope, within=Within(cycle.segment_id, cycle.segment_name, _KEPT, (cycle.pk,)))


def said_of(cycle: Cycle) -> dict[str, Any] | None:
    """What a frozen line says of the segment: enough to find out whether those kept are those it was measured of."""
    if cycle.segment_id is None:
        return None
    numbers = list(cycle.members.order_by("customer_number").values_list("customer_number", flat=True))
    members = {"count": len(numbers), "digest": digest_of(canonical(numbers))}
    return {"id": cycle.segment_id, "name": cycle.segment_name, "members": members}


def members_seen(cycle: Cycle, user: Any) -> Any:
    """Those kept, as they are called today, as far as the person may see them."""
    kept = CycleMember.objects.filter(cycle=cycle).values("customer_number")  # scoped: by visible_to below
    merged = Customer._base_manager.filter(pk__in=kept, merged_into__isnull=False).values("merged_into")
    return Customer.objects.visible_to(user).filter(Q(pk__in=kept) | Q(pk__in=merged)).order_by("name", "pk")
