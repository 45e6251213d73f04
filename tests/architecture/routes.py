"""What every route asks of whoever calls it. A route that is not declared here fails the run.

A declaration says which record the URL names (`kind`, in its `kwarg`), and which permission each method needs:

    "customer-edit": on("customer", GET=EDIT, POST=EDIT)      a record: invisible 404, visible but forbidden 403
    "customer-new": of("customer", GET=CREATE, POST=CREATE)   a kind: 403 unless a role grants it at all
    "home": anyone("GET")                                     everybody who is signed in
    "admin": administrators()                                 nobody but administrators

A method that is not named must be refused with 405 (or not be found); OPTIONS and HEAD follow GET.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crm.access.permissions import Verb

VIEW, CREATE, EDIT, DELETE, EXPORT, ASSIGN = Verb
ANYONE = "anyone"
PUBLIC = "public"
ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Route:
    methods: dict[str, str]
    kind: str = ""  # of the record in the URL, or of the permission
    kwarg: str = ""  # where the URL names the record
    others: dict[str, object] = field(default_factory=dict)  # further parts of the URL
    own: bool = False  # a thing that belongs to one person: 404 for everybody else
    missing: bool = False  # another part of the URL names something that does not exist: 404 for whoever gets that far
    also: tuple[tuple[str, str], ...] = ()  # (kind, verb) that is needed besides
    back: bool = False  # takes a record out of the bin: for whoever could have put it there, 404 for everybody else


def on(kind: str, kwarg: str = "pk", others: dict | None = None, **methods: Verb) -> Route:
    return Route(dict(methods), kind, kwarg, others or {})


def back(kind: str) -> Route:
    return Route({"POST": DELETE}, kind, "pk", back=True)


def of(kind: str, others: dict | None = None, **methods: Verb) -> Route:
    return Route(dict(methods), kind, "", others or {})


def erasing(kind: str, verb: Verb, needed: Verb, *methods: str) -> Route:
    """What is done with a person's data takes a permission of its own besides."""
    return Route(dict.fromkeys(methods, verb), kind, "pk", also=(("erasure", needed),))


def anyone(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, ANYONE), others=others)


def nobodys(*methods: str) -> Route:
    """A thing of one person: somebody else's, here one that does not exist, is not found."""
    return Route(dict.fromkeys(methods, ANYONE), others={"pk": 987_654_321}, own=True)


def public(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, PUBLIC), others=others)


def administrators(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, ADMINISTRATORS), others=others)


def administrators_on(kind: str, *methods: str) -> Route:
    return Route(dict.fromkeys(methods, ADMINISTRATORS), kind, "pk", {"kind": kind})


