"""Tickets from files: one row for each change of a ticket becomes a ticket with its history."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import declaring, storing
from crm.exchange.declaring import CHOICE, DATETIME, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run, Step
from customers.exchange.addresses import TAGS_COLUMN, TagsImport
from customers.exchange.references import CONTACT, CUSTOMER, PERSON, TEAM
from service.actions import clock
from service.actions.importing import CARRIED, pauses_of
from service.models import Priority, Queue, SlaPolicy, Ticket, TicketEvent, TicketState

PRIORITIES = [(value, name.lower()) for name, value in zip(Priority.names, Priority.values, strict=True)]
QUEUE = Reference(Queue, scoped=True, related=("sla_policy", "team"))
NO_POLICY = "none"
Type = TicketEvent.Type


class TicketImport(TagsImport):
    """What the rows say of the ticket is said by the latest; what was true when is said by each."""

    def begin(self, run: Run) -> None:
        super().begin(run)
        if "states" not in run.caches:
            states = list(TicketState.objects.all())
            run.caches["states"] = {state.name: state for state in states}
            run.caches["open"] = next((s for s in states if s.category == TicketState.Category.OPEN), None)
            policies = SlaPolicy.objects.select_related("calendar").prefetch_related("targets")
            run.caches["policies"] = {policy.name: policy for policy in policies}
            run.caches["default_policy"] = next((p for p in policies if p.is_default), None)
            run.caches["queue"] = Queue.objects.filter(is_active=True).order_by("pk").first()

    def settle(self, record: Ticket, draft: Draft, run: Run) -> None:
        known = [] if draft.is_new else list(record.events.all())
        steps = [self._read(step, run) for step in self._steps(draft)]
        lines = _lines(record, steps, known, draft, run)
        draft.notes["rows"] = lines
        if draft.is_new or lines:
            self._stand(record, [*known, *lines], draft, run)

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        lines = draft.notes["rows"]
        told = {} if draft.is_new or not lines else {"history": [None, ", ".join(line.type for line in lines)]}
        return super().differs(draft, run) | told

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._add_rows(drafts)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        self._add_rows(drafts)

    def parts(self) -> dict[str, Any]:
        return {"events": TicketEvent}

    def _steps(self, draft: Draft) -> list[Step]:
        """Without a history in the profile, a row tells how the ticket stood when it was opened."""
        if draft.steps:
            return draft.steps
        told = {name: draft.values[name] for name in CARRIED if name in draft.values}
        return [Step(draft.rows[-1].number, draft.values.get("at") or draft.values.get("opened_at"), told)]

    def _read(self, step: Step, run: Run) -> Step:
        """State names become states."""
        name = step.values.get("state")
        if isinstance(name, str):
            state = run.caches["states"].get(name)
            if state is None:
                known = ", ".join(run.caches["states"])
                raise Refused(
                    __("There is no state “%(name)s”; there are: %(known)s.") % {"name": name, "known": known}, "state"
                )
            step.values["state"] = state
        if step.at is None:
            raise Refused(__("When it happened is not known, and the profile does not allow that."), "at")
        return step

    def _stand(self, ticket: Ticket, line: list[TicketEvent], draft: Draft, run: Run) -> None:
        """The ticket as its history leaves it, with the clocks of its policy."""
        line = sorted(line, key=lambda event: event.at)
        last = line[-1]
        for name in CARRIED:
            setattr(ticket, name, getattr(last, name))
        _promise(ticket, draft, run)
        pauses = pauses_of(line)
        for event in draft.notes["rows"]:
            event.elapsed = clock.elapsed(ticket, event.at, pauses)
        times: dict[str, list[datetime]] = {}
        for event in line:
            times.setdefault(event.type, []).append(event.at)
        ticket.first_response_at = min(times.get(Type.ANSWERED, []), default=None)
        ticket.reopen_count = len(times.get(Type.REOPENED, []))
        is_over = last.category == TicketState.Category.RESOLVED
        ticket.resolved_at = max(times.get(Type.RESOLVED, []), default=last.at) if is_over else None
        ticket.closed_at = max(times.get(Type.CLOSED, []), default=None) if is_over else None
        clock.set_deadlines(ticket, pauses)

    def _add_rows(self, drafts: list[Draft]) -> None:
        rows = [row for draft in drafts for row in draft.notes["rows"]]
        storing.insert(TicketEvent, rows)
        for draft in drafts:
            if draft.notes["rows"]:
                draft.parts["events"] = [row.pk for row in draft.notes["rows"]]


def _lines(ticket: Ticket, steps: list[Step], known: list[TicketEvent], draft: Draft, run: Run) -> list[TicketEvent]:
    """The lines of the history that are not there yet."""
    told: list[TicketEvent] = []
    now: dict[str, Any] = {}
    if not known:
        now = _at_opening(ticket, steps[0], draft, run)
        opened_at = min(ticket.opened_at, steps[0].at or ticket.opened_at)
        told.append(_line(ticket, Type.OPENED, opened_at, now, {"row": steps[0].row}, run))
    for step in steps:
        if known and not now:
            before = [event for event in known if event.at < step.at]  # type: ignore[operator]
            now = {name: getattr((before or known)[-1 if before else 0], name) for name in CARRIED}
        after = {
            **now,
            **{name: value for name, value in step.values.items() if name in CARRIED and _is_said(name, value)},
        }
        data = {"row": step.row, **({"file": step.kept} if step.kept else {})}
        for kind in _types(now, after):
            told.append(_line(ticket, kind, step.at, after, data, run))  # type: ignore[arg-type]
        now = after
    return _missing(told, known)


def _is_said(name: str, value: Any) -> bool:
    """An unknown person means nobody has it; an unknown state, queue or priority stays what it was."""
    return value is not None or name in ("owner", "team")


def _missing(told: list[TicketEvent], known: list[TicketEvent]) -> list[TicketEvent]:
    """What the rows tell minus what is recorded: the same change at the same moment, as often as it is there."""
    there = Counter(_key(event) for event in known)
    new = []
    for event in told:
        if there[_key(event)] > 0:
            there[_key(event)] -= 1
        else:
            new.append(event)
    return new


def _key(event: TicketEvent) -> tuple[Any, ...]:
    carried = (event.state_id, event.queue_id, event.owner_id, event.team_id, event.priority)
    return (str(event.type), event.at, *carried)


def _at_opening(ticket: Ticket, first: Step, draft: Draft, run: Run) -> dict[str, Any]:
    """How the ticket stood when it was opened: as the first row says, in the state the profile names for it."""
    state: Any = first.values.get("state") or run.caches["open"]
    named = draft.values.get("first_state")
    if named is not None:
        state = run.caches["states"].get(named)
        if state is None:
            raise Refused(__("There is no state “%(name)s”.") % {"name": named}, "first_state")
    queue = first.values.get("queue") or run.caches["queue"]
    if queue is None:
        raise Refused(__("There is no queue: an administrator can add one."), "queue")
    return {
        "state": state,
        "queue": queue,
        "owner": first.values.get("owner"),
        "team": first.values.get("team") or queue.team,
        "priority": first.values.get("priority") or Priority.NORMAL,
    }


def _types(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What a row did to the ticket, the weightiest change first; closing an open one also resolves it."""
    was, now = before["state"], after["state"]
    resolved, paused = TicketState.Category.RESOLVED, TicketState.Category.PAUSED
    if was.category != now.category:
        if now.category == resolved:
            return [Type.RESOLVED, Type.CLOSED] if now.closes else [Type.RESOLVED]
        if was.category == resolved:
            return [Type.REOPENED]
        return [Type.PAUSED if now.category == paused else Type.RESUMED]
    if now.closes and not was.closes:
        return [Type.CLOSED]
    for name, kind in (("queue", Type.MOVED), ("owner", Type.ASSIGNED), ("priority", Type.PRIORITISED)):
        if before[name] != after[name]:
            return [kind]
    return [Type.CHANGED]


