"""Customers, contacts, activities and tasks from files."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import declaring, storing
from crm.exchange.declaring import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    MONEY,
    NUMBER,
    REFERENCE,
    Field,
    Importable,
    Reference,
)
from crm.exchange.drafts import Draft, Refused, Run
from crm.models import Team, User
from crm.search.normalise import sort_key
from customers.actions import lifecycle
from customers.addresses_exchange import FURTHER_COLUMNS, AddressesImport
from customers.models import (
    Activity,
    ChurnReason,
    Contact,
    Customer,
    CustomerContact,
    Standing,
    Task,
    match_key,
    source,
    tidy,
)

PERSON = Reference(User, ("name", "email"), related=("team",))
TEAM = Reference(Team)
CUSTOMER = Reference(Customer, ("name", "number"))
CONTACT = Reference(Contact, ("email", "name"))
OWNER_AND_TEAM = (
    Field("owner", _("owner"), REFERENCE, reference=PERSON),
    Field("team", _("team"), REFERENCE, reference=TEAM),
)


class CustomerImport(AddressesImport):
    derived = ("sort_name",)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return tidy.fields(values)

    def check(self, record: Customer, draft: Draft, run: Run) -> None:
        if not draft.is_new and "parent" in draft.changes:
            record.clean()  # the rest is tidy already, and a new customer stands above nobody

    def settle(self, record: Customer, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        wanted = {"lifecycle": record.lifecycle}
        if draft.values.get("churn_reason") is not None:
            wanted["churn_reason"] = draft.values["churn_reason"]
        was = Customer() if draft.is_new else Customer(**draft.before)
        for name, value in lifecycle.effects(was, wanted, run.at).items():
            setattr(record, name, value)
        if not draft.is_new:
            source.refuse_another(draft.before, {name: getattr(record, name) for name in source.FIELDS})

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


class ContactImport(AddressesImport):
    derived = ("sort_name",)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return tidy.fields(values)

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


class ActivityImport(Importable):
    def settle(self, record: Activity, draft: Draft, run: Run) -> None:
        """Like an activity that is logged: the team is the owner's, or else the customer's."""
        super().settle(record, draft, run)
        if draft.is_new and record.team_id is None and record.customer_id:
            record.team_id = record.customer.team_id

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        through: Any = Activity.contacts.through
        through.objects.bulk_create(
            through(activity_id=draft.record.pk, contact_id=draft.values["contact"].pk)
            for draft in drafts
            if draft.values.get("contact") is not None
        )
        self.removed([draft.record for draft in drafts])

    def removed(self, records: list[Any]) -> None:
        """The customers' last activity is the latest there is now."""
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE customers_customer AS customer SET last_activity_at = latest.at FROM (
                    SELECT given.id, (SELECT max(activity.at) FROM customers_activity AS activity
                        WHERE activity.customer_id = given.id AND activity.deleted_at IS NULL) AS at
                    FROM unnest(%s::bigint[]) AS given(id)) AS latest
                WHERE customer.id = latest.id AND customer.last_activity_at IS DISTINCT FROM latest.at""",
                [sorted({record.customer_id for record in records})],
            )


CUSTOMERS = CustomerImport(
    model=Customer,
    fields=(
        Field("name", _("name"), required=True),
        Field("number", _("registration number")),
        Field("form", _("form"), CHOICE, choices=Customer.Form.choices),
        Field("lifecycle", _("lifecycle"), CHOICE, choices=Customer.Lifecycle.choices),
        Field("churn_reason", _("why it left"), REFERENCE, reference=Reference(ChurnReason, scoped=False)),
        Field("tier", _("tier"), CHOICE, choices=Customer.Tier.choices),
        Field("channel", _("source channel"), CHOICE, choices=Customer.Channel.choices),
        Field("campaign", _("campaign")),
        Field("first_contact_on", _("first contact"), DATE),
        Field("referred_by", _("referred by"), REFERENCE, reference=CUSTOMER),
        Field("industry", _("industry")),
        Field("website", _("website")),
        Field("email", _("email")),
        Field("phone", _("phone")),
        Field("city", _("city")),
        Field("country", _("country")),
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

ACTIVITIES = ActivityImport(
    model=Activity,
    fields=(
        Field("customer", _("customer"), REFERENCE, required=True, reference=CUSTOMER),
        Field("at", _("when"), DATETIME, required=True),
        Field("subject", _("subject"), required=True),
        Field("type", _("type"), CHOICE, required=True, choices=Activity.Type.choices),
        Field("direction", _("direction"), CHOICE, choices=Activity.Direction.choices),
        Field("outcome", _("outcome"), CHOICE, choices=Activity.Outcome.choices),
        Field("body", _("what was said")),
        Field("contact", _("contact"), REFERENCE, reference=CONTACT, stored=False),
        *OWNER_AND_TEAM,
    ),
    identities=(("customer", "at", "subject"),),
    related=("customer",),
)

TASKS = Importable(
    model=Task,
    fields=(
        Field("title", _("title"), required=True),
        Field("due_at", _("due"), DATETIME),
        Field("priority", _("priority"), CHOICE, choices=Task.Priority.choices),
        Field("customer", _("customer"), REFERENCE, reference=CUSTOMER),
        Field("contact", _("contact"), REFERENCE, reference=CONTACT),
        Field("notes", _("notes")),
        Field("done_at", _("done"), DATETIME),
        *OWNER_AND_TEAM,
    ),
    identities=(("title", "customer", "due_at"), ("title", "customer"), ("title", "due_at"), ("title",)),
)


def register() -> None:
    declaring.register(CUSTOMERS, CONTACTS, ACTIVITIES, TASKS)
