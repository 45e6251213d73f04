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
        from evaluation.actions import kpis
        from evaluation.models import KpiVersion, Measurement

        kinds.register(KpiVersion, label=_("KPI"), label_plural=_("KPIs"), icon="gauge")
        kinds.register(Measurement, label=_("measurement"), label_plural=_("measurements"), icon="ruler-measure")

        # After migrate rather than in a migration: a KPI is declared once, in kpis/.
        post_migrate.connect(kpis.install, sender=self, dispatch_uid="install-kpi-versions")
