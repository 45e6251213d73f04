"""Leads from files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import CHOICE, NUMBER, REFERENCE, Field, Importable
from crm.exchange.drafts import Draft, Run
from crm.models.configured_code import Lazily
from customers.exchange import alike
from customers.exchange.addresses import leave_out_erased, note_erased
from customers.exchange.references import OWNER_AND_TEAM
from customers.models import SourceChannel, tidy
from customers.sales.exchange.columns import PRODUCT
from customers.sales.models import Lead


class LeadImport(Importable):
    def begin(self, run: Run) -> None:
        super().begin(run)
        note_erased(run)

    def compare(self, number: int, values: dict[str, Any], run: Run) -> str:
        return alike.compared(number, values, run)

    def fill(self, record: Lead, draft: Draft, run: Run) -> None:
        leave_out_erased(draft, run)
        super().fill(record, draft, run)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return tidy.fields(values)


LEADS = LeadImport(
    model=Lead,
    fields=(
        Field("name", _("name"), required=True),
        Field("organisation", _("organisation")),
        Field("email", _("email")),
        Field("phone", _("phone")),
        Field("channel", _("source channel"), CHOICE, choices=Lazily(SourceChannel.choices)),
        Field("campaign", _("campaign")),
        Field("product", _("product asked for"), REFERENCE, reference=PRODUCT),
        Field("employees", _("number of employees"), NUMBER),
        Field("country", _("country")),
        Field("province", _("province")),
        Field("city", _("city")),
        Field("language", _("language"), CHOICE, choices=tuple(settings.LANGUAGES)),
        Field("note", _("note")),
        *OWNER_AND_TEAM,
    ),
    identities=(("email",), ("name", "organisation")),
)
