"""Activities from files."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import CHOICE, DATETIME, REFERENCE, Field, Importable
from crm.exchange.drafts import Draft, Run
from customers.exchange.references import CONTACT, CUSTOMER, OWNER_AND_TEAM
from customers.models import Activity


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
