from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from crm.access import kinds
        from customers.models import Activity, Contact, Customer, Task

        kinds.register(
            Customer, label=_("customer"), label_plural=_("customers"), icon="building", detail_url="customer-detail"
        )
        kinds.register(
            Contact, label=_("contact"), label_plural=_("contacts"), icon="address-book", detail_url="contact-detail"
        )
        kinds.register(
            Activity, label=_("activity"), label_plural=_("activities"), icon="phone", detail_url="activity-detail"
        )
        kinds.register(Task, label=_("task"), label_plural=_("tasks"), icon="checkbox", detail_url="task-detail")
