from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from crm.search import documents
        from customers.models import words

        self.declare_kinds()
        for kind, describe in words.DESCRIBE.items():
            documents.searchable(kind, describe)

    def declare_kinds(self) -> None:
        from crm.access import kinds
        from customers.models import Activity, Contact, Customer, Task

        declared: list[tuple[Any, Any, Any, str, str]] = [
            (Customer, _("customer"), _("customers"), "building", "customer-detail"),
            (Contact, _("contact"), _("contacts"), "address-book", "contact-detail"),
            (Activity, _("activity"), _("activities"), "phone", "activity-detail"),
            (Task, _("task"), _("tasks"), "checkbox", "task-detail"),
        ]
        for model, label, label_plural, icon, detail_url in declared:
            kinds.register(model, label=label, label_plural=label_plural, icon=icon, detail_url=detail_url)
