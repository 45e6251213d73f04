"""How customers are served. Business time is the SLA clock's, as each event of a ticket keeps it."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import alive, channel_of, first_event, holder_at

RESOLVED_WITHIN = timedelta(days=7)
HELD_FOR = timedelta(hours=72)
REOPENED_WITHIN = timedelta(days=14)


def interval(length: timedelta) -> str:
    return f"interval '{int(length.total_seconds())} seconds'"


OPENED_IN_PERIOD = f"ticket.opened_at >= period.starts AND ticket.opened_at < period.ends AND {alive('ticket')}"


def held_by(event: str) -> dict[str, str]:
    """Dimensions that credit the event's person where there is one, else whoever had the ticket then."""
    return {
        "person": f"CASE WHEN {event}.at IS NULL THEN holder.owner_id ELSE {event}.owner_id END",
        "team": f"CASE WHEN {event}.at IS NULL THEN holder.team_id ELSE {event}.team_id END",
        "channel": channel_of("ticket"),
        "customer": "ticket.customer_id",
    }


FIRST_RESPONSE_TIME = Kpi(
    code="first_response_time",
    version=1,
    name=_("First response time"),
    meaning=_("How long customers wait for the first answer of a person."),
    formula=_("Median business time from opened to the first answer, of the tickets opened in the period"),
    group="service",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.COHORT,
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="resolution_rate",
    source=_("The history of the tickets"),
    facts=Facts(
        source=f"""service_ticket AS ticket {first_event("answered", "answer")}
            {holder_at("period.seen", unless="answer")}""",
        where=OPENED_IN_PERIOD,
        kinds=("ticket",),
        record="ticket.id",
        label="ticket.number || ' ' || ticket.subject",
        moment="ticket.opened_at",
        value="date_part('epoch', coalesce(answer.elapsed, answer.at - ticket.opened_at))",
        issue="""CASE WHEN answer.at IS NOT NULL THEN CASE WHEN answer.elapsed IS NULL THEN 'calendar_time' END
            WHEN holder.category = 'resolved' THEN 'no_answer_recorded' ELSE 'unanswered' END""",
        dimensions=held_by("answer"),
        shown={"opened_at": "ticket.opened_at", "answered_at": "answer.at"},
    ),
    issues={
        "unanswered": _("Tickets that still wait for an answer are not in the median."),
        "no_answer_recorded": _("Tickets resolved without any answer in their history are left out."),
        "calendar_time": _("Tickets without an SLA calendar are counted in calendar time."),
    },
)

# When no SLA clock runs, what it would leave out: waiting for the customer, and from resolved to reopened.
PAUSED = """(SELECT sum(stretch.until - stretch.at) FROM (
                SELECT event.at, event.category, lead(event.at) OVER (ORDER BY event.at, event.id) AS until
                FROM service_ticketevent AS event
                WHERE event.ticket_id = ticket.id AND (event.at, event.id) <= (resolved.at, resolved.id)
            ) AS stretch WHERE stretch.category <> 'open')"""

# A ticket that is closed at once has no event of its own for having been resolved.
RESOLUTION = """resolved.category = 'resolved' AND (resolved.type = 'resolved' OR (resolved.type = 'closed'
            AND NOT EXISTS (SELECT FROM service_ticketevent AS earlier WHERE earlier.ticket_id = resolved.ticket_id
                AND earlier.type = 'resolved' AND (earlier.at, earlier.id) < (resolved.at, resolved.id))))"""

RESOLUTIONS = "service_ticketevent AS resolved JOIN service_ticket AS ticket ON ticket.id = resolved.ticket_id"
RESOLVED_IN_PERIOD = f"""resolved.type IN ('resolved', 'closed') AND resolved.at >= period.starts
            AND resolved.at < period.ends AND {RESOLUTION} AND {alive("ticket")}"""

AS_RESOLVED = {
    "person": "resolved.owner_id",
    "team": "resolved.team_id",
    "channel": channel_of("ticket"),
    "customer": "ticket.customer_id",
}

