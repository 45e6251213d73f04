from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "customers.sales"
    label = "sales"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from crm.access import kinds
        from customers.sales.models import Opportunity, Order, Pipeline, Product

        kinds.register(
            Opportunity,
            label=_("opportunity"),
            label_plural=_("opportunities"),
            icon="target-arrow",
            detail_url="opportunity-detail",
        )
        kinds.register(
            Product, label=_("product"), label_plural=_("products"), icon="package", detail_url="product-detail"
        )
        kinds.register(Order, label=_("order"), label_plural=_("orders"), icon="receipt", detail_url="order-detail")
        kinds.register(Pipeline, label=_("pipeline"), label_plural=_("pipelines"), icon="layout-kanban")
