"""Contacts from files, with where they work."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import BOOLEAN, DATE, REFERENCE, Field
from crm.exchange.drafts import Draft, Refused, Run
from crm.search.normalise import sort_key
from customers.exchange import alike
from customers.exchange.addresses import FURTHER_COLUMNS, AddressesImport
from customers.exchange.references import CUSTOMER, OWNER_AND_TEAM
from customers.models import Contact, CustomerContact, match_key, tidy


class ContactImport(AddressesImport):
    derived = ("sort_name",)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return tidy.fields(values)

    def compare_records(self, new: dict[int, dict[str, Any]], run: Run) -> dict[int, str]:
        return alike.known_contacts(new, run)

    def before_saving(self, records: list[Any]) -> None:
        for record in records:
            record.sort_name = sort_key(record.name)[:120]

    def check(self, record: Contact, draft: Draft, run: Run) -> None:
        super().check(record, draft, run)
        first, last = draft.values.get("started_on"), draft.values.get("ended_on")
        today = timezone.localdate(run.at)
        for column, day in (("started_on", first), ("ended_on", last)):
            if day is not None and day > today:
                raise Refused(__("This day has not come yet."), column)
        if first and last and last < first:
            raise Refused(__("The last day is before the first."), "ended_on")

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        customer = draft.values.get("customer")
        found = super().differs(draft, run)
        if customer is None:
            return found
        if not draft.is_new and any(link.customer_id == customer.pk for link in draft.record.customer_links.all()):
            return found
        return {"customer": [None, str(customer)], **found}

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._link([draft for draft in drafts if draft.values.get("customer") is not None])

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        self._link([draft for draft in drafts if "customer" in draft.changes])

    def parts(self) -> dict[str, Any]:
        return {**super().parts(), "links": CustomerContact}

    def removed(self, records: list[Any]) -> None:
        match_key.forget(Contact.kind, [record.pk for record in records])

    def _link(self, drafts: list[Draft]) -> None:
        keys = storing.add(
            CustomerContact,
            ("contact", "customer", "role", "started_on", "ended_on"),
            [
                (
                    draft.record.pk,
                    draft.values["customer"].pk,
                    tidy.one_line(draft.values.get("role") or "")[:80],
                    draft.values.get("started_on"),
                    draft.values.get("ended_on"),
                )
                for draft in drafts
            ],
        )
        for draft, key in zip(drafts, keys, strict=True):
            draft.parts["links"] = [key]


CONTACTS = ContactImport(
    model=Contact,
    fields=(
        Field("name", _("name"), required=True),
        Field("email", _("email")),
        Field("phone", _("phone")),
        Field("language", _("language")),
        Field("do_not_contact", _("do not contact"), BOOLEAN),
        Field("do_not_contact_reason", _("why not")),
        *FURTHER_COLUMNS,
        Field("customer", _("customer"), REFERENCE, reference=CUSTOMER, stored=False),
        Field("role", _("role"), stored=False),
        Field("started_on", _("since"), DATE, stored=False),
        Field("ended_on", _("until"), DATE, stored=False),
        Field("notes", _("notes")),
        *OWNER_AND_TEAM,
    ),
    identities=(("email",), ("name",)),
    prefetch=("customer_links", "points"),
)
