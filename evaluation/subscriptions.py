"""What evaluation does when something happens below."""

from __future__ import annotations

from crm.events import subscribe
from crm.models.event import Event
from customers.models import Task, erasing, following
from customers.models.following import Follower, How
from evaluation.actions import erasing_of, plans
from evaluation.models import PlanStep

# Computed anew every night for whoever is there; what was measured of the other customer stays as it was measured.
following.register(
    Follower("evaluation.HealthScore", how=How.STAYS), Follower("evaluation.HealthSnapshot", how=How.STAYS)
)
erasing.also("evaluation.evidence", erasing_of.take_words_out)


@subscribe(["task.completed", "task.reopened"], name="evaluation.plan_steps")
def follow_the_task(event: Event) -> None:
    """A step of a plan is done when its task is, and open again when that is."""
    if event.data.get("about_kind") == PlanStep.kind:
        task = Task._base_manager.get(pk=event.subject_id)  # as it is now: events may come late
        plans.mark_step(step_id=event.data["about_id"], done=task.is_done, by=event.by, at=event.at)
