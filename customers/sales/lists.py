from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.custom_fields.filtering import WithCustomFields
from crm.models import Team, User
from crm.web.lists import BulkAction, Column, List
from customers.lists.tags import AnyTagFilter, NoTagFilter, tags_action, tags_column
from customers.sales.actions import opportunities
from customers.sales.forms.opportunities import HandOverManyForm
from customers.sales.models import (
    Competitor,
    CompetitorState,
    ForecastCategory,
    ForecastSubmission,
    LostReason,
    Opportunity,
    OpportunityCompetitor,
    Order,
    OrderLine,
    Pipeline,
    Product,
    Quota,
    Stage,
)
from customers.sales.models.credit import stays_credited
from customers.sales.models.rotting import with_quiet_since


def people(request: Any) -> Any:
    return User.objects.visible_to(request.user)


def teams(request: Any) -> Any:
    return Team.objects.visible_to(request.user).in_tree_order()


def products(request: Any) -> Any:
    return Product.objects.visible_to(request.user)


def competitors(request: Any) -> Any:
    return Competitor.objects.visible_to(request.user).order_by("name", "pk")


def stages(request: Any) -> Any:
    seen = Pipeline.objects.visible_to(request.user)
    return Stage.objects.filter(pipeline__in=seen).order_by("pipeline__position", "position", "pk")


class TeamFilter(filters.ModelChoiceFilter):
    """A team means the teams below it too."""

    def filter(self, queryset: Any, team: Team | None) -> Any:
        if team is None:
            return queryset
        return queryset.filter(team__in=list(Team.objects.below([team]).order_by().values_list("pk", flat=True)))


class OpportunityFilter(WithCustomFields, filters.FilterSet):
    outcome = filters.MultipleChoiceFilter(
        field_name="stage__outcome", label=_("outcome"), choices=Stage.Outcome.choices
    )
    stage = filters.ModelMultipleChoiceFilter(label=_("stage"), queryset=stages)
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products)
    category = filters.MultipleChoiceFilter(
        label=_("forecast category"), choices=ForecastCategory.choices, method="in_category"
    )
    close_pushes = filters.RangeFilter(label=_("times put off"))
    amount = filters.RangeFilter(label=_("amount"))
    expected_close = filters.DateFromToRangeFilter(label=_("expected close"))
    lost_reason = filters.ModelChoiceFilter(
        label=_("lost reason"), queryset=lambda request: LostReason.objects.visible_to(request.user)
    )
    tags_any = AnyTagFilter()
    tags_none = NoTagFilter()
    competitor = filters.ModelChoiceFilter(label=_("competitor"), queryset=competitors, method="against")
    lost_against = filters.ModelChoiceFilter(label=_("lost against"), queryset=competitors, method="lost_to_or_beside")
    closed_at = filters.DateFromToRangeFilter(label=_("closed"))

    def against(self, queryset: Any, name: str, competitor: Competitor | None) -> Any:
        met = OpportunityCompetitor.objects.filter(opportunity=OuterRef("pk"), competitor=competitor)
        return queryset.filter(Exists(met)) if competitor else queryset

    def lost_to_or_beside(self, queryset: Any, name: str, competitor: Competitor | None) -> Any:
        """As the win rate against a competitor counts them: lost where they had not been beaten before."""
        met = OpportunityCompetitor.objects.filter(opportunity=OuterRef("pk"), competitor=competitor)
        still_there = met.exclude(state=CompetitorState.BEATEN)
        return queryset.lost().filter(Exists(still_there)) if competitor else queryset

    def in_category(self, queryset: Any, name: str, categories: list[str]) -> Any:
        return queryset.in_categories(categories) if categories else queryset


class OpportunityList(List):
    kind = "opportunity"
    model = Opportunity
    filterset_class = OpportunityFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("customer", _("Customer"), value="customer.name"),
        Column("stage", _("Stage"), value="stage.name"),
        Column("outcome", _("Outcome"), value="stage.get_outcome_display"),
        Column("amount", _("Amount"), sort="amount", format="money", currency="currency"),
        Column("monthly_value", _("Recurring per month"), format="money", currency="currency"),
        Column("probability", _("Probability"), value="effective_probability", format="percent"),
        Column("weighted", _("Weighted amount"), value="weighted_amount", format="money", currency="currency"),
        Column("expected_close", _("Expected close"), sort="expected_close", format="day"),
        Column("category", _("Forecast category"), value="category_label"),
        Column("close_pushes", _("Times put off")),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("product", _("Product"), value="product.name"),
        Column("pipeline", _("Pipeline"), value="pipeline.name"),
        Column("stage_since", _("In this stage since"), sort="stage_since", format="ago"),
        Column("quiet_since", _("No contact or new stage since"), format="ago", annotate=with_quiet_since),
        Column("opened_at", _("Opened"), sort="opened_at", format="day"),
        Column("closed_at", _("Closed"), sort="closed_at", format="day"),
        Column("lost_reason", _("Lost reason"), value="lost_reason.name"),
        tags_column(),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
        Column("external_id", _("Number in the old system")),
    ]
    default_columns = ["name", "customer", "stage", "amount", "expected_close", "owner", "updated_at"]
    default_sort = "-updated_at"
    select_related = ("customer", "stage", "owner", "team", "product", "pipeline", "lost_reason")
    bulk_actions = [
        BulkAction(
            "hand-over",
            _("Hand over"),
            run=opportunities.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverManyForm,
            icon="user-check",
            foretell=stays_credited,
            tells_left=True,
        ),
        tags_action(),
    ]
    create_url = "opportunity-new"
    create_label = _("New opportunity")
    empty_title = _("No opportunities yet")
    empty_text = _("Open one when a customer might buy something.")


class ForecastFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("whose"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    of_team = filters.BooleanFilter(label=_("for the team"))
    period_kind = filters.ChoiceFilter(label=_("month or quarter"), choices=ForecastSubmission.PERIODS)
    period_start = filters.DateFromToRangeFilter(label=_("period begins"))
    week = filters.DateFromToRangeFilter(label=_("week of"))


class ForecastList(List):
    """Everything that was ever submitted: nothing of it changes."""

    kind = "forecast"
    model = ForecastSubmission
    filterset_class = ForecastFilter
    columns = [
        Column("period", _("Period"), value="period_label", link=True),
        Column("owner", _("Whose"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("of_team", _("For the team"), format="yesno"),
        Column("week", _("Week of"), sort="week", format="day"),
        Column("commit", _("Commit"), sort="commit", format="money", currency="currency"),
        Column("best_case", _("Best case"), sort="best_case", format="money", currency="currency"),
        Column("submitted_at", _("Submitted"), sort="submitted_at", format="moment"),
        Column("note", _("Note")),
    ]
    default_columns = ["period", "owner", "team", "of_team", "week", "commit", "best_case"]
    default_sort = "-submitted_at"
    select_related = ("owner", "team")
    empty_title = _("No forecasts yet")
    empty_text = _("What is submitted stands here, week by week.")


class QuotaFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("whose"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    month = filters.DateFromToRangeFilter(label=_("month"))


class QuotaList(List):
    """Month by month, as quotas are imported and exported; they are set in the table of the year."""

    kind = "quota"
    model = Quota
    filterset_class = QuotaFilter
    columns = [
        Column("month", _("Month"), sort="month", format="day"),
        Column("owner", _("Person"), value="owner.name", format="person"),
        Column("for_team", _("Quota of the team"), value="for_team.name"),
        Column("team", _("Team"), value="team.name"),
        Column("amount", _("Amount"), format="money", currency="currency"),
        Column("updated_at", _("Changed"), format="ago"),
    ]
    default_columns = ["month", "owner", "for_team", "amount"]
    default_sort = "-month"
    select_related = ("owner", "team", "for_team")
    empty_title = _("No quotas yet")
    empty_text = _("Whoever answers for a team sets them.")


class OrderFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products, method="with_product")
    amount = filters.RangeFilter(label=_("amount"))
    ordered_at = filters.DateFromToRangeFilter(label=_("ordered"))

    def with_product(self, queryset: Any, name: str, product: Product) -> Any:
        return queryset.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), product=product)))


class OrderList(List):
    kind = "order"
    model = Order
    filterset_class = OrderFilter
    columns = [
        Column("number", _("Number"), link=True, sort="number"),
        Column("customer", _("Customer"), value="customer.name"),
        Column("ordered_at", _("Ordered"), sort="ordered_at", format="day"),
        Column("amount", _("Amount"), sort="amount", format="money", currency="currency"),
        Column("opportunity", _("Opportunity"), value="opportunity_name"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["number", "customer", "ordered_at", "amount", "opportunity", "owner"]
    default_sort = "-ordered_at"
    select_related = ("customer", "owner", "team")
    create_url = "order-new"
    create_label = _("New order")
    create_in_dialog = False
    empty_title = _("No orders yet")
    empty_text = _("Note what a customer ordered; what comes of an opportunity is linked to it.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """Names the opportunity to whoever may see it; an order may be visible where it is not."""
        seen = Opportunity.objects.visible_to(self.request.user).filter(pk=OuterRef("opportunity_id")).order_by()
        return super().with_columns(queryset, codes).annotate(opportunity_name=Subquery(seen.values("name")[:1]))


class ProductFilter(filters.FilterSet):
    series = filters.CharFilter(label=_("series"), lookup_expr="iexact")
    is_active = filters.BooleanFilter(label=_("on sale"))
    price = filters.RangeFilter(label=_("list price"))


class ProductList(List):
    kind = "product"
    model = Product
    filterset_class = ProductFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("code", _("Code"), sort="code"),
        Column("series", _("Series"), sort="series"),
        Column("price", _("List price"), sort="price", format="money", currency="currency"),
        Column("is_active", _("On sale"), format="yesno"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "code", "series", "price", "is_active"]
    default_sort = "name"
    create_url = "product-new"
    create_label = _("New product")
    empty_title = _("No products yet")
    empty_text = _("Products can be chosen in opportunities and orders.")
