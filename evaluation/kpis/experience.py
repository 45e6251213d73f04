"""What customers say. Answers count for whoever the survey was about when it was sent."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import alive, channel_of

ANSWERED_WITHIN = timedelta(days=14)

ANSWERS = "surveys_response AS response JOIN surveys_survey AS survey ON survey.id = response.survey_id"


def credited(table: str) -> dict[str, str]:
    return {
        "person": f"{table}.owner_id",
        "team": f"{table}.team_id",
        "channel": channel_of(table),
        "customer": f"{table}.customer_id",
    }


def answers(survey_type: str, numerator: str) -> Facts:
    return Facts(
        source=ANSWERS,
        where=f"""survey.type = '{survey_type}' AND response.answered_at >= period.starts
            AND response.answered_at < period.ends AND {alive("response")}""",
        kinds=("response",),
        record="response.id",
        label="survey.name || ': ' || response.score",
        moment="response.answered_at",
        numerator=numerator,
        dimensions=credited("response"),
        shown={"score": "response.score", "comment": "response.comment"},
    )


CSAT = Kpi(
    code="csat",
    version=1,
    name=_("Satisfaction (CSAT)"),
    meaning=_("The share of answers that were satisfied: 4 or 5 of 5."),
    formula=_("Answers of 4 or 5 / all answers given in the period"),
    group="experience",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="response_rate",
    confidential=True,
    source=_("Answers to surveys"),
    facts=answers("csat", "(response.score >= 4)::int"),
)

NPS = Kpi(
    code="nps",
    version=1,
    name=_("Recommendation (NPS)"),
    meaning=_("How many more customers would recommend us than would not, from -100 to 100."),
    formula=_("100 × (answers of 9 and 10 - answers of 0 to 6) / all answers given in the period"),
    group="experience",
    unit=Unit.POINTS,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.NET_SHARE,
    interval=Method.NPS,
    minimum_n=30,
    guard="response_rate",
    confidential=True,
    source=_("Answers to surveys; defined after Reichheld, 2003"),
    facts=answers("nps", "CASE WHEN response.score >= 9 THEN 1 WHEN response.score <= 6 THEN -1 ELSE 0 END"),
)

_WINDOW = f"interval '{ANSWERED_WITHIN.days} days'"

RESPONSE_RATE = Kpi(
    code="response_rate",
    version=1,
    name=_("Response rate"),
    meaning=_("Of the invitations sent in the period, the share answered within 14 days."),
    formula=_("Invitations answered within 14 days / invitations sent in the period"),
    group="experience",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=ANSWERED_WITHIN,
    guard="csat",
    source=_("Invitations to surveys"),
    facts=Facts(
        source="surveys_invitation AS invitation",
        where=f"""invitation.sent_at >= period.starts AND invitation.sent_at < period.ends
            AND {alive("invitation")}""",
        kinds=("invitation",),
        record="invitation.id",
        label="(SELECT survey.name FROM surveys_survey AS survey WHERE survey.id = invitation.survey_id)",
        moment="invitation.sent_at",
        # What never arrived could not be answered.
        counted="invitation.state <> 'failed'",
        issue="CASE WHEN invitation.state = 'failed' THEN 'undelivered' END",
        numerator=f"""coalesce(invitation.answered_at <= invitation.sent_at + {_WINDOW}
            AND invitation.answered_at < period.known, FALSE)::int""",
        ripe=f"""invitation.sent_at + {_WINDOW} <= period.seen
            OR coalesce(invitation.answered_at < period.known, FALSE)""",
        dimensions=credited("invitation"),
        shown={"sent_at": "invitation.sent_at", "answered_at": "invitation.answered_at"},
    ),
    issues={"undelivered": _("Invitations that could not be delivered are left out.")},
)

KPIS = (CSAT, NPS, RESPONSE_RATE)
