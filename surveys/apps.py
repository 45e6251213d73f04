from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = _("Surveys")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import kinds
        from surveys import subscriptions  # noqa: F401 - registers the reactions
        from surveys.actions import defaults
        from surveys.lists import around
        from surveys.models import Invitation, Response, Survey

        kinds.register(Survey, label=_("survey"), label_plural=_("surveys"), icon="forms", detail_url="survey-detail")
        kinds.register(
            Invitation,
            label=_("invitation"),
            label_plural=_("invitations"),
            icon="send",
            detail_url="invitation-detail",
        )
        kinds.register(
            Response, label=_("response"), label_plural=_("responses"), icon="star", detail_url="response-detail"
        )
        post_migrate.connect(defaults.install, sender=self, dispatch_uid="install-survey-defaults")
        around.offer()
        self._fill_timelines()
        self._register_pages()

    def _fill_timelines(self) -> None:
        from crm.events import timeline
        from surveys.views import sentences

        for event_type in sentences.SENTENCES:
            timeline.show_with(event_type, "surveys/_event.html")

    def _register_pages(self) -> None:
        from crm.web import navigation, panels

        for order, (label, url_name, icon, kind) in enumerate(
            [
                (_("Answers"), "response-list", "star", "response"),
                (_("Invitations"), "invitation-list", "send", "invitation"),
                (_("Surveys"), "survey-list", "forms", "survey"),
            ]
        ):
            navigation.register(
                section="surveys", label=label, url_name=url_name, icon=icon, order=order, permission=(kind, "view")
            )
        navigation.register_create(
            _("Invite to a survey"), "invitation-new", "send", permission=("invitation", "create")
        )
        view = ("response", "view")
        panels.register(
            "customer.side", name="responses", url_name="customer-responses", title=_("What they said"),
            permission=view, order=50,
        )  # fmt: skip
        panels.register(
            "ticket.side", name="survey", url_name="ticket-survey", title=_("What they said"),
            permission=view, order=40, refresh_on=("ticket-changed",),
        )  # fmt: skip
