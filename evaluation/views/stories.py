"""Who did what when in a cycle, a review or a plan, in sentences."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.events import timeline
from crm.models.event import Event
from evaluation import kpis
from evaluation.models import ActionPlan, Cycle, Dispute, EffectMeasurement, Review

SHOWN = 100
TEMPLATE = "evaluation/_event.html"

# An English message id, the icon, and the tone.
SENTENCES: dict[str, tuple[str, str, str]] = {
    "review_cycle.created": (gettext_noop("Planned the cycle %(record)s"), "plus", "neutral"),
    "review_cycle.updated": (gettext_noop("Changed the plan of %(record)s"), "edit", "neutral"),
    "review_cycle.open": (gettext_noop("Opened %(record)s"), "flag", "info"),
    "review_cycle.running": (gettext_noop("Started %(record)s"), "player-play", "info"),
    "review_cycle.closed": (gettext_noop("Closed the period of %(record)s"), "lock", "info"),
    "review_cycle.frozen": (gettext_noop("Froze the numbers of %(record)s"), "lock", "info"),
    "review_cycle.archived": (gettext_noop("Archived %(record)s"), "archive", "neutral"),
    "review.created": (gettext_noop("Planned the review of %(record)s"), "plus", "neutral"),
    "review.frozen": (gettext_noop("Froze the numbers of %(record)s"), "lock", "info"),
    "review.commented": (gettext_noop("Commented on %(about)s"), "message", "neutral"),
    "review.disputed": (gettext_noop("Disputed %(about)s"), "scale", "warn"),
    "review.dispute_settled": (gettext_noop("Settled the dispute of %(about)s: %(settled)s"), "scale", "info"),
    "review.amended": (gettext_noop("Amended %(about)s"), "edit", "warn"),
    "review.handed_in": (gettext_noop("Finished the self-review"), "check", "info"),
    "review.finished": (gettext_noop("Finished the manager review"), "check", "info"),
    "review.calibrated": (gettext_noop("Compared it with the other reviews"), "equal", "info"),
    "review.meeting_set": (gettext_noop("Set the day of the meeting"), "calendar", "neutral"),
    "review.signed": (gettext_noop("Signed"), "signature", "good"),
    "review.closed_unsigned": (gettext_noop("Closed without a signature"), "signature", "warn"),
    "review.closed": (gettext_noop("Both have signed"), "circle-check", "good"),
    "review.effect_due": (gettext_noop("The effect of a plan is due"), "hourglass", "warn"),
    "review.effect_measured": (gettext_noop("The effects of the plans are measured"), "gauge", "info"),
    "review.archived": (gettext_noop("Archived the review of %(record)s"), "archive", "neutral"),
    "action_plan.created": (gettext_noop("Drafted the plan %(record)s"), "plus", "neutral"),
    "action_plan.updated": (gettext_noop("Changed the plan %(record)s"), "edit", "neutral"),
    "action_plan.step_added": (gettext_noop("Added the step “%(step)s”"), "plus", "neutral"),
    "action_plan.step_removed": (gettext_noop("Removed the step “%(step)s”"), "minus", "neutral"),
    "action_plan.step_done": (gettext_noop("Done: “%(step)s”"), "check", "good"),
    "action_plan.step_reopened": (gettext_noop("Not done after all: “%(step)s”"), "arrow-back-up", "warn"),
    "action_plan.agreed": (gettext_noop("Agreed to the plan %(record)s"), "check", "info"),
    "action_plan.running": (gettext_noop("Started the plan %(record)s"), "player-play", "info"),
    "action_plan.effect_due": (gettext_noop("The effect of %(record)s is due"), "hourglass", "warn"),
    "action_plan.effect_measured": (gettext_noop("Measured the effect of %(record)s: %(verdict)s"), "gauge", "info"),
    "action_plan.closed": (gettext_noop("Closed the plan %(record)s"), "archive", "neutral"),
}


def story_of(user: Any, record: Cycle | Review | ActionPlan) -> list[timeline.Entry]:
    """The latest first; whatever belongs to it and the person may see."""
    return timeline.page(user, record, None, SHOWN)[0]


def told(event: Event) -> dict[str, str]:
    """The sentence of an event, its icon and tone, and what was said with it."""
    message, icon, tone = SENTENCES[event.type]
    data = event.data
    code = data.get("kpi", "")
    settled = data.get("state", "")
    values = {
        "record": event.subject_label,
        "about": _kpi_name(code) if code else _("the whole"),
        "step": data.get("step", ""),
        "settled": str(dict(Dispute.State.choices).get(settled, settled)),
        "verdict": str(dict(EffectMeasurement.Verdict.choices).get(data.get("verdict", ""), "")),
    }
    detail = data.get("reason") or data.get("objection") or data.get("claim") or data.get("conclusion") or ""
    return {"text": _(message) % values, "icon": icon, "tone": tone, "detail": detail}


def _kpi_name(code: str) -> str:
    try:
        return str(kpis.get(code).name)
    except kpis.UnknownKpi:  # retired since
        return code


def show() -> None:
    """Make timelines tell these events in sentences."""
    for event_type in SENTENCES:
        timeline.show_with(event_type, TEMPLATE)