RESOLUTION_TIME = Kpi(
    code="resolution_time",
    version=1,
    name=_("Resolution time"),
    meaning=_("How long tickets took until they were resolved for good, without waiting for the customer."),
    formula=_("Median time from opened to resolved, minus pauses, of the tickets last resolved in the period"),
    group="service",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="reopen_rate",
    source=_("The history of the tickets"),
    facts=Facts(
        source=RESOLUTIONS,
        where=f"""{RESOLVED_IN_PERIOD} AND NOT EXISTS (
            SELECT FROM service_ticketevent AS later WHERE later.ticket_id = resolved.ticket_id
                AND later.type IN ('resolved', 'reopened') AND later.at < period.known
                AND (later.at, later.id) > (resolved.at, resolved.id))""",
        kinds=("ticket",),
        record="ticket.id",
        label="ticket.number || ' ' || ticket.subject",
        moment="resolved.at",
        value=f"""date_part('epoch', CASE WHEN resolved.elapsed IS NOT NULL THEN resolved.elapsed
            ELSE resolved.at - ticket.opened_at - coalesce({PAUSED}, interval '0') END)""",
        issue="CASE WHEN resolved.elapsed IS NULL THEN 'calendar_time' END",
        dimensions=AS_RESOLVED,
        shown={"opened_at": "ticket.opened_at", "resolved_at": "resolved.at"},
    ),
    issues={"calendar_time": FIRST_RESPONSE_TIME.issues["calendar_time"]},
)

# Resolved within the time, and not reopened within 72 hours of it.
LASTING = f"""LEFT JOIN LATERAL (
            SELECT resolved.at, resolved.owner_id, resolved.team_id FROM service_ticketevent AS resolved
            WHERE resolved.ticket_id = ticket.id AND resolved.at < period.known
                AND resolved.at <= ticket.opened_at + {interval(RESOLVED_WITHIN)} AND {RESOLUTION}
                AND NOT EXISTS (
                    SELECT FROM service_ticketevent AS reopened
                    WHERE reopened.ticket_id = ticket.id AND reopened.type = 'reopened' AND reopened.at < period.known
                        AND (reopened.at, reopened.id) > (resolved.at, resolved.id)
                        AND reopened.at <= resolved.at + {interval(HELD_FOR)})
            ORDER BY resolved.at, resolved.id LIMIT 1) AS lasting ON TRUE"""

LAST_HOLDER = holder_at(f"ticket.opened_at + {interval(RESOLVED_WITHIN)}", unless="lasting")

RESOLUTION_RATE = Kpi(
    code="resolution_rate",
    version=1,
    name=_("Resolution rate"),
    meaning=_("Of the tickets opened in the period, the share resolved within 7 days and not soon reopened."),
    formula=_("Resolved within 7 days of opening and not reopened within 72 hours / opened in the period"),
    group="service",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=RESOLVED_WITHIN + HELD_FOR,
    guard="csat",
    source=_("The history of the tickets"),
    facts=Facts(
        source=f"service_ticket AS ticket {LASTING} {LAST_HOLDER}",
        where=OPENED_IN_PERIOD,
        kinds=("ticket",),
        record="ticket.id",
        label="ticket.number || ' ' || ticket.subject",
        moment="ticket.opened_at",
        numerator="(lasting.at IS NOT NULL)::int",
        ripe=f"ticket.opened_at + {interval(RESOLVED_WITHIN + HELD_FOR)} <= period.seen",
        dimensions=held_by("lasting"),
        shown={"opened_at": "ticket.opened_at", "resolved_at": "lasting.at"},
    ),
)

REOPEN_RATE = Kpi(
    code="reopen_rate",
    version=1,
    name=_("Reopen rate"),
    meaning=_("Of the tickets resolved in the period, the share reopened within 14 days."),
    formula=_("Tickets reopened within 14 days of being resolved / tickets resolved in the period"),
    group="service",
    unit=Unit.RATIO,
    direction=Direction.LOWER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=REOPENED_WITHIN,
    guard="resolution_time",
    source=_("The history of the tickets"),
    facts=Facts(
        # A ticket resolved twice in the period counts once: by the resolution that did not hold, if there is one.
        source=f"""(SELECT DISTINCT ON (ticket.id) ticket.id, ticket.number, ticket.subject, ticket.customer_id,
                resolved.at, resolved.owner_id, resolved.team_id, reopened.at AS reopened_at
            FROM {RESOLUTIONS} LEFT JOIN LATERAL (
                SELECT event.at FROM service_ticketevent AS event
                WHERE event.ticket_id = ticket.id AND event.type = 'reopened' AND event.at < period.known
                    AND (event.at, event.id) > (resolved.at, resolved.id)
                    AND event.at <= resolved.at + {interval(REOPENED_WITHIN)}
                ORDER BY event.at, event.id LIMIT 1) AS reopened ON TRUE
            WHERE {RESOLVED_IN_PERIOD}
            ORDER BY ticket.id, reopened.at NULLS LAST, resolved.at DESC, resolved.id DESC) AS resolved""",
        kinds=("ticket",),
        record="resolved.id",
        label="resolved.number || ' ' || resolved.subject",
        moment="resolved.at",
        numerator="(resolved.reopened_at IS NOT NULL)::int",
        ripe=f"resolved.reopened_at IS NOT NULL OR resolved.at + {interval(REOPENED_WITHIN)} <= period.seen",
        dimensions={**AS_RESOLVED, "channel": channel_of("resolved"), "customer": "resolved.customer_id"},
        shown={"resolved_at": "resolved.at", "reopened_at": "resolved.reopened_at"},
    ),
)

