"""What Today knows from sales: sales without a next step, and sales that should have closed."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Case, F, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.web.formats import money
from customers.models import Task
from customers.models.today import Asking, Item, Weight, days_since
from customers.sales.models import closed_amounts
from customers.sales.models.opportunity import Opportunity

NEVER, LATER = datetime(9000, 1, 1, tzinfo=UTC), datetime(9001, 1, 1, tzinfo=UTC)  # behind every day there is
SAID = ("name", "customer", "amount", "currency", "stage_since", "expected_close", "stage__name")


def next_steps(asking: Asking) -> list[Item]:
    """One's own open sales whose next step is overdue, or that have none with a date.

    Somebody has thousands of open sales, and each is asked for its step once: what is still to come is put at the end
    instead of being left out, which would ask again.
    """
    step = earliest_step(asking.user)
    first = step.order_by().values("about_id").annotate(first=Min("due_at"))
    late = Case(When(first__lt=asking.now, then="first"), default=Value(LATER))
    task = JSONObject(id="pk", title="title", due="due_at", owner="owner_id", owner_name="owner__name")
    mine = _mine(asking).annotate(
        late_since=Coalesce(Subquery(first.values(late=late)), Value(NEVER)),
        step=Subquery(step.values(of=task)[:1]),
    )
    largest_first = [] if closed_amounts.are_hidden() else [F("amount").desc(nulls_last=True)]
    rows = mine.order_by("late_since", *largest_first, "pk")[: asking.limit]
    return [
        _without_step(one, asking) if one.step is None else _late(one, asking) for one in rows if one.late_since < LATER
    ]


def earliest_step(user: Any) -> QuerySet[Task]:
    """The open task about the outer query's opportunity that is due first."""
    dated = Task.objects.visible_to(user).open().filter(due_at__isnull=False)
    return dated.filter(about_kind=Opportunity.kind, about_id=OuterRef("pk")).order_by("due_at", "pk")


def past_close(asking: Asking) -> list[Item]:
    """One's own open sales whose day of closing has gone by."""
    rows = _mine(asking).overdue(asking.today).order_by("expected_close", "pk")[: asking.limit]
    return [_past_close(one, asking) for one in rows]


def _mine(asking: Asking) -> Any:
    mine = Opportunity.objects.visible_to(asking.user).open().filter(owner=asking.user)
    return mine.exclude(pk__in=asking.asleep(Opportunity.kind)).select_related("stage").only(*SAID)


def _late(opportunity: Any, asking: Asking) -> Item:
    step = opportunity.step
    due = opportunity.late_since
    if step["owner"] == asking.user.pk:
        said = {"opportunity": opportunity.name, "worth": worth(opportunity)}
        reason = _("Next step of “%(opportunity)s”, %(worth)s") % said
        url = {"result": asking.of_record("task-result", step["id"])}
        return Item(Task.kind, step["id"], step["title"], Weight.DUE, (reason,), due, finish=url,
                    customer_id=opportunity.customer_id)  # fmt: skip
    late = days_since(due, asking)
    text = ngettext(
        "The next step of %(person)s is overdue for %(days)s day: %(task)s",
        "The next step of %(person)s is overdue for %(days)s days: %(task)s",
        late,
    )
    reason = text % {"person": step["owner_name"] or _("nobody"), "days": late, "task": step["title"]}
    return _row(opportunity, asking, Weight.DUE, reason, due)


def _without_step(opportunity: Any, asking: Asking) -> Item:
    days = max(days_since(opportunity.stage_since, asking), 0)
    text = ngettext(
        "No next step with a date; %(worth)s, %(days)s day in “%(stage)s”",
        "No next step with a date; %(worth)s, %(days)s days in “%(stage)s”",
        days,
    )
    reason = text % {"worth": worth(opportunity), "days": days, "stage": opportunity.stage.name}
    return _row(opportunity, asking, Weight.NO_STEP, reason)


def _past_close(opportunity: Any, asking: Asking) -> Item:
    due = datetime.combine(opportunity.expected_close, time(23, 59), asking.zone)
    days = days_since(due, asking)
    text = ngettext(
        "Should have closed %(days)s day ago; %(worth)s", "Should have closed %(days)s days ago; %(worth)s", days
    )
    reason = text % {"days": days, "worth": worth(opportunity)}
    row = _row(opportunity, asking, Weight.CLOSE_PASSED, reason, due)
    row.finish["close"] = asking.of_record("opportunity-close-date", opportunity.pk)
    return row


def _row(opportunity: Any, asking: Asking, weight: int, reason: str, due: datetime | None = None) -> Item:
    about = (Opportunity.kind, opportunity.pk)
    finish = {
        "log": asking.log_url(customer=opportunity.customer_id, about=about),
        "plan": f"{asking.of_page('task-new')}?about_kind={about[0]}&about_id={about[1]}",
    }
    return Item(Opportunity.kind, opportunity.pk, opportunity.name, weight, (reason,), due,
                customer_id=opportunity.customer_id, finish=finish)  # fmt: skip


def worth(opportunity: Any) -> str:
    if closed_amounts.are_hidden():
        return _("amount not shown")
    if opportunity.amount is None:
        return _("no amount yet")
    return money(opportunity.amount, opportunity.currency, 0)
