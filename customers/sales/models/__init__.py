from customers.sales.models.currency import Money, totals
from customers.sales.models.forecast import ForecastAdjustment, ForecastFigure, ForecastSubmission
from customers.sales.models.lead import Lead
from customers.sales.models.lead_form import LeadForm
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.order import Order, OrderLine
from customers.sales.models.pipeline import ForecastCategory, LostReason, Pipeline, Stage
from customers.sales.models.product import Product
from customers.sales.models.stage_change import CAPTURED, StageChange

__all__ = [
    "CAPTURED",
    "ForecastAdjustment",
    "ForecastCategory",
    "ForecastFigure",
    "ForecastSubmission",
    "Lead",
    "LeadForm",
    "LostReason",
    "Money",
    "Opportunity",
    "Order",
    "OrderLine",
    "Pipeline",
    "Product",
    "Stage",
    "StageChange",
    "totals",
]
