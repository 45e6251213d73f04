from customers.sales.models.opportunity import Opportunity, StageChange
from customers.sales.models.order import Order, OrderLine
from customers.sales.models.pipeline import LostReason, Pipeline, Stage
from customers.sales.models.product import Product

__all__ = ["LostReason", "Opportunity", "Order", "OrderLine", "Pipeline", "Product", "Stage", "StageChange"]
