from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceConfig(AppConfig):
    name = "service"
    verbose_name = _("Service")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import fields, kinds
        from crm.search.documents import searchable
        from service import exchange, subscriptions, tasks  # noqa: F401 - registers reactions and periodic jobs
        from service.actions import defaults
        from service.lists import around
        from service.models import Queue, Ticket, formula_fields

        kinds.register(
            Ticket, label=_("ticket"), label_plural=_("tickets"), icon="message-circle", detail_url="ticket-detail"
        )
        kinds.register(Queue, label=_("queue"), label_plural=_("queues"), icon="inbox")
        quotes = {"customer": ["name"], "contact": ["name", "email"]}
        fields.declare(Ticket)
        formula_fields.declare_all()
        searchable("ticket", Ticket.words, related=tuple(quotes), quotes=quotes)
        exchange.register()
        around.offer()
        # After migrate, as the shipped roles: what is written down once also comes back after a flush.
        post_migrate.connect(defaults.install, sender=self, dispatch_uid="install-service-defaults")
        self._fill_timelines()
        self._register_pages()
        self._fill_today()
        self._fill_paper()
        self._tell_what_is_owned()

    def _tell_what_is_owned(self) -> None:
        from crm.access import owned

        owned.register("ticket", "ticket-list", lambda rows: rows.unresolved(), tab="all")

    def _fill_timelines(self) -> None:
        from crm.events import timeline
        from service.views import sentences

        for event_type in sentences.SENTENCES:
            timeline.show_with(event_type, "service/_event.html")

    def _fill_paper(self) -> None:
        from service.views import summary

        summary.register()

    def _fill_today(self) -> None:
        from customers.actions import tags
        from customers.models import family, today
        from service.models import Ticket
        from service.models import today as ours

        family.register(
            family.Figure(
                "open_tickets", _("Open tickets"), "ticket", ours.open_of, "customers/customer/_figure.html", int
            )
        )
        tags.borne_by(Ticket)
        today.register("service.of_my_customers", ours.of_my_customers, kind="ticket")
        today.register("service.assigned_to_me", ours.assigned_to_me, kind="ticket")

    def _register_pages(self) -> None:
        from crm.web import navigation, panels, together

        together.register("ticket", slot="ticket.side", is_shared=True)

        view = ("ticket", "view")
        navigation.register(
            section="service", label=_("Tickets"), url_name="ticket-list", icon="headset", permission=view, key="t"
        )
        navigation.register_create(_("New ticket"), "ticket-new", "headset", permission=("ticket", "create"), key="t")
        changed = ("ticket-changed",)
        panels.register(
            "ticket.side", name="asker", url_name="ticket-asker", title=_("Who asks"), permission=view, order=10
        )
        panels.register(
            "ticket.side", name="others", url_name="ticket-others", title=_("Other tickets"), permission=view, order=30
        )
        panels.register(
            "customer.side",
            name="tickets",
            url_name="customer-tickets",
            title=_("Tickets"),
            permission=view,
            order=40,
            refresh_on=changed,
        )
        panels.register(
            "home.main",
            name="tickets",
            url_name="ticket-upcoming",
            title=_("Next tickets"),
            permission=("ticket", "edit"),
            order=20,
        )