# Each ticket promises two things. Whoever resolves in time has answered in time.
DEADLINES = f"""service_ticket AS ticket CROSS JOIN LATERAL (VALUES
            ('first_response', ticket.first_response_due_at), ('resolution', ticket.resolution_due_at)
        ) AS deadline(promise, due) LEFT JOIN LATERAL (
            SELECT event.at, event.owner_id, event.team_id FROM service_ticketevent AS event
            WHERE event.ticket_id = ticket.id AND event.at <= deadline.due AND event.at < period.known
                AND deadline.promise = 'first_response' AND event.type IN ('answered', 'resolved', 'closed')
            ORDER BY event.at, event.id LIMIT 1) AS answer ON TRUE {holder_at("deadline.due", unless="answer")}"""

RESOLVED_SINCE = "coalesce(ticket.resolved_at < period.known, FALSE)"
# A ticket that was resolved without an answer, and whose missed deadline nobody noted when it passed, comes with
# a history that has no answers in it: it says nothing about them.
UNANSWERED_HISTORY = f"""deadline.promise = 'first_response' AND answer.at IS NULL AND {RESOLVED_SINCE}
            AND ticket.first_response_at IS NULL AND ticket.first_response_breached_at IS NULL"""
# While the customer is waited for, the deadline that is written down has not fallen.
STANDS_STILL = f"deadline.promise = 'resolution' AND holder.category = 'paused' AND NOT {RESOLVED_SINCE}"

SLA_ATTAINMENT = Kpi(
    code="sla_attainment",
    version=1,
    name=_("SLA attainment"),
    meaning=_("Of the deadlines that fell in the period, for answers and for resolutions, the share that was met."),
    formula=_("Deadlines met / deadlines fallen in the period"),
    group="service",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="reopen_rate",
    # Tickets keep no history of their deadlines: a pause or another priority since then has moved them.
    flag_as_of="deadlines_of_today",
    source=_("The history of the tickets"),
    facts=Facts(
        source=DEADLINES,
        # Tickets of which no deadline falls into the period are left out before anything is looked up for them.
        where=f"""deadline.due >= period.starts AND deadline.due < period.instant AND {alive("ticket")} AND (
            (ticket.first_response_due_at >= period.starts AND ticket.first_response_due_at < period.instant)
            OR (ticket.resolution_due_at >= period.starts AND ticket.resolution_due_at < period.instant))""",
        kinds=("ticket",),
        record="ticket.id",
        label="ticket.number || ' ' || ticket.subject",
        moment="deadline.due",
        numerator=f"""(answer.at IS NOT NULL OR (deadline.promise = 'resolution' AND (holder.category = 'resolved'
            OR (holder.category = 'paused' AND {RESOLVED_SINCE}))))::int""",
        counted=f"NOT ({UNANSWERED_HISTORY}) AND NOT ({STANDS_STILL})",
        issue=f"CASE WHEN {UNANSWERED_HISTORY} THEN 'no_answer_recorded' END",
        dimensions=held_by("answer"),
        shown={"promise": "deadline.promise", "due_at": "deadline.due"},
    ),
    issues={"no_answer_recorded": FIRST_RESPONSE_TIME.issues["no_answer_recorded"]},
)

KPIS = (FIRST_RESPONSE_TIME, RESOLUTION_TIME, RESOLUTION_RATE, REOPEN_RATE, SLA_ATTAINMENT)
