"""How soon somebody gets in touch with those who ask for something, in the hours that were promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.acquisition import CAME_IN, IS_NONE, NO_LEAD, OF_LEAD
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit

# So long a lead is followed. Part of the definition: another number of days is another version.
FOLLOWED = timedelta(days=30)

_OVER = f"(lead.created_at + interval '{FOLLOWED.days} days')"
_IS_CONTACTED = "coalesce(lead.first_contact_at < period.known, FALSE)"
_IN_SIGHT = f"({_IS_CONTACTED} AND lead.first_contact_at <= {_OVER})"
_UNTIL = f"greatest(lead.created_at, least(CASE WHEN {_IN_SIGHT} THEN lead.first_contact_at END, period.seen, {_OVER}))"

# As `models.lead_target.target_of` finds it: the form's, the channel's, the one for all; its calendar with any hours.
_PROMISE = """LEFT JOIN LATERAL (SELECT target.calendar_id FROM sales_leadtarget AS target
                WHERE target.form_id = lead.form_id OR (target.form_id IS NULL AND target.channel IN ('', lead.channel))
                ORDER BY target.form_id IS NULL, target.channel = '' LIMIT 1) AS target ON TRUE
            LEFT JOIN crm_businesscalendar AS hours ON hours.id = target.calendar_id
                AND EXISTS (SELECT FROM crm_calendarframe AS frame WHERE frame.calendar_id = hours.id)"""


def open_seconds(since: str, until: str) -> str:
    """The open time of the calendar `hours` between two moments, as `crm.business_time.elapsed` counts it."""
    day_in, day_out = (f"({moment} AT TIME ZONE hours.timezone)::date::timestamp" for moment in (since, until))
    return f"""(SELECT coalesce(sum(date_part('epoch',
                    least(open.closes_at, {until}) - greatest(open.opens_at, {since}))), 0)
                FROM generate_series({day_in}, {day_out}, interval '1 day') AS day(at)
                JOIN crm_calendarframe AS frame ON frame.calendar_id = hours.id
                    AND frame.weekday = date_part('isodow', day.at) - 1
                CROSS JOIN LATERAL (SELECT (day.at + frame.opens) AT TIME ZONE hours.timezone AS opens_at,
                    (day.at + CASE WHEN frame.closes >= '23:59' THEN interval '1 day' ELSE frame.closes::interval END)
                        AT TIME ZONE hours.timezone AS closes_at) AS open
                WHERE open.closes_at > {since} AND open.opens_at < {until} AND NOT EXISTS (
                    SELECT FROM crm_calendarholiday AS holiday
                    WHERE holiday.calendar_id = hours.id AND holiday.date = day.at::date))"""


SPEED_TO_LEAD = Kpi(
    code="speed_to_lead",
    version=2,  # 2: in the hours of the promise, who still waits counts for as long as they have, by campaign
    name=_("Speed to lead"),
    meaning=_("How long those who ask for something wait until somebody of ours gets in touch."),
    formula=_(
        "Median business time from when the lead came in to the first contact, in the calendar of its target for the"
        " first contact; who waits still, or after 30 days, counts as waiting so long (Kaplan-Meier)"
    ),
    group="acquisition",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.COHORT,
    aggregation=Aggregation.SURVIVAL,
    interval=Method.LOG_LOG,
    minimum_n=10,
    matures_after=FOLLOWED,
    guard="lead_conversion",
    beside=("speed_to_lead_p90", "leads_in_time"),
    on_dashboard=False,
    flag_as_of="state_of_today",
    source=_("Leads, and the targets for the first contact with their calendars; Kaplan & Meier 1958"),
    facts=Facts(
        source=f"sales_lead AS lead {_PROMISE}",
        where=CAME_IN,
        kinds=("lead",),
        record="lead.id",
        label="lead.name",
        moment="lead.created_at",
        numerator=f"{_IN_SIGHT}::int",
        value=f"""CASE WHEN hours.id IS NULL THEN date_part('epoch', {_UNTIL} - lead.created_at)
            ELSE {open_seconds("lead.created_at", _UNTIL)} END""",
        counted=f"NOT ({IS_NONE})",
        issue=f"""CASE WHEN {IS_NONE} THEN 'no_lead' WHEN NOT {_IN_SIGHT} THEN 'not_contacted'
            WHEN hours.id IS NULL THEN 'around_the_clock' END""",
        ripe=f"{_IN_SIGHT} OR {_OVER} <= period.seen",
        dimensions=OF_LEAD,
        shown={
            "created_at": "lead.created_at",
            "first_contact_at": f"CASE WHEN {_IS_CONTACTED} THEN lead.first_contact_at END",
            "calendar": "hours.name",
        },
    ),
    issues={
        "no_lead": NO_LEAD,
        "not_contacted": _("Leads nobody has contacted within 30 days, or yet: they count as waiting so long."),
        "around_the_clock": _("Leads without a calendar in a target for the first contact count around the clock."),
    },
)

SPEED_TO_LEAD_P90 = replace(
    SPEED_TO_LEAD,
    code="speed_to_lead_p90",
    version=1,
    name=_("Speed to lead, the slowest tenth"),
    meaning=_("How long it takes until nine of ten who ask for something have heard from somebody of ours."),
    formula=_(
        "90th percentile of the business time from when the lead came in to the first contact, with those who wait as"
        " in the median"
    ),
    percentile=0.9,
    beside=("speed_to_lead", "leads_in_time"),
)

_IN_TIME = f"({_IS_CONTACTED} AND lead.first_contact_at <= lead.contact_due_at)"
_DECIDED = f"({_IS_CONTACTED} OR lead.contact_due_at < period.seen)"

LEADS_IN_TIME = replace(
    SPEED_TO_LEAD,
    code="leads_in_time",
    version=1,
    name=_("Leads contacted in time"),
    meaning=_("Of the leads that came in in the period with a target, the share somebody got in touch with in time."),
    formula=_("First contact until the deadline / leads with a deadline that were contacted or whose deadline is over"),
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    beside=("speed_to_lead", "speed_to_lead_p90"),
    source=_("Leads, and the targets for the first contact"),
    facts=Facts(
        source="sales_lead AS lead",
        where=f"{CAME_IN} AND lead.contact_due_at IS NOT NULL",
        kinds=("lead",),
        record="lead.id",
        label="lead.name",
        moment="lead.created_at",
        numerator=f"{_IN_TIME}::int",
        counted=f"NOT ({IS_NONE}) AND {_DECIDED}",
        issue=f"CASE WHEN {IS_NONE} THEN 'no_lead' WHEN NOT {_DECIDED} THEN 'not_due' END",
        ripe=_DECIDED,
        dimensions=OF_LEAD,
        shown={
            "created_at": "lead.created_at",
            "first_contact_at": SPEED_TO_LEAD.facts.shown["first_contact_at"],
            "due_at": "lead.contact_due_at",
        },
    ),
    issues={"no_lead": NO_LEAD, "not_due": _("Leads whose time is not over yet are left out.")},
)

KPIS = (SPEED_TO_LEAD, SPEED_TO_LEAD_P90, LEADS_IN_TIME)
