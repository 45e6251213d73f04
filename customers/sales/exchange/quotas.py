"""Quotas from files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import DATE, MONEY, REFERENCE, Field
from crm.exchange.drafts import Draft, Refused, Run
from customers.exchange.references import PERSON, TEAM
from customers.sales.exchange.columns import WithCurrency
from customers.sales.models import Quota


class QuotaImport(WithCurrency):
    """Whatever day of a month a file says, it is that month's; the team is the person's, or the one it is for."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().tidy(values)
        if values.get("month"):
            values["month"] = values["month"].replace(day=1)
        return values

    def settle(self, record: Quota, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        record.team = record.for_team or (record.owner.team if record.owner else None)
        if (record.owner is None) == (record.for_team is None):
            raise Refused(__("A quota is a person's or a team's."), "owner")
        if (record.currency or settings.CURRENCY) != settings.CURRENCY:
            raise Refused(__("Quotas are in the organisation's currency, so that they add up."), "currency")


QUOTAS = QuotaImport(
    model=Quota,
    fields=(
        Field("month", _("month"), DATE, required=True),
        Field("owner", _("person"), REFERENCE, reference=PERSON),
        Field("for_team", _("quota of the team"), REFERENCE, reference=TEAM),
        Field("amount", _("amount"), MONEY, required=True),
        Field("currency", _("currency")),
    ),
    identities=(("month", "owner"), ("month", "for_team")),
    related=("owner__team", "for_team"),
)
