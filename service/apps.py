from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceConfig(AppConfig):
    name = "service"
    verbose_name = _("Service")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import kinds
        from crm.search.documents import searchable
        from service import tasks  # noqa: F401 - registers the periodic jobs
        from service.actions import defaults
        from service.models import Queue, Ticket

        kinds.register(
            Ticket, label=_("ticket"), label_plural=_("tickets"), icon="message-circle", detail_url="ticket-detail"
        )
        kinds.register(Queue, label=_("queue"), label_plural=_("queues"), icon="inbox")
        searchable("ticket", Ticket.words)
        # After migrate, as the shipped roles: what is written down once also comes back after a flush.
        post_migrate.connect(defaults.install, sender=self, dispatch_uid="install-service-defaults")
