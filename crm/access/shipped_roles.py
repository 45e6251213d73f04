"""The roles an installation starts with. They are stored, and can be edited in the admin site."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from crm.access.permissions import Reach, Verb

VIEW, CREATE, EDIT, DELETE, EXPORT, ASSIGN = Verb
READ = (VIEW, EXPORT)
WORK = (VIEW, CREATE, EDIT)
MANAGE = (VIEW, CREATE, EDIT, DELETE, EXPORT, ASSIGN)

Grants = dict[str, dict[Verb, Reach]]


@dataclass(frozen=True)
class ShippedRole:
    code: str
    name: str
    description: str
    grants: Grants = field(default_factory=dict)


def _grant(reach: Reach, verbs: tuple[Verb, ...], *kinds: str) -> Grants:
    return {kind: dict.fromkeys(verbs, reach) for kind in kinds}


def _merge(*parts: Grants) -> Grants:
    """Later parts win, verb by verb."""
    merged: Grants = {}
    for part in parts:
        for kind, verbs in part.items():
            merged.setdefault(kind, {}).update(verbs)
    return merged


CATALOGUE = (
    "product", "competitor", "pipeline", "currency_rate", "kpi", "survey", "team", "person", "queue", "calendar",
)  # fmt: skip
SELLING = ("customer", "contact", "activity", "task", "lead", "opportunity", "quote", "order", "contract")
SEGMENTS = ("segment",)
POOL = ("pool",)  # customers that nobody owns
MARKETING = ("campaign", "cost")
MAILING = ("mailing",)  # to create or edit one is to send it
FORECASTING = ("forecast", "quota")
SERVING = ("ticket",)
LISTENING = ("invitation", "response")
EVALUATING = ("measurement", "goal", "review_cycle", "review", "action_plan", "health_score")
WRITING = ("email",)  # one's own letters; what is shared is seen with the activity
ARRANGING = ("saved_view", "dashboard")  # how somebody likes to look at things; to assign is to share
TOOLS = (*ARRANGING, "import")
PRIVACY = ("erasure",)  # to export is to hand a person what is held about them
ERASE = (VIEW, CREATE, EDIT, EXPORT)
ALL_KINDS = (
    CATALOGUE + SELLING + MARKETING + MAILING + SEGMENTS + POOL + FORECASTING + SERVING + LISTENING + EVALUATING
    + WRITING + TOOLS
)  # fmt: skip

SHIPPED_ROLES = [
    ShippedRole(
        "sales_rep",
        gettext_noop("Sales rep"),
        gettext_noop("Works with their own customers and opportunities and sees those of the team."),
        _merge(
            _grant(Reach.ALL, (VIEW,), *CATALOGUE),
            _grant(Reach.TEAM, (VIEW, CREATE), *SELLING),
            _grant(Reach.TEAM, (VIEW, EDIT), *POOL),  # to edit is to claim
            _grant(Reach.OWN, (EDIT, DELETE, EXPORT), *SELLING),
            _grant(Reach.TEAM, (EDIT,), "lead"),  # whoever of the team has time takes it
            _grant(Reach.OWN, WORK, *WRITING),
            _grant(Reach.ALL, (VIEW,), "campaign", *MAILING),
            _grant(Reach.OWN, (CREATE, EDIT, DELETE, EXPORT), "campaign"),
            _grant(Reach.OWN, (VIEW, CREATE, EXPORT), "forecast"),
            _grant(Reach.OWN, READ, "quota"),
            _grant(Reach.OWN, (VIEW, CREATE), *SERVING),
            _grant(Reach.OWN, (VIEW,), *LISTENING),
            _grant(Reach.OWN, (VIEW,), *EVALUATING),
            _grant(Reach.OWN, (EDIT,), "goal", "review", "action_plan"),
            _grant(Reach.OWN, MANAGE, *ARRANGING),
            _grant(Reach.TEAM, (VIEW,), *SEGMENTS),
            _grant(Reach.OWN, (CREATE, EDIT, DELETE, EXPORT), *SEGMENTS),
        ),
    ),
    ShippedRole(
        "support_agent",
        gettext_noop("Support agent"),
        gettext_noop("Answers the tickets of the team and sees the customers they come from."),
        _merge(
            _grant(Reach.ALL, (VIEW,), *CATALOGUE, "customer", "contact", "activity"),
            _grant(Reach.OWN, (CREATE, EDIT), "activity", "task", "contact"),
            _grant(Reach.OWN, WORK, *WRITING),
            _grant(Reach.TEAM, (VIEW,), "task"),
            _grant(Reach.TEAM, (VIEW, CREATE, EDIT, EXPORT), *SERVING),
            _grant(Reach.TEAM, (VIEW,), *LISTENING),
            _grant(Reach.OWN, (VIEW,), *EVALUATING),
            _grant(Reach.OWN, (EDIT,), "goal", "review", "action_plan"),
            _grant(Reach.OWN, MANAGE, *ARRANGING),
        ),
    ),
    ShippedRole(
        "sales_manager",
        gettext_noop("Sales manager"),
        gettext_noop("Manages the customers, opportunities, goals and reviews of the team and the teams below."),
        _merge(
            _grant(Reach.ALL, (VIEW,), *CATALOGUE),
            _grant(Reach.SUBTREE, MANAGE, *SELLING, *MARKETING, *MAILING, *FORECASTING),
            _grant(Reach.ALL, (VIEW,), "campaign", *MAILING),
            _grant(Reach.SUBTREE, (VIEW, EDIT, EXPORT), *POOL),
            _grant(Reach.SUBTREE, MANAGE, *SEGMENTS),
            _grant(Reach.OWN, WORK, *WRITING),
            _grant(Reach.ALL, (CREATE, EDIT), "competitor"),
            _grant(Reach.SUBTREE, (EDIT,), "criteria_override", "closed_correction"),
            _grant(Reach.SUBTREE, ERASE, *PRIVACY),
            _grant(Reach.SUBTREE, (VIEW, CREATE, EXPORT), *SERVING),
            _grant(Reach.SUBTREE, READ, *LISTENING),
            _grant(Reach.SUBTREE, MANAGE, *EVALUATING),
            _grant(Reach.SUBTREE, MANAGE, *TOOLS),
        ),
    ),
    ShippedRole(
        "service_manager",
        gettext_noop("Service manager"),
        gettext_noop("Manages the tickets, surveys, goals and reviews of the team and the teams below."),
        _merge(
            _grant(Reach.ALL, (VIEW,), *CATALOGUE, "customer", "contact", "activity"),
            _grant(Reach.SUBTREE, MANAGE, "contact", "activity", "task", *SERVING),
            _grant(Reach.ALL, (VIEW,), "contact", "activity"),
            _grant(Reach.OWN, WORK, *WRITING),
            _grant(Reach.SUBTREE, ERASE, *PRIVACY),
            _grant(Reach.SUBTREE, MANAGE, *LISTENING),
            _grant(Reach.SUBTREE, MANAGE, *EVALUATING),
            _grant(Reach.SUBTREE, MANAGE, *TOOLS),
        ),
    ),
    ShippedRole(
        "analyst",
        gettext_noop("Analyst"),
        gettext_noop("Reads and exports everything, changes nothing but their own saved views and dashboards."),
        _merge(
            _grant(Reach.ALL, READ, *ALL_KINDS),
            _grant(Reach.OWN, (CREATE, EDIT, DELETE), *ARRANGING),
        ),
    ),
    ShippedRole(
        "administrator",
        gettext_noop("Administrator"),
        gettext_noop("Configures the installation and may do everything to every record."),
        _grant(Reach.ALL, MANAGE, *ALL_KINDS, *PRIVACY, "criteria_override", "closed_correction", "settings"),
    ),
]
