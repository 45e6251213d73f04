"""What administrators configure of sales: each module registers its pages."""

from customers.sales.admin import lead_sources, leads, pipelines, prices, records, rules  # noqa: F401
