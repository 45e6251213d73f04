"""Customers from files."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import BOOLEAN, CHOICE, DATE, DECIMAL, MONEY, NUMBER, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run
from crm.models.configured_code import Lazily
from crm.search.normalise import sort_key
from customers.actions import lifecycle, positions
from customers.exchange import alike
from customers.exchange.addresses import FURTHER_COLUMNS, AddressesImport
from customers.exchange.references import CUSTOMER, OWNER_AND_TEAM
from customers.models import ChurnReason, Customer, SourceChannel, Standing, match_key, source, tidy
from customers.models.geo import WIDEST, exact


class CustomerImport(AddressesImport):
    derived = ("sort_name",)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        given = {name: values[name] for name in positions.COORDINATES if values.get(name) is not None}
        return tidy.fields(values) | {name: _coordinate(value, name) for name, value in given.items()}

    def check(self, record: Customer, draft: Draft, run: Run) -> None:
        if not draft.is_new and "parent" in draft.changes:
            record.clean()  # the rest is tidy already, and a new customer stands above nobody

    def settle(self, record: Customer, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        wanted = {"lifecycle": record.lifecycle}
        if draft.values.get("churn_reason") is not None:
            wanted["churn_reason"] = draft.values["churn_reason"]
        was = _nobody() if draft.is_new else Customer(**draft.before)
        if not draft.is_new or {*positions.COORDINATES} & draft.values.keys():
            placed = {name: getattr(record, name) for name in (*positions.COORDINATES, *positions.ADDRESS)}
            for name, value in positions.effects(was, placed, how=Customer.LocatedBy.IMPORTED).items():
                setattr(record, name, value)
        for name, value in lifecycle.effects(was, wanted, run.at).items():
            setattr(record, name, value)
        if not draft.is_new:
            source.refuse_another(draft.before, {name: getattr(record, name) for name in source.FIELDS})

    def compare_records(self, new: dict[int, dict[str, Any]], run: Run) -> dict[int, str]:
        return alike.known_customers(new, run)

    def before_saving(self, records: list[Any]) -> None:
        for record in records:
            record.sort_name = sort_key(record.name)[:200]

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._note_standing(drafts, run)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        moved = [draft for draft in drafts if {"owner", "team", "lifecycle"} & set(draft.changed_columns)]
        self._note_standing(moved, run)

    def parts(self) -> dict[str, Any]:
        return {**super().parts(), "standings": Standing}

    def removed(self, records: list[Any]) -> None:
        match_key.forget(Customer.kind, [record.pk for record in records])

    def _note_standing(self, drafts: list[Draft], run: Run) -> None:
        records = [draft.record for draft in drafts]
        keys = storing.add(
            Standing,
            ("customer", "since", "owner", "team", "lifecycle", "churn_reason", "by"),
            [
                (each.pk, run.at, each.owner_id, each.team_id, str(each.lifecycle), each.churn_reason_id, run.user.pk)
                for each in records
            ],
        )
        for draft, key in zip(drafts, keys, strict=True):
            draft.parts["standings"] = [key]


def _coordinate(value: Any, name: str) -> Any:
    """With as many decimals as are kept: a tenth of a metre."""
    if abs(value) > WIDEST:
        raise Refused(_("“%(value)s” is nowhere on earth.") % {"value": value}, name)
    return exact(value)


@cache
def _nobody() -> Customer:
    """What a new customer was before: only ever read, and making one takes as long as judging a row."""
    return Customer()


CALLED = (
    "company", "company name", "account", "account name", "organisation", "organization", "公司", "公司名称",
    "企业名称", "单位名称",
)  # fmt: skip


CUSTOMERS = CustomerImport(
    model=Customer,
    fields=(
        Field("name", _("name"), required=True, called=CALLED),
        Field("number", _("registration number")),
        Field("form", _("form"), CHOICE, choices=Customer.Form.choices),
        Field("lifecycle", _("lifecycle"), CHOICE, choices=Customer.Lifecycle.choices),
        Field("churn_reason", _("why it left"), REFERENCE, reference=Reference(ChurnReason, scoped=False)),
        Field("tier", _("tier"), CHOICE, choices=Customer.Tier.choices),
        Field("channel", _("source channel"), CHOICE, choices=Lazily(SourceChannel.choices)),
        Field("campaign", _("campaign")),
        Field("first_contact_on", _("first contact"), DATE),
        Field("referred_by", _("referred by"), REFERENCE, reference=CUSTOMER),
        Field("industry", _("industry")),
        Field("website", _("website")),
        Field("email", _("email")),
        Field("phone", _("phone")),
        Field("city", _("city")),
        Field("country", _("country")),
        Field("latitude", _("latitude"), DECIMAL),
        Field("longitude", _("longitude"), DECIMAL),
        Field("founded", _("founded in"), NUMBER),
        Field("employees", _("employees"), NUMBER),
        Field("annual_revenue", _("annual revenue"), MONEY),
        Field("parent", _("subsidiary of"), REFERENCE, reference=CUSTOMER),
        Field("do_not_contact", _("do not contact"), BOOLEAN),
        Field("do_not_contact_reason", _("why not")),
        *FURTHER_COLUMNS,
        Field("notes", _("notes")),
        *OWNER_AND_TEAM,
    ),
    identities=(("number",), ("name",)),
    prefetch=("points",),
)
