from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceConfig(AppConfig):
    name = "service"
    verbose_name = _("Service")

    def ready(self) -> None:
        from crm.access import kinds
        from service.models import Queue, Ticket

        kinds.register(
            Ticket, label=_("ticket"), label_plural=_("tickets"), icon="message-circle", detail_url="ticket-detail"
        )
        kinds.register(Queue, label=_("queue"), label_plural=_("queues"), icon="inbox")
