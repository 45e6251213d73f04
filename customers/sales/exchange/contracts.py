"""Contracts from files. What a row says anew is a movement: a later end renews, another value expands or contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import BOOLEAN, DATE, MONEY, NUMBER, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run
from customers.exchange.references import CUSTOMER, OWNER_AND_TEAM
from customers.sales.actions.contract_movements import A_DAY, chain_end, new_row, stand
from customers.sales.exchange.columns import PRODUCT, WithCurrency
from customers.sales.models import ChurnReason, Contract, ContractMovement, Opportunity
from customers.sales.models.currency import tidy_currency
from customers.sales.models.forecast_period import local_day

Type = ContractMovement.Type
FIXED = ("start", "currency")


class ContractImport(WithCurrency):
    def fill(self, record: Contract, draft: Draft, run: Run) -> None:
        draft.notes["was"] = {name: getattr(record, name) for name in ("start", "end", "monthly_value", "currency")}
        super().fill(record, draft, run)

    def settle(self, record: Contract, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        known = [] if draft.is_new else _standing(record)
        rows = self._begun(record, run) if draft.is_new else self._moved(record, draft, known, run)
        if draft.values.get("last_day") and not record.has_ended:
            rows.append(self._ended(record, draft, [*known, *rows], run))
        if rows:
            stand(record, [*known, *rows])
        draft.notes["rows"] = rows

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        rows = draft.notes["rows"]
        if draft.is_new or not rows:
            return {}
        return {"movements": [None, ", ".join(str(row.get_type_display()) for row in rows)]}

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._add_rows(drafts)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        self._add_rows(drafts)

    def parts(self) -> dict[str, Any]:
        return {"movements": ContractMovement}

    def _begun(self, record: Contract, run: Run) -> list[ContractMovement]:
        record.currency = tidy_currency(record.currency)
        for name in ("start", "monthly_value"):
            if getattr(record, name) is None:
                raise Refused(__("This is missing, and the profile does not allow that."), name)
        agreed = min(local_day(run.at), record.start)
        value, until = record.monthly_value, record.end
        return [new_row(record, Type.NEW, record.start, agreed, Decimal(0), value, until=until, by=run.user, at=run.at)]

    def _moved(self, record: Contract, draft: Draft, known: list[ContractMovement], run: Run) -> list[ContractMovement]:
        """What leads from how the contract stands to what the row says."""
        was = draft.notes["was"]
        for name in FIXED:
            if getattr(record, name) != was[name]:
                raise Refused(__("This changes by a movement only, or by correcting one."), name)
        told = {name: getattr(record, name) for name in ("end", "monthly_value")}
        record.end, record.monthly_value = was["end"], was["monthly_value"]
        if record.has_ended and told != {name: was[name] for name in told}:
            raise Refused(__("It has ended, or is cancelled. Take that back first, or reactivate it."))
        rows = []
        if told["end"] != was["end"]:
            rows.append(self._renewed(record, told["end"], run))
        if told["monthly_value"] != was["monthly_value"]:
            begins = rows[0].counts_from if rows else max(local_day(run.at), chain_end(known))
            rows.append(self._valued(record, told["monthly_value"], draft.values.get("counts_from") or begins, run))
            if rows[-1].counts_from < chain_end(known):
                raise Refused(__("Its value moved after that day already. Choose a later one."), "counts_from")
        return rows

    def _renewed(self, record: Contract, end: Any, run: Run) -> ContractMovement:
        if record.end is None or end is None or end < record.end:
            raise Refused(__("The new term ends after the one before."), "end")
        value, due = record.monthly_value, record.end
        agreed = min(local_day(run.at), due + A_DAY)
        return new_row(
            record, Type.RENEWAL, due + A_DAY, agreed, value, value, due=due, until=end, by=run.user, at=run.at
        )

    def _valued(self, record: Contract, value: Decimal, day: Any, run: Run) -> ContractMovement:
        before = record.monthly_value
        type_ = Type.EXPANSION if value > before else Type.CONTRACTION
        return new_row(record, type_, day, min(local_day(run.at), day), before, value, by=run.user, at=run.at)

    def _ended(self, record: Contract, draft: Draft, rows: list[ContractMovement], run: Run) -> ContractMovement:
        reason, last_day = draft.values.get("churn_reason"), draft.values["last_day"]
        if reason is None:
            raise Refused(__("Say why it ends."), "churn_reason")
        due = [row.until for row in rows if row.type in ContractMovement.BEGINS][-1]
        if (due and last_day > due) or last_day + A_DAY < chain_end(rows):
            raise Refused(__("It ends within its term, and after its value moved last."), "last_day")
        value = rows[-1].after
        return new_row(
            record, Type.CHURN, last_day + A_DAY, min(local_day(run.at), last_day + A_DAY), value, Decimal(0), due=due,
            churn_reason=reason, by=run.user, at=run.at,
        )  # fmt: skip

    def _add_rows(self, drafts: list[Draft]) -> None:
        for draft in drafts:
            for row in draft.notes["rows"]:
                row.contract = draft.record
        storing.insert(ContractMovement, [row for draft in drafts for row in draft.notes["rows"]])
        for draft in drafts:
            if draft.notes["rows"]:
                draft.parts["movements"] = [row.pk for row in draft.notes["rows"]]


def _standing(record: Contract) -> list[ContractMovement]:
    """As `contract_movements.standing`, of rows that were read for the whole chunk."""
    rows = sorted(record.movements.all(), key=lambda row: row.pk)
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.corrects_id is None and row.pk not in corrected]


CONTRACTS = ContractImport(
    model=Contract,
    fields=(
        Field("external_id", _("number in the old system")),
        Field("name", _("name"), required=True),
        Field("customer", _("customer"), REFERENCE, required=True, reference=CUSTOMER),
        Field("product", _("product"), REFERENCE, reference=PRODUCT),
        Field("opportunity", _("opportunity"), REFERENCE, reference=Reference(Opportunity, ("external_id", "name"))),
        Field("start", _("first day"), DATE),
        Field("end", _("last day"), DATE, help=_("A later one than before renews the contract.")),
        Field("monthly_value", _("value per month"), MONEY),
        Field("counts_from", _("counts from"), DATE, stored=False, help=_("From when another value counts.")),
        Field("currency", _("currency")),
        Field("notice_days", _("notice period in days"), NUMBER),
        Field("renews_automatically", _("renews by itself"), BOOLEAN),
        Field("renewal_months", _("months of a renewal"), NUMBER),
        Field("last_day", _("ended with"), DATE, stored=False, help=_("The day it ended, with the reason.")),
        Field("churn_reason", _("why it ended"), REFERENCE, reference=Reference(ChurnReason, scoped=False),
              stored=False),
        Field("notes", _("notes")),
        *OWNER_AND_TEAM,
    ),
    identities=(("external_id",), ("name", "customer")),
    unique=(("external_id",),),
    related=("customer", "product", "opportunity", "owner", "team", "churn_reason"),
    prefetch=("movements__churn_reason",),
)  # fmt: skip
