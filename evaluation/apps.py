from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationConfig(AppConfig):
    name = "evaluation"
    label = "evaluation"
    verbose_name = _("Evaluation")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import kinds
        from evaluation import tasks  # noqa: F401 – registers the periodic jobs
        from evaluation.actions import goals, kpis
        from evaluation.engine import watched
        from evaluation.models import Goal, HealthScore, KpiVersion, Measurement

        kinds.register(KpiVersion, label=_("KPI"), label_plural=_("KPIs"), icon="gauge")
        kinds.register(Measurement, label=_("measurement"), label_plural=_("measurements"), icon="ruler-measure")
        kinds.register(Goal, label=_("goal"), label_plural=_("goals"), icon="flag")
        kinds.register(HealthScore, label=_("health score"), label_plural=_("health scores"), icon="heartbeat")
        watched.register("goals", goals.watches)

        # After migrate rather than in a migration: a KPI is declared once, in kpis/.
        post_migrate.connect(kpis.install, sender=self, dispatch_uid="install-kpi-versions")