def _line(
    ticket: Ticket, kind: str, at: datetime, values: dict[str, Any], data: dict[str, Any], run: Run
) -> TicketEvent:
    return TicketEvent(
        ticket=ticket, type=kind, at=at, recorded_at=run.at, category=values["state"].category, data=data,
        **values,
    )  # fmt: skip


def _promise(ticket: Ticket, draft: Draft, run: Run) -> None:
    """The policy the profile names, none if it says so, else the one a ticket opened here would have."""
    named = draft.values.get("sla_policy")
    if named == NO_POLICY or (named is None and not draft.is_new):
        ticket.sla_policy = ticket.sla_policy if named is None else None
    elif named is not None:
        if named not in run.caches["policies"]:
            raise Refused(__("There is no SLA policy “%(name)s”.") % {"name": named}, "sla_policy")
        ticket.sla_policy = run.caches["policies"][named]
    else:
        ticket.sla_policy = ticket.queue.sla_policy or run.caches["default_policy"]
    target = ticket.sla_policy.target_for(ticket.priority) if ticket.sla_policy else None
    ticket.first_response_target = target.first_response if target else None
    ticket.resolution_target = target.resolution if target else None


TICKETS = TicketImport(
    model=Ticket,
    has_history=True,
    keeps=True,
    creatable=frozenset({"queue"}),
    fields=(
        Field("number", _("number"), required=True),
        Field("subject", _("subject"), required=True),
        Field("opened_at", _("opened"), DATETIME, required=True),
        Field("customer", _("customer"), REFERENCE, reference=CUSTOMER),
        Field("contact", _("contact"), REFERENCE, reference=CONTACT),
        Field("type", _("type"), CHOICE, choices=Ticket.Type.choices),
        Field("source", _("source"), CHOICE, choices=Ticket.Source.choices),
        Field("category", _("category")),
        TAGS_COLUMN,
        Field("sla_policy", _("SLA policy"), stored=False, help=_("Its name, or “none”.")),
        Field("first_state", _("state when it was opened"), stored=False),
        Field("at", _("when it happened"), DATETIME, stored=False, history=True),
        Field("state", _("state"), stored=False, history=True),
        Field("queue", _("queue"), REFERENCE, reference=QUEUE, stored=False, history=True),
        Field("owner", _("owner"), REFERENCE, reference=PERSON, stored=False, history=True),
        Field("team", _("team"), REFERENCE, reference=TEAM, stored=False, history=True),
        Field("priority", _("priority"), CHOICE, choices=PRIORITIES, stored=False, history=True),
    ),
    identities=(("number",),),
    related=("state", "queue__sla_policy", "owner", "team", "sla_policy__calendar", "customer", "contact"),
    prefetch=("events__state", "events__queue", "events__owner", "events__team"),
)


def register() -> None:
    declaring.register(TICKETS)
