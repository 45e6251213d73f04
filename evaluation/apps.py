from typing import Any

from django.apps import AppConfig
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


def put_kpis_in_force(**kwargs: Any) -> None:
    """New definitions are in force from the upgrade on."""
    from evaluation.actions import kpis

    kpis.sync_versions(at=now())


class EvaluationConfig(AppConfig):
    name = "evaluation"
    label = "evaluation"
    verbose_name = _("Evaluation")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.access import kinds
        from evaluation import tasks  # noqa: F401 – registers the periodic jobs
        from evaluation.actions import dashboards, goals
        from evaluation.engine import watched
        from evaluation.lists import around
        from evaluation.models import Dashboard, Goal, HealthScore, KpiVersion, Measurement
        from evaluation.views import tile_kinds  # noqa: F401 – registers the kinds of tile

        kinds.register(KpiVersion, label=_("KPI"), label_plural=_("KPIs"), icon="gauge")
        kinds.register(Measurement, label=_("measurement"), label_plural=_("measurements"), icon="ruler-measure")
        kinds.register(Goal, label=_("goal"), label_plural=_("goals"), icon="flag", detail_url="goal-detail")
        kinds.register(
            Dashboard, label=_("dashboard"), label_plural=_("dashboards"), icon="gauge", detail_url="dashboard-detail"
        )
        kinds.register(HealthScore, label=_("health score"), label_plural=_("health scores"), icon="heartbeat")
        watched.register("goals", goals.watches)
        watched.register("dashboards", dashboards.watches)

        around.offer()
        self.declare_numbers()
        self.declare_reviews()
        self.fill_today()
        self.fill_paper()

        # After migrate rather than in a migration: a KPI is declared once, in kpis/.
        post_migrate.connect(put_kpis_in_force, sender=self, dispatch_uid="install-kpi-versions")

    def fill_paper(self) -> None:
        from evaluation.views import summary

        summary.register()

    def fill_today(self) -> None:
        from customers.models import today
        from evaluation.models import today as ours

        today.register("evaluation.customers_at_risk", ours.customers_at_risk, kind="health_score")
        today.register("evaluation.steps_of_plans", ours.steps_of_plans, kind="action_plan")

    def declare_numbers(self) -> None:
        """Where numbers, goals and health are shown, and how to begin."""
        from crm.web import navigation, panels
        from evaluation.views import beginning

        measurement, goal = ("measurement", "view"), ("goal", "view")
        for label, url_name, icon, order, permission, key in [
            (_("Dashboard"), "dashboard", "gauge", 10, measurement, "e"),
            (_("Goals"), "goal-list", "flag", 20, goal, None),
            (_("KPIs"), "kpi-list", "ruler-measure", 30, ("kpi", "view"), None),
        ]:
            navigation.register(
                section="evaluation", label=label, url_name=url_name, icon=icon, order=order, permission=permission,
                key=key,
            )  # fmt: skip
        navigation.register_create(_("Set a goal"), "goal-new", "flag", ("goal", "create"), order=80)
        panels.register(
            "customer.side", name="health", url_name="customer-health", title=_("Health"),
            permission=("health_score", "view"), order=15,
        )  # fmt: skip
        panels.register(
            "campaign.main", name="numbers", url_name="campaign-numbers", title=_("Numbers"), permission=measurement,
        )  # fmt: skip
        panels.register(
            "home.main", name="team-numbers", url_name="team-numbers", title=_("Numbers of the team"),
            permission=("measurement", "edit"), order=60,
        )  # fmt: skip
        panels.register(
            "home.main", name="first-steps", url_name="first-steps", title=_("First steps"),
            permission=("settings", "edit"), order=5, when=beginning.has_first_steps,
        )  # fmt: skip
        panels.register(
            "home.side", name="my-goals", url_name="my-goals", title=_("My goals"), permission=goal, order=30
        )

    def declare_reviews(self) -> None:
        """Cycles, reviews and plans: what they are called, where they are shown, whom they wait for."""
        from crm.access import kinds
        from crm.web import navigation, panels
        from evaluation import subscriptions  # noqa: F401 – listens from here on
        from evaluation.models import ActionPlan, Cycle, PlanStep, Review
        from evaluation.views import stories

        stories.show()
        declared = [
            (Cycle, _("review cycle"), _("review cycles"), "refresh", "cycle-detail"),
            (Review, _("review"), _("reviews"), "clipboard-check", "review-detail"),
            (ActionPlan, _("action plan"), _("action plans"), "list-check", "plan-detail"),
            (PlanStep, _("step of an action plan"), _("steps of action plans"), "checkbox", "plan-step"),
        ]
        for model, label, label_plural, icon, detail_url in declared:
            kinds.register(model, label=label, label_plural=label_plural, icon=icon, detail_url=detail_url)
        for label, url_name, kind, icon, order in [
            (_("Reviews"), "cycle-list", "review_cycle", "clipboard-check", 50),
            (_("Action plans"), "plan-list", "action_plan", "list-check", 60),
        ]:
            navigation.register(
                section="evaluation", label=label, url_name=url_name, icon=icon, order=order, permission=(kind, "view")
            )
        navigation.register_create(_("New action plan"), "plan-new", "list-check", ("action_plan", "create"), order=90)
        panels.register(
            "customer.side", name="plans", url_name="customer-plans", title=_("Plans"),
            permission=("action_plan", "view"), order=55, refresh_on=("task-changed",),
        )  # fmt: skip
        panels.register(
            "home.side",
            name="reviews",
            url_name="reviews-waiting",
            title=_("Reviews waiting for me"),
            permission=("review", "view"),
            order=40,
        )
