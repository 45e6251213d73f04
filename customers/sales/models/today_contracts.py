"""What Today knows from contracts: those to be renewed or cancelled soon, and those that ran out."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import DateField, ExpressionWrapper, F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.web.formats import exact_date, money
from customers.models.today import Asking, Item, Weight
from customers.sales.models.contract import Contract

AHEAD = timedelta(days=30)
SAID = ("name", "end", "notice_days", "monthly_value", "currency", "customer")


def renewals(asking: Asking) -> list[Item]:
    """One's own contracts for which a day has come close: the last one of notice, or the last one of all."""
    decided = ExpressionWrapper(F("end") - F("notice_days"), output_field=DateField())
    mine = Contract.objects.visible_to(asking.user).not_ended().filter(owner=asking.user, end__isnull=False)
    near = mine.annotate(decided=decided).filter(decided__lte=asking.today + AHEAD)
    # What renews by itself needs nobody once nobody can cancel it any more.
    open_ones = near.exclude(renews_automatically=True, decided__lt=asking.today)
    rows = open_ones.exclude(pk__in=asking.asleep(Contract.kind)).order_by("decided", "pk").only(*SAID)
    return [_row(contract, asking) for contract in rows[: asking.limit]]


def _row(contract: Contract, asking: Asking) -> Item:
    assert contract.end is not None  # asked for
    assert contract.last_notice is not None
    value = money(contract.monthly_value, contract.currency)
    weight, day = Weight.RENEWAL, contract.end
    if contract.end < asking.today:
        weight, days = Weight.DUE, (asking.today - contract.end).days
        text = ngettext(
            "Ran out %(days)s day ago and is not renewed; %(value)s a month",
            "Ran out %(days)s days ago and is not renewed; %(value)s a month",
            days,
        )
        said = text % {"days": days, "value": value}
    elif contract.notice_days and contract.last_notice >= asking.today:
        day = contract.last_notice
        said = _("Can be cancelled until %(day)s; %(value)s a month") % {"day": exact_date(day), "value": value}
    else:
        said = _("Ends on %(day)s; %(value)s a month") % {"day": exact_date(day), "value": value}
    finish = {
        "renew": asking.of_record("contract-renewal", contract.pk),
        "log": asking.log_url(customer=contract.customer_id, about=(Contract.kind, contract.pk)),
    }
    due = datetime.combine(day, time(23, 59), asking.zone)
    return Item(Contract.kind, contract.pk, contract.name, weight, (said,), due, customer_id=contract.customer_id,
                finish=finish, is_renewal=True)  # fmt: skip
