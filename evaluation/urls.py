from django.urls import URLPattern, path

from evaluation.lists.cycles import CycleList
from evaluation.lists.dashboards import DashboardList
from evaluation.lists.goal import GoalList
from evaluation.lists.plans import ActionPlanList
from evaluation.views import (
    beginning,
    campaign_numbers,
    cycles,
    dashboard,
    dashboard_tiles,
    dashboards,
    goals,
    health,
    home,
    kpis,
    plans,
    review_exports,
    review_steps,
    reviews,
    segment_tiles,
    staying,
)

NUMBERS: list[URLPattern] = [
    path("", dashboard.Dashboard.as_view(), name="dashboard"),
    path("tiles/<slug:code>/", segment_tiles.SegmentTile.as_view(), name="segment-tile"),
    path("kpis/", kpis.KpiList.as_view(), name="kpi-list"),
    path("kpis/<slug:code>/", kpis.KpiDetail.as_view(), name="kpi-detail"),
    path("kpis/<slug:code>/explanation/", kpis.Explanation.as_view(), name="kpi-explanation"),
    path("kpis/<slug:code>/restatement/", kpis.Restatement.as_view(), name="kpi-restatement"),
    path("kpis/<slug:code>/evidence/", kpis.Evidence.as_view(), name="kpi-evidence"),
    path("kpis/<slug:code>/reasons/", staying.Reasons.as_view(), name="kpi-reasons"),
    path("staying/", staying.StayingCurve.as_view(), name="retention-curve"),
    path("customers/<int:pk>/plans/", plans.OfCustomer.as_view(), name="customer-plans"),
    path("customers/<int:pk>/health/", health.CustomerHealth.as_view(), name="customer-health"),
    path("campaigns/<int:pk>/numbers/", campaign_numbers.CampaignNumbers.as_view(), name="campaign-numbers"),
    path("panels/team-numbers/", home.TeamNumbers.as_view(), name="team-numbers"),
    path("begin/", beginning.page, name="begin"),
    path("panels/first-steps/", beginning.first_steps, name="first-steps"),
    path("panels/my-goals/", home.MyGoals.as_view(), name="my-goals"),
]

DASHBOARDS: list[URLPattern] = [
    path("dashboards/", DashboardList.as_view(), name="dashboard-list"),
    *DashboardList.extra_urls("dashboards/", "dashboard-list"),
    path("dashboards/new/", dashboards.New.as_view(), name="dashboard-new"),
    path("dashboards/<int:pk>/", dashboards.Detail.as_view(), name="dashboard-detail"),
    path("dashboards/<int:pk>/edit/", dashboards.Edit.as_view(), name="dashboard-edit"),
    path("dashboards/<int:pk>/delete/", dashboards.Delete.as_view(), name="dashboard-delete"),
    path("dashboards/<int:pk>/restoration/", dashboards.Restore.as_view(), name="dashboard-restoration"),
    path("dashboards/<int:pk>/first/", dashboards.Home.as_view(), name="dashboard-home"),
    path("dashboards/<int:pk>/tiles/<slug:tile>/", dashboard_tiles.Shown.as_view(), name="dashboard-tile"),
    path("dashboards/<int:pk>/tiles/<slug:tile>/edit/", dashboard_tiles.Edit.as_view(), name="dashboard-tile-edit"),
    path("dashboards/<int:pk>/tiles/<slug:tile>/place/", dashboard_tiles.Place.as_view(), name="dashboard-tile-place"),
]

GOALS: list[URLPattern] = [
    path("goals/", GoalList.as_view(), name="goal-list"),
    *GoalList.extra_urls("goals/", "goal-list"),
    path("goals/new/", goals.GoalNew.as_view(), name="goal-new"),
    path("goals/<int:pk>/", goals.GoalDetail.as_view(), name="goal-detail"),
    path("goals/<int:pk>/edit/", goals.GoalEdit.as_view(), name="goal-edit"),
    path("goals/<int:pk>/acknowledgement/", goals.GoalAcknowledgement.as_view(), name="goal-acknowledgement"),
    path("goals/<int:pk>/objection/", goals.GoalObjection.as_view(), name="goal-objection"),
    path("goals/<int:pk>/retirement/", goals.GoalRetirement.as_view(), name="goal-retirement"),
]

