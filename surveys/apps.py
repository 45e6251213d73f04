from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = _("Surveys")

    def ready(self) -> None:
        from crm.access import kinds
        from surveys.models import Invitation, Response, Survey

        kinds.register(Survey, label=_("survey"), label_plural=_("surveys"), icon="forms")
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
