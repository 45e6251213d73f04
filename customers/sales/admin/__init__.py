"""What administrators configure of sales: each module registers its pages."""

from customers.sales.admin import big_sales, lead_sources, leads, pipelines, prices, records, rules  # noqa: F401
