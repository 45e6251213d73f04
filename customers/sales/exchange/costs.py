"""Costs from files. What is in the ledger stays as it is: a row that says otherwise is refused."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import CHOICE, DATE, MONEY, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run
from crm.models.configured_code import Lazily
from customers.exchange.references import OWNER_AND_TEAM
from customers.models import SourceChannel
from customers.sales.exchange.columns import WithCurrency
from customers.sales.models import Campaign, Cost

STANDS = ("month", "category", "channel", "campaign_id", "amount", "currency")


class CostImport(WithCurrency):
    """Whatever day of a month a file says, it is that month's."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().tidy(values)
        if values.get("month"):
            values["month"] = values["month"].replace(day=1)
        return values

    def fill(self, record: Cost, draft: Draft, run: Run) -> None:
        draft.notes["was"] = {name: getattr(record, name) for name in STANDS}
        super().fill(record, draft, run)

    def settle(self, record: Cost, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        if record.campaign is not None:
            record.channel = record.campaign.channel
        if record.amount is not None and record.amount <= 0:
            raise Refused(__("A cost is more than nothing. What was wrong is taken back."), "amount")
        if not draft.is_new and {name: getattr(record, name) for name in STANDS} != draft.notes["was"]:
            raise Refused(__("What is in the ledger stays. Take it back there and note what is true."))


COSTS = CostImport(
    model=Cost,
    fields=(
        Field("external_id", _("number in the old system"), required=True),
        Field("month", _("month"), DATE, required=True),
        Field("category", _("category"), CHOICE, required=True, choices=Cost.Category.choices),
        Field("channel", _("channel"), CHOICE, choices=Lazily(SourceChannel.choices)),
        Field("campaign", _("campaign"), REFERENCE, reference=Reference(Campaign, ("name", "code"))),
        Field("amount", _("amount"), MONEY, required=True),
        Field("currency", _("currency")),
        Field("note", _("note")),
        *OWNER_AND_TEAM,
    ),
    identities=(("external_id",),),
    unique=(("external_id",),),
    related=("campaign", "owner", "team"),
)
