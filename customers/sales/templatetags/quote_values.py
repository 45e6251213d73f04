from __future__ import annotations

from decimal import Decimal

from django import template

from customers.sales.views.quote_pdf import rate_of

register = template.Library()


@register.simple_tag
def tax_rate(rate: Decimal) -> str:
    """With as many decimals as it has: {% tax_rate line.tax_rate %}."""
    return rate_of(rate)
