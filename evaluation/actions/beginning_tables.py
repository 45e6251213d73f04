"""Which tables are records, which are how the organisation works, and which belong to a person or to the program.

A model that stands in none of these fails a test: whoever adds one says what becomes of it when a demo is taken away.
"""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

# What people did, and what was worked out of it.
RECORDS = {
    "crm": "Attachment BulkRun Delivery Event EventLink Follow IdempotencyKey ImportBatch ImportJournal ImportRow "
    "IncomingMail Mention Notification Operation OperationPart Reminder SavedView SearchDocument Share WebhookCall",
    "customers": "Activity Activity_colleagues Activity_contacts Collaborator Consent Contact ContactPoint Customer "
    "CustomerContact Duplicate Email ErasedAddress ErasureRequest MatchKey Place PoolMove Segment SegmentMember Snooze "
    "Standing Task TaskSeries Unsubscription",
    "sales": "Campaign CampaignMember CampaignMemberChange CampaignName Competitor Contract ContractMovement "
    "ContractRenewal Cost CreditShare CreditSplit CriterionTick CurrencyRate ForecastAdjustment ForecastFigure "
    "ForecastSubmission Lead LeadAnswer LeadConfirmation LeadConsent LeadLetter ListPrice Mailing MailingLetter "
    "MailingText Opportunity OpportunityCompetitor OpportunityContact OpportunityLine Order OrderLine OrderReturn "
    "OrderReturnLine Product Quota Quote QuoteLine ReceivedLead RfmScore StageChange UnitCost WinChance WinCohort "
    "WinFactor WinJudgement",
    "service": "Message Ticket TicketEvent",
    "surveys": "Answer Invitation Response",
    "evaluation": "ActionPlan Cycle CycleMember Dashboard Dispute EffectMeasurement FrozenLine FrozenRecord Goal "
    "GoalVersion HealthScore HealthSnapshot HomeDashboard MeasuredFact MeasuredMember Measurement PlanStep Review "
    "ReviewComment Signature SignedReport",
}
# How the organisation works, as administrators tell the program.
CONFIGURATION = {
    "crm": "BusinessCalendar CalendarFrame CalendarHoliday CustomField CustomFieldChoice MailTemplate Role RoleField "
    "RoleGrant Webhook",
    "customers": "CadenceRule ChurnReason PoolRule Purpose SourceChannel Tag",
    "sales": "BigSaleRule BigSaleRule_people DiscardReason ExitCriterion LeadForm LeadQuestion LeadRule "
    "LeadRuleCondition LeadScoreRule LeadSettings "
    "LeadSource LeadSourceField LeadTarget LostReason MailingRules Pipeline PriceList QuoteRules RenewalRules "
    "ReturnReason Stage",
    "service": "Queue SlaPolicy SlaTarget TicketState",
    "surveys": "Question Survey",
    "evaluation": "CycleTemplate KpiVersion",
}
# Of these, what is counted for people to see; the others are parts of these.
NAMED = {
    "sales": "Pipeline Stage ExitCriterion BigSaleRule LostReason DiscardReason ReturnReason PriceList LeadForm "
    "LeadRule LeadScoreRule LeadQuestion LeadSource",
    "customers": "SourceChannel ChurnReason Purpose CadenceRule PoolRule Tag",
    "service": "Queue SlaPolicy TicketState",
    "surveys": "Survey",
    "evaluation": "KpiVersion CycleTemplate",
    "crm": "BusinessCalendar CustomField MailTemplate Role Webhook",
}
# People, and what goes with a person; `User_roles` is told anew where roles are installed again.
PEOPLE = {
    "crm": "ApiToken ChosenColumns ImportProfile MailAccount Team User User_roles",
    "customers": "CalendarFeed DailySummary",
    "sales": "LeadReceiver",
    "admin": "LogEntry",
    "account": "EmailAddress EmailConfirmation",
    "mfa": "Authenticator",
    "usersessions": "UserSession",
}
# What the program writes for itself.
PROGRAM = {
    "crm": "JobRun",
    "auth": "Group Group_permissions Permission",
    "contenttypes": "ContentType",
    "sessions": "Session",
}


def models_of(listed: dict[str, str]) -> list[type[Model]]:
    return [apps.get_model(app, name) for app, names in listed.items() for name in names.split()]


def to_truncate(going: list[type[Model]]) -> list[type[Model]]:
    """Those of them that no table points to which stays: what PostgreSQL empties in one step, however full."""
    stored = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    found = set(going)
    while True:
        pointed_to = {
            field.related_model
            for model in stored
            if model not in found
            for field in model._meta.concrete_fields
            if field.is_relation
        }
        if not found & pointed_to:
            return [model for model in going if model in found]
        found -= pointed_to