ROUTES: dict[str, Route] = {
    # Account and shell
    "home": anyone("GET"),
    "preferences": anyone("GET", "POST"),
    "set-language": public("POST"),
    "token-list": anyone("GET", "POST"),
    "mail-account": anyone("GET", "POST"),
    "mail-account-test": anyone("POST"),
    "mail-account-removal": anyone("POST"),
    "incoming-mail-retry": nobodys("POST"),
    "session-end": nobodys("POST"),
    "token-revocation": nobodys("POST"),
    "notification-list": anyone("GET", "POST"),
    "notifications-bell": anyone("GET"),
    "notification-reading": nobodys("POST"),
    "search": anyone("GET"),
    "search-palette": anyone("GET"),
    # Files of records: whoever may see, or change, the record
    "record-files": on("customer", others={"kind": "customer"}, GET=VIEW, POST=EDIT),
    "attachment-download": on("attachment", GET=VIEW),
    "attachment-removal": on("attachment", POST=DELETE),
    "attachment-restoration": back("attachment"),
    "api:attachment-list": anyone("GET", "POST"),  # that the record is asked for: test_attachments.py
    "api:attachment-detail": on("attachment", GET=VIEW, DELETE=DELETE),
    "api:attachment-content": on("attachment", GET=VIEW),
    "api:custom-field-list": anyone("GET"),  # of the kinds that one may view: test_custom_fields_everywhere.py
    "api:follower-list": anyone("GET", "POST"),  # by the records: test_api_together.py
    "api:follower-detail": nobodys("GET", "DELETE"),
    "api:reminder-list": anyone("GET", "POST"),
    "api:reminder-detail": nobodys("GET", "DELETE"),
    # With whom one opportunity or ticket is shared; a helper's refusal: test_sharing.py
    "record-sharing": on("opportunity", others={"kind": "opportunity"}, GET=VIEW),
    "record-share-new": on("opportunity", others={"kind": "opportunity"}, GET=EDIT, POST=EDIT),
    "record-share-level": on(
        "opportunity", others={"kind": "opportunity", "user_pk": 987_654_321, "level": "none"}, POST=EDIT
    ),
    "record-followers": on("customer", others={"kind": "customer"}, GET=VIEW, POST=VIEW),
    "record-reminder": on("task", others={"kind": "task"}, POST=VIEW),
    "following": anyone("GET"),
    "mention-options": anyone("GET"),
    "why": administrators_on("customer", "GET"),
    "begin": administrators("GET", "POST"),  # the demo ends: test_beginning.py
    "first-steps": administrators("GET"),
    "packs": administrators("GET", "POST"),  # test_packs.py
    "api:schema": anyone("GET"),
    # Merges and bulk edits: one's own, and administrators'
    "bin": anyone("GET"),
    "operation-list": anyone("GET"),
    "operation-detail": nobodys("GET"),
    "operation-undoing": nobodys("POST"),
    "bulk-run-detail": nobodys("GET"),
    "bulk-run-progress": nobodys("GET"),
    "bulk-run-going-on": nobodys("POST"),
    "bulk-run-stopping": nobodys("POST"),
    "api:operation-list": anyone("GET"),
    "api:operation-detail": nobodys("GET"),
    "api:operation-undoing": nobodys("POST"),
    "api:duplicate-list": of("customer", GET=VIEW),
    "api:duplicate-detail": nobodys("GET"),
    "api:duplicate-dismissal": nobodys("POST"),
    "api:duplicate-check": of("customer", POST=CREATE),
    # Imports: a file is its importer's own business, and administrators'
    "import-list": of("import", GET=VIEW),
    "import-new": of("import", GET=CREATE, POST=CREATE),
    "import-detail": on("import", GET=VIEW),
    "import-columns": on("import", GET=EDIT, POST=EDIT),
    "import-preview": on("import", POST=EDIT),
    "import-progress": on("import", GET=VIEW),
    "import-run": on("import", POST=EDIT),
    "import-undoing": on("import", POST=EDIT),
    "import-errors": on("import", GET=VIEW),
    # Customers
    "customer-options": of("customer", GET=VIEW),
    "customer-map": of("customer", GET=VIEW),
    "duplicate-check": of("customer", POST=CREATE),
    "duplicate-collaboration": of("customer", POST=CREATE),
    "duplicate-dismissal": on("customer", others={"other_pk": 987_654_321}, POST=EDIT),
    "customer-merge-with": on("customer", GET=EDIT, POST=EDIT),
    "customer-merge": on("customer", others={"other_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "customer-new": of("customer", GET=CREATE, POST=CREATE),
    "customer-detail": on("customer", GET=VIEW),
    "customer-edit": on("customer", GET=EDIT, POST=EDIT),
    "customer-delete": on("customer", GET=DELETE, POST=DELETE),
    "customer-restoration": back("customer"),
    "customer-hand-over": on("customer", GET=ASSIGN, POST=ASSIGN),
    "customer-lifecycle": on("customer", GET=EDIT, POST=EDIT),
    "segment-new": of("segment", GET=CREATE, POST=CREATE),
    "segment-detail": on("segment", GET=VIEW),
    "segment-edit": on("segment", GET=EDIT, POST=EDIT),
    "segment-delete": on("segment", GET=DELETE, POST=DELETE),
    "segment-restoration": back("segment"),
    "customer-claim": on("pool", POST=EDIT),
    "api:pool-list": of("pool", GET=VIEW),
    "api:pool-detail": on("pool", GET=VIEW),
    "api:pool-claim": on("pool", POST=EDIT),
    "customer-release": on("customer", GET=EDIT, POST=EDIT),  # a collaborator's refusal: test_pool.py
    "customer-holders": on("customer", GET=VIEW),
    "customer-timeline": on("customer", GET=VIEW),
    "customer-family": on("customer", GET=VIEW),
    "customer-contacts": on("customer", GET=VIEW),
    "customer-tasks": on("customer", GET=VIEW),
    "customer-collaborators": on("customer", GET=VIEW),
    "collaborator-new": on("customer", GET=EDIT, POST=EDIT),  # a collaborator's refusal: test_customers_views.py
    "collaborator-removal": on("customer", others={"user_pk": 987_654_321}, POST=EDIT),
    "customer-tags": on("customer", GET=EDIT, POST=EDIT),
    "customer-point-new": on("customer", GET=EDIT, POST=EDIT),
    "customer-point-edit": on("customer", others={"point_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "customer-point-removal": on("customer", others={"point_pk": 987_654_321}, POST=EDIT),
    "contact-erasure": erasing("contact", EDIT, CREATE, "GET", "POST"),
    "customer-erasure": erasing("customer", EDIT, CREATE, "GET", "POST"),
    "contact-personal-data": erasing("contact", VIEW, EXPORT, "GET"),
    "customer-personal-data": erasing("customer", VIEW, EXPORT, "GET"),
    "api:contact-personal-data": erasing("contact", VIEW, EXPORT, "GET"),
    "api:customer-personal-data": erasing("customer", VIEW, EXPORT, "GET"),
    "customer-summary": on("customer", GET=VIEW),
    "erasure-detail": on("erasure", GET=VIEW),
    "erasure-execution": on("erasure", GET=EDIT, POST=EDIT),
    "erasure-refusal": on("erasure", GET=EDIT, POST=EDIT),
    "contact-tags": on("contact", GET=EDIT, POST=EDIT),
    "contact-consent-new": on("contact", GET=EDIT, POST=EDIT),
    "contact-point-new": on("contact", GET=EDIT, POST=EDIT),
    "contact-point-edit": on("contact", others={"point_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "contact-point-removal": on("contact", others={"point_pk": 987_654_321}, POST=EDIT),
    "contact-new": of("contact", GET=CREATE, POST=CREATE),
    "contact-detail": on("contact", GET=VIEW),
    "contact-edit": on("contact", GET=EDIT, POST=EDIT),
    "contact-delete": on("contact", GET=DELETE, POST=DELETE),
    "contact-restoration": back("contact"),
    "contact-timeline": on("contact", GET=VIEW),
    "contact-link-new": on("contact", GET=EDIT, POST=EDIT),
    "contact-leaving": on("contact", others={"customer_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "contact-link-removal": on("contact", others={"customer_pk": 987_654_321}, POST=EDIT),
    "contact-main": on("contact", others={"customer_pk": 987_654_321}, POST=EDIT),
    "activity-new": of("activity", GET=CREATE, POST=CREATE),
    "activity-people": of("activity", GET=CREATE),
    "activity-detail": on("activity", GET=VIEW),
    "activity-edit": on("activity", GET=EDIT, POST=EDIT),
    "activity-delete": on("activity", GET=DELETE, POST=DELETE),
    "activity-restoration": back("activity"),
    "email-new": of("email", GET=CREATE, POST=CREATE),
    "email-text": of("email", GET=CREATE),
    "email-detail": on("email", GET=VIEW),
    "email-resending": on("email", POST=EDIT),
    "email-sharing": on("email", POST=EDIT),
    "email-privacy": on("email", POST=EDIT),
    "today": of("task", GET=VIEW),
    "today-page": of("task", GET=VIEW),
    "today-snoozing": on("task", others={"kind": "task"}, GET=VIEW, POST=VIEW),
    "today-waking": on("task", others={"kind": "task"}, POST=VIEW),
    "api:today-list": of("task", GET=VIEW),
    "api:calendar-list": of("task", GET=VIEW),
    "api:task-snooze": on("task", POST=VIEW),
    "task-result": on("task", GET=EDIT, POST=EDIT),
    "task-repetition": on("task", GET=EDIT, POST=EDIT),
    "task-time": on("task", GET=EDIT, POST=EDIT),
    "calendar": of("task", GET=VIEW),
    "calendar-feed": of("task", GET=VIEW, POST=VIEW),
    "calendar-feed-revocation": of("task", POST=VIEW),
    "calendar-feed-file": Route({"GET": PUBLIC}, others={"secret": "unknown"}, missing=True),
    "task-new": of("task", GET=CREATE, POST=CREATE),
    "task-detail": on("task", GET=VIEW),
    "task-edit": on("task", GET=EDIT, POST=EDIT),
    "task-completion": on("task", POST=EDIT),
    "task-reopening": on("task", POST=EDIT),
    "task-assignment": on("task", GET=ASSIGN, POST=ASSIGN),
    "task-delete": on("task", GET=DELETE, POST=DELETE),
    "task-restoration": back("task"),
    # Sales
    "lead-form": Route({"GET": PUBLIC, "POST": PUBLIC}, others={"key": "unknown"}, missing=True),
    "quote-answer": Route({"GET": PUBLIC, "POST": PUBLIC}, others={"token": "unknown"}, missing=True),
    "quote-answer-pdf": Route({"GET": PUBLIC}, others={"token": "unknown"}, missing=True),
    "price-proposal": of("product", GET=VIEW),
    "lead-confirmation": Route({"GET": PUBLIC, "POST": PUBLIC}, others={"token": "unknown"}, missing=True),
    "lead-source": Route({"GET": PUBLIC, "POST": PUBLIC}, others={"key": "unknown"}, missing=True),
    "lead-new": of("lead", GET=CREATE, POST=CREATE),
    "lead-detail": on("lead", GET=VIEW),
    "lead-timeline": on("lead", GET=VIEW),
    "lead-edit": on("lead", GET=EDIT, POST=EDIT),
    "lead-delete": on("lead", GET=DELETE, POST=DELETE),
    "lead-restoration": back("lead"),
    "lead-address": on("lead", POST=EDIT),
    "lead-taking": on("lead", POST=EDIT),
    "lead-assignment": on("lead", POST=EDIT),
    "lead-answers": on("lead", GET=EDIT, POST=EDIT),
    "lead-contact": on("lead", GET=EDIT, POST=EDIT),
    "lead-discarding": on("lead", GET=EDIT, POST=EDIT),
    "lead-reopening": on("lead", POST=EDIT),
    "lead-conversion": on("lead", GET=EDIT, POST=EDIT),
    "lead-conversion-undoing": on("lead", GET=EDIT, POST=EDIT),
    "lead-handover": on("lead", GET=ASSIGN, POST=ASSIGN),
    "opportunity-board": of("opportunity", GET=VIEW),
    "opportunity-board-totals": of("opportunity", GET=VIEW),
    "opportunity-board-more": of("opportunity", GET=VIEW),
    "pipeline-waterfall": of("opportunity", GET=VIEW),
    "pipeline-waterfall-records": of("opportunity", GET=VIEW),
    "pipeline-waterfall-export": of("opportunity", GET=EXPORT),
    "pipeline-conversion": of("opportunity", GET=VIEW),
    "win-probability": of("opportunity", GET=VIEW),
    "forecast": of("forecast", GET=VIEW),
    "forecast-new": of("forecast", GET=CREATE, POST=CREATE),
    "forecast-detail": on("forecast", GET=VIEW),
    "forecast-adjustment": on("forecast", GET=EDIT, POST=EDIT),
    "forecast-board": of("opportunity", GET=VIEW),
    "opportunity-close-month": on("opportunity", POST=EDIT),
    "quota-table": of("quota", GET=VIEW),
    "quota-year": Route({"GET": EDIT, "POST": EDIT}, "quota", missing=True),
    "opportunity-new": of("opportunity", GET=CREATE, POST=CREATE),
    "opportunity-detail": on("opportunity", GET=VIEW),
    "opportunity-timeline": on("opportunity", GET=VIEW),
    "opportunity-edit": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-tags": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-delete": on("opportunity", POST=DELETE),
    "opportunity-stage": on("opportunity", POST=EDIT),
    "opportunity-close-date": on("opportunity", GET=EDIT, POST=EDIT),
    "next-step-coverage": of("opportunity", GET=VIEW),
    "api:next-step-coverage-list": of("opportunity", GET=VIEW),
    "api:pipeline-as-of-list": of("opportunity", GET=VIEW),
    "api:waterfall-list": of("opportunity", GET=VIEW),
    "api:waterfall-records-list": of("opportunity", GET=VIEW),
    "api:stage-conversion-list": of("opportunity", GET=VIEW),
    "api:opportunity-win-probability": on("opportunity", GET=VIEW),
    "opportunity-lines": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-exit": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-tick": on("opportunity", POST=EDIT),
    "opportunity-people": on("opportunity", GET=VIEW),
    "opportunity-person-new": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-person-edit": on("opportunity", others={"contact_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "opportunity-person-removal": on("opportunity", others={"contact_pk": 987_654_321}, POST=EDIT),
    "opportunity-competitors": on("opportunity", GET=VIEW),
    "opportunity-competitor-new": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-competitor-edit": on("opportunity", others={"competitor_pk": 987_654_321}, GET=EDIT, POST=EDIT),
    "opportunity-competitor-removal": on("opportunity", others={"competitor_pk": 987_654_321}, POST=EDIT),
    "opportunity-credit": on("opportunity", GET=VIEW),
    "opportunity-division": on("opportunity", GET=ASSIGN, POST=ASSIGN),
    "contact-opportunities": on("contact", GET=VIEW),
    "competitor-new": of("competitor", GET=CREATE, POST=CREATE),
    "competitor-detail": on("competitor", GET=VIEW),
    "competitor-timeline": on("competitor", GET=VIEW),
    "competitor-edit": on("competitor", GET=EDIT, POST=EDIT),
    "competitor-delete": on("competitor", GET=DELETE, POST=DELETE),
    "competitor-restoration": back("competitor"),
    "opportunity-win": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-loss": on("opportunity", GET=EDIT, POST=EDIT),
    "opportunity-reopening": on("opportunity", POST=EDIT),
    "opportunity-handover": on("opportunity", GET=ASSIGN, POST=ASSIGN),
    "order-new": of("order", GET=CREATE, POST=CREATE),
    "order-detail": on("order", GET=VIEW),
    "order-edit": on("order", GET=EDIT, POST=EDIT),
    "order-delete": on("order", POST=DELETE),
    "order-return": on("order", GET=EDIT, POST=EDIT),
    "order-return-cancellation": Route(
        {"GET": EDIT, "POST": EDIT}, "order", "pk", others={"return_pk": 987_654_321}, missing=True
    ),
    "product-new": of("product", GET=CREATE, POST=CREATE),
    "product-detail": on("product", GET=VIEW),
    "product-edit": on("product", GET=EDIT, POST=EDIT),
    "product-delete": on("product", POST=DELETE),
    "my-opportunities": of("opportunity", GET=VIEW),
    # Numbers, goals and health. The scope of a number is its own test: test_dashboard_pages.py
    "dashboard": of("measurement", GET=VIEW),
    "segment-tile": of("measurement", others={"code": "win_rate"}, GET=VIEW),
    # What a tile shows is asked as its viewer: test_dashboards_composed.py
    "dashboard-new": of("dashboard", GET=CREATE, POST=CREATE),
    "dashboard-detail": on("dashboard", GET=VIEW),
    "dashboard-edit": on("dashboard", GET=EDIT, POST=EDIT),
    "dashboard-delete": on("dashboard", GET=DELETE, POST=DELETE),
    "dashboard-restoration": back("dashboard"),
    "dashboard-home": on("dashboard", POST=VIEW),
    "dashboard-tile": on("dashboard", others={"tile": "first"}, GET=VIEW),
    "dashboard-tile-edit": on("dashboard", others={"tile": "first"}, GET=EDIT, POST=EDIT),
    "dashboard-tile-place": on("dashboard", others={"tile": "first"}, POST=EDIT),
    "kpi-list": of("kpi", GET=VIEW),
    "kpi-detail": of("measurement", others={"code": "win_rate"}, GET=VIEW),
    "kpi-explanation": of("measurement", others={"code": "win_rate"}, GET=VIEW),
    "kpi-reasons": of("measurement", others={"code": "churn_rate"}, GET=VIEW),
    "retention-curve": of("measurement", GET=VIEW),
    "api:retention-curve-list": of("measurement", GET=VIEW),
    "api:churn-reason-list": of("measurement", GET=VIEW),
    "kpi-restatement": of("measurement", others={"code": "win_rate"}, GET=VIEW),
    "kpi-evidence": of("measurement", others={"code": "win_rate"}, GET=EXPORT),
    "team-numbers": of("measurement", GET=EDIT),
    "my-goals": of("goal", GET=VIEW),
    "goal-new": of("goal", GET=CREATE, POST=CREATE),
    "goal-detail": on("goal", GET=VIEW),
    "goal-edit": on("goal", GET=ASSIGN, POST=ASSIGN),
    "goal-acknowledgement": on("goal", POST=EDIT),
    "goal-objection": on("goal", GET=EDIT, POST=EDIT),
    "goal-retirement": on("goal", GET=ASSIGN, POST=ASSIGN),
    "campaign-numbers": on("campaign", GET=VIEW),
    "customer-health": on("customer", GET=VIEW),
    "customer-plans": on("customer", GET=VIEW),
    # Reviews and plans. Whose step it is says the action: an explained refusal, and nothing changed
    "cycle-new": of("review_cycle", GET=CREATE, POST=CREATE),
    "cycle-detail": on("review_cycle", GET=VIEW),
    "cycle-edit": on("review_cycle", GET=EDIT, POST=EDIT),
    "cycle-delete": on("review_cycle", POST=DELETE),
    "cycle-state": on("review_cycle", POST=EDIT),
    "reviews-waiting": of("review", GET=VIEW),
    "review-detail": on("review", GET=VIEW),
    "review-report": on("review", GET=VIEW),
    "review-export": on("review", others={"format": "csv"}, GET=VIEW),
    "review-members": on("review", GET=VIEW),
    "review-verification": on("review", GET=VIEW),
    "review-records": on("review", others={"code": "win_rate"}, GET=VIEW),
    "review-comments": on("review", POST=EDIT),
    "review-skip": on("review", POST=EDIT),
    "review-meeting": on("review", POST=EDIT),
    "review-signature": on("review", GET=EDIT, POST=EDIT),
    "review-dispute": on("review", others={"code": "win_rate"}, GET=EDIT, POST=EDIT),
    "review-settlement": on("review", others={"code": "win_rate"}, GET=EDIT, POST=EDIT),
    "review-withdrawal": on("review", others={"code": "win_rate"}, POST=EDIT),
    "plan-new": of("action_plan", GET=CREATE, POST=CREATE),
    "plan-detail": on("action_plan", GET=VIEW),
    "plan-edit": on("action_plan", GET=EDIT, POST=EDIT),
    "plan-delete": on("action_plan", POST=DELETE),
    "plan-state": on("action_plan", POST=EDIT),
    "plan-conclusion": on("action_plan", GET=EDIT, POST=EDIT),
    "plan-step-new": on("action_plan", GET=EDIT, POST=EDIT),
    "plan-step-removal": on("action_plan", others={"step_pk": 987_654_321}, POST=EDIT),
    "plan-step": on("action_step", GET=VIEW),
    "customer-opportunities": on("customer", GET=VIEW),
    "customer-orders": on("customer", GET=VIEW),
    "customer-rfm": on("customer", GET=VIEW),
    "customer-contracts": on("customer", GET=VIEW),
    "customer-quotes": on("customer", GET=VIEW),
    "opportunity-quotes": on("opportunity", GET=VIEW),
    "quote-new": of("quote", GET=CREATE, POST=CREATE),
    "quote-detail": on("quote", GET=VIEW),
    "quote-timeline": on("quote", GET=VIEW),
    "quote-pdf": on("quote", GET=VIEW),
    "quote-edit": on("quote", GET=EDIT, POST=EDIT),
    "quote-delete": on("quote", GET=DELETE, POST=DELETE),
    "quote-restoration": back("quote"),
    "quote-sending": on("quote", GET=EDIT, POST=EDIT),
    "quote-answer-noted": on("quote", GET=EDIT, POST=EDIT),
    "quote-version": on("quote", POST=EDIT),
    "quote-ordering": on("quote", POST=EDIT),
    "quote-handover": on("quote", GET=ASSIGN, POST=ASSIGN),
    "campaign-new": of("campaign", GET=CREATE, POST=CREATE),
    "campaign-detail": on("campaign", GET=VIEW),
    "campaign-timeline": on("campaign", GET=VIEW),
    "campaign-edit": on("campaign", GET=EDIT, POST=EDIT),
    "campaign-delete": on("campaign", GET=DELETE, POST=DELETE),
    "campaign-restoration": back("campaign"),
    # A mailing: for a campaign one may change, and sent by whoever may change mailings; its link is open to everybody
    "mailing-new": Route({"GET": EDIT, "POST": EDIT}, "campaign", "pk", also=(("mailing", CREATE),)),
    "mailing-detail": on("mailing", GET=VIEW),
    "mailing-timeline": on("mailing", GET=VIEW),
    "mailing-progress": on("mailing", GET=VIEW),
    "mailing-letters": on("mailing", others={"figure": "planned"}, GET=VIEW),
    "mailing-edit": on("mailing", GET=EDIT, POST=EDIT),
    "mailing-delete": on("mailing", GET=DELETE, POST=DELETE),
    "mailing-restoration": back("mailing"),
    "mailing-preparation": on("mailing", POST=EDIT),
    "mailing-test-letter": on("mailing", POST=EDIT),
    "mailing-start": on("mailing", GET=EDIT, POST=EDIT),
    "mailing-stop": on("mailing", POST=EDIT),
    "mailing-resumption": on("mailing", POST=EDIT),
    "unsubscription": public("GET", "POST", token="test"),
    "campaign-members": on("campaign", POST=EDIT),
    "campaign-member-new": on("campaign", GET=EDIT, POST=EDIT),
    "cost-new": of("cost", GET=CREATE, POST=CREATE),
    "cost-detail": on("cost", GET=VIEW),
    "cost-taking-back": on("cost", GET=EDIT, POST=EDIT),
    "opportunity-attribution": on("opportunity", GET=VIEW),
    "contract-new": of("contract", GET=CREATE, POST=CREATE),
    "contract-detail": on("contract", GET=VIEW),
    "contract-timeline": on("contract", GET=VIEW),
    "contract-edit": on("contract", GET=EDIT, POST=EDIT),
    "contract-delete": on("contract", GET=DELETE, POST=DELETE),
    "contract-restoration": back("contract"),
    "contract-value": on("contract", GET=EDIT, POST=EDIT),
    "contract-renewal": on("contract", GET=EDIT, POST=EDIT),
    "contract-end": on("contract", GET=EDIT, POST=EDIT),
    "contract-reactivation": on("contract", GET=EDIT, POST=EDIT),
    "contract-correction": on("contract", GET=EDIT, POST=EDIT),
    "contract-handover": on("contract", GET=ASSIGN, POST=ASSIGN),
    "opportunity-restoration": back("opportunity"),
    "order-restoration": back("order"),
    "product-restoration": back("product"),
    # Service
    "ticket-new": of("ticket", GET=CREATE, POST=CREATE),
    "ticket-detail": on("ticket", GET=VIEW),
    "ticket-edit": on("ticket", GET=EDIT, POST=EDIT),
    "ticket-tags": on("ticket", GET=EDIT, POST=EDIT),
    "ticket-delete": on("ticket", POST=DELETE),
    "ticket-restoration": back("ticket"),
    "ticket-clock": on("ticket", GET=VIEW),
    "ticket-presence": on("ticket", POST=VIEW),
    "ticket-reply": on("ticket", POST=EDIT),
    "ticket-note": on("ticket", POST=EDIT),
    "ticket-customer-message": on("ticket", POST=EDIT),
    "ticket-pause": on("ticket", POST=EDIT),
    "ticket-resumption": on("ticket", POST=EDIT),
    "ticket-resolution": on("ticket", POST=EDIT),
    "ticket-reopening": on("ticket", POST=EDIT),
    "ticket-closure": on("ticket", POST=EDIT),
    "ticket-taking": on("ticket", POST=EDIT),
    "ticket-release": on("ticket", POST=EDIT),
    "ticket-assignment": on("ticket", GET=ASSIGN, POST=ASSIGN),
    "ticket-queue": on("ticket", GET=EDIT, POST=EDIT),
    "ticket-priority": on("ticket", GET=EDIT, POST=EDIT),
    "ticket-state": on("ticket", GET=EDIT, POST=EDIT),
    "ticket-asker": on("ticket", GET=VIEW),
    "ticket-others": on("ticket", GET=VIEW),
    "ticket-survey": on("ticket", GET=VIEW),
    "customer-tickets": on("customer", GET=VIEW),
    "ticket-upcoming": of("ticket", GET=EDIT),
    # Surveys
    "survey-answer": Route({"GET": PUBLIC, "POST": PUBLIC}, others={"token": "unknown"}, missing=True),
    "survey-detail": on("survey", GET=VIEW),
    "response-detail": on("response", GET=VIEW),
    "invitation-detail": on("invitation", GET=VIEW),
    "invitation-new": of("invitation", GET=CREATE, POST=CREATE),
    "customer-responses": on("customer", GET=VIEW),
}