CYCLES: list[URLPattern] = [
    path("reviews/", CycleList.as_view(), name="cycle-list"),
    *CycleList.extra_urls("reviews/", "cycle-list"),
    path("reviews/cycles/new/", cycles.New.as_view(), name="cycle-new"),
    path("reviews/cycles/<int:pk>/", cycles.Detail.as_view(), name="cycle-detail"),
    path("reviews/cycles/<int:pk>/edit/", cycles.Edit.as_view(), name="cycle-edit"),
    path("reviews/cycles/<int:pk>/delete/", cycles.Delete.as_view(), name="cycle-delete"),
    path("reviews/cycles/<int:pk>/state/", cycles.Step.as_view(), name="cycle-state"),
]

REVIEWS: list[URLPattern] = [
    path("reviews/waiting/", reviews.Waiting.as_view(), name="reviews-waiting"),
    path("reviews/<int:pk>/", reviews.Detail.as_view(), name="review-detail"),
    path("reviews/<int:pk>/report/", reviews.Report.as_view(), name="review-report"),
    path("reviews/<int:pk>/report.<slug:format>", review_exports.Export.as_view(), name="review-export"),
    path("reviews/<int:pk>/members/", reviews.Members.as_view(), name="review-members"),
    path("reviews/<int:pk>/verification/", reviews.Verification.as_view(), name="review-verification"),
    path("reviews/<int:pk>/records/<slug:code>/", reviews.Records.as_view(), name="review-records"),
    path("reviews/<int:pk>/comments/", review_steps.Comments.as_view(), name="review-comments"),
    path("reviews/<int:pk>/skip/", review_steps.Skip.as_view(), name="review-skip"),
    path("reviews/<int:pk>/meeting/", review_steps.Meeting.as_view(), name="review-meeting"),
    path("reviews/<int:pk>/signature/", review_steps.Signing.as_view(), name="review-signature"),
    path("reviews/<int:pk>/disputes/<slug:code>/", review_steps.Disputing.as_view(), name="review-dispute"),
    path(
        "reviews/<int:pk>/disputes/<slug:code>/settlement/",
        review_steps.Settlement.as_view(),
        name="review-settlement",
    ),
    path(
        "reviews/<int:pk>/disputes/<slug:code>/withdrawal/",
        review_steps.Withdrawal.as_view(),
        name="review-withdrawal",
    ),
]

PLANS: list[URLPattern] = [
    path("plans/", ActionPlanList.as_view(), name="plan-list"),
    *ActionPlanList.extra_urls("plans/", "plan-list"),
    path("plans/new/", plans.New.as_view(), name="plan-new"),
    path("plans/<int:pk>/", plans.Detail.as_view(), name="plan-detail"),
    path("plans/<int:pk>/edit/", plans.Edit.as_view(), name="plan-edit"),
    path("plans/<int:pk>/delete/", plans.Delete.as_view(), name="plan-delete"),
    path("plans/<int:pk>/state/", plans.Step.as_view(), name="plan-state"),
    path("plans/<int:pk>/conclusion/", plans.Conclusion.as_view(), name="plan-conclusion"),
    path("plans/<int:pk>/steps/new/", plans.NewStep.as_view(), name="plan-step-new"),
    path("plans/<int:pk>/steps/<int:step_pk>/removal/", plans.RemoveStep.as_view(), name="plan-step-removal"),
    path("plans/steps/<int:pk>/", plans.StepPage.as_view(), name="plan-step"),
]

urlpatterns: list[URLPattern] = [*NUMBERS, *DASHBOARDS, *GOALS, *CYCLES, *REVIEWS, *PLANS]
