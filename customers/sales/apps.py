from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "customers.sales"
    label = "sales"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import kinds
        from crm.search.documents import searchable
        from customers.sales.actions import pipelines
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

        searchable("opportunity", Opportunity.search_words)
        searchable("order", Order.search_words)
        searchable("product", Product.search_words)

        # Like the shipped roles: written down once, in actions/pipelines.py, and never over what is there.
        post_migrate.connect(pipelines.install_default, sender=self, dispatch_uid="install-default-pipeline")
