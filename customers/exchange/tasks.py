"""Tasks from files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import CHOICE, DATETIME, REFERENCE, Field, Importable
from customers.exchange.references import CONTACT, CUSTOMER, OWNER_AND_TEAM
from customers.models import Task

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
