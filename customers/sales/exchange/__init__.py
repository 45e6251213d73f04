"""What comes in from files."""

from crm.exchange import declaring
from customers.sales.exchange.contracts import CONTRACTS
from customers.sales.exchange.costs import COSTS
from customers.sales.exchange.currency_rates import CURRENCY_RATES
from customers.sales.exchange.leads import LEADS
from customers.sales.exchange.opportunities import OPPORTUNITIES
from customers.sales.exchange.order_returns import ORDER_RETURNS
from customers.sales.exchange.orders import ORDERS
from customers.sales.exchange.products import COMPETITORS, PRODUCTS
from customers.sales.exchange.quotas import QUOTAS
from customers.sales.exchange.unit_costs import UNIT_COSTS


def register() -> None:
    declaring.register(CONTRACTS, COSTS, CURRENCY_RATES)
    declaring.register(ORDER_RETURNS, UNIT_COSTS)
    declaring.register(LEADS, PRODUCTS, ORDERS, OPPORTUNITIES, QUOTAS, COMPETITORS)
