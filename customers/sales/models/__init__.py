from customers.models.churn_reason import ChurnReason
from customers.sales.models.big_sale_rule import BigSaleRule
from customers.sales.models.buying_role import Attitude, BuyingRole, OpportunityContact
from customers.sales.models.campaign import Campaign, CampaignName
from customers.sales.models.campaign_member import CampaignMember, CampaignMemberChange, MemberState
from customers.sales.models.competitor import Competitor, CompetitorState, OpportunityCompetitor
from customers.sales.models.contract import GRACE, Contract, State
from customers.sales.models.contract_movement import ContractMovement
from customers.sales.models.contract_renewal import ContractRenewal, RenewalRules
from customers.sales.models.cost import Cost
from customers.sales.models.credit import CreditShare, CreditSplit
from customers.sales.models.currency import Money, totals
from customers.sales.models.currency_rate import CurrencyRate
from customers.sales.models.discard_reason import DiscardReason
from customers.sales.models.exit_criterion import CriterionTick, ExitCriterion
from customers.sales.models.forecast import ForecastAdjustment, ForecastFigure, ForecastSubmission
from customers.sales.models.lead import Lead
from customers.sales.models.lead_confirmation import LeadConfirmation
from customers.sales.models.lead_consent import LeadConsent
from customers.sales.models.lead_form import LeadForm
from customers.sales.models.lead_letter import LeadLetter
from customers.sales.models.lead_question import LeadAnswer, LeadQuestion
from customers.sales.models.lead_rule import Giving, LeadReceiver, LeadRule, LeadRuleCondition, LeadSettings
from customers.sales.models.lead_score import LeadScoreRule
from customers.sales.models.lead_source import LeadSource, LeadSourceField
from customers.sales.models.lead_target import LeadTarget
from customers.sales.models.mailing import Mailing, MailingText
from customers.sales.models.mailing_letter import LetterState, MailingLetter
from customers.sales.models.mailing_rules import MailingRules
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.opportunity_line import OpportunityLine
from customers.sales.models.order import Order, OrderLine
from customers.sales.models.order_return import OrderReturn, OrderReturnLine, ReturnReason
from customers.sales.models.pipeline import ForecastCategory, LostReason, Pipeline, Stage
from customers.sales.models.price_list import ListPrice, PriceList
from customers.sales.models.product import Product
from customers.sales.models.quota import Quota
from customers.sales.models.quote import Quote
from customers.sales.models.quote_line import QuoteLine
from customers.sales.models.quote_rules import QuoteRules
from customers.sales.models.received_lead import ReceivedLead
from customers.sales.models.rfm import RfmScore
from customers.sales.models.stage_change import CAPTURED, StageChange
from customers.sales.models.unit_cost import UnitCost
from customers.sales.models.win_chance import WinChance, WinCohort, WinFactor, WinJudgement

__all__ = [
    "CAPTURED",
    "GRACE",
    "Attitude",
    "BigSaleRule",
    "BuyingRole",
    "Campaign",
    "CampaignMember",
    "CampaignMemberChange",
    "CampaignName",
    "ChurnReason",
    "Competitor",
    "CompetitorState",
    "Contract",
    "ContractMovement",
    "ContractRenewal",
    "Cost",
    "CreditShare",
    "CreditSplit",
    "CriterionTick",
    "CurrencyRate",
    "DiscardReason",
    "ExitCriterion",
    "ForecastAdjustment",
    "ForecastCategory",
    "ForecastFigure",
    "ForecastSubmission",
    "Giving",
    "Lead",
    "LeadAnswer",
    "LeadConfirmation",
    "LeadConsent",
    "LeadForm",
    "LeadLetter",
    "LeadQuestion",
    "LeadReceiver",
    "LeadRule",
    "LeadRuleCondition",
    "LeadScoreRule",
    "LeadSettings",
    "LeadSource",
    "LeadSourceField",
    "LeadTarget",
    "LetterState",
    "ListPrice",
    "LostReason",
    "Mailing",
    "MailingLetter",
    "MailingRules",
    "MailingText",
    "MemberState",
    "Money",
    "Opportunity",
    "OpportunityCompetitor",
    "OpportunityContact",
    "OpportunityLine",
    "Order",
    "OrderLine",
    "OrderReturn",
    "OrderReturnLine",
    "Pipeline",
    "PriceList",
    "Product",
    "Quota",
    "Quote",
    "QuoteLine",
    "QuoteRules",
    "ReceivedLead",
    "RenewalRules",
    "ReturnReason",
    "RfmScore",
    "Stage",
    "StageChange",
    "State",
    "UnitCost",
    "WinChance",
    "WinCohort",
    "WinFactor",
    "WinJudgement",
    "totals",
]
