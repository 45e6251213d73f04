"""What Today knows from tasks."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models.task import Task
from customers.models.today import Asking, Item, Weight, days_since


def due_tasks(asking: Asking) -> list[Item]:
    """One's own that are overdue or due today."""
    mine = Task.objects.visible_to(asking.user).owned_by(asking.user).due_before(asking.tomorrow)
    awake = mine.exclude(pk__in=asking.asleep(Task.kind)).soonest_first()
    rows = awake.only("title", "due_at", "priority", "customer")[: asking.limit]
    return [of_task(task, (_why(task, asking),), asking) for task in rows]


def of_task(task: Task, reasons: tuple[str, ...], asking: Asking) -> Item:
    """The row of a task, for whichever reason it is here."""
    return Item(
        kind=Task.kind,
        pk=task.pk,
        title=task.title,
        weight=Weight.DUE,
        reasons=reasons,
        due_at=task.due_at,
        priority=task.priority,
        customer_id=task.customer_id,
        finish={"result": asking.of_record("task-result", task.pk)},
    )


def _why(task: Task, asking: Asking) -> str:
    assert task.due_at is not None  # asked for
    late = days_since(task.due_at, asking)
    if late > 0:
        return ngettext("Overdue for %(days)s day", "Overdue for %(days)s days", late) % {"days": late}
    return _("Was due today") if task.due_at < asking.now else _("Due today")
