"""Opportunities as a list."""

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Verb
from crm.custom_fields.filtering import WithCustomFields
from crm.web.lists import BulkAction, Column, List, deleting, editing
from crm.web.lists.offered import WithOffers
from crm.web.lists.shared import SharedWithMe
from customers.lists.tags import AnyTagFilter, NoTagFilter, tags_action, tags_column
from customers.sales.actions import opportunities
from customers.sales.forms.opportunities import HandOverManyForm
from customers.sales.lists.choices import (
    NextStepFilter,
    TeamFilter,
    WonForFilter,
    WonInFilter,
    competitors,
    is_a_period,
    people,
    products,
    stages,
    teams,
)
from customers.sales.models import (
    Competitor,
    CompetitorState,
    ForecastCategory,
    LostReason,
    Opportunity,
    OpportunityCompetitor,
    Stage,
    WinChance,
)
from customers.sales.models.credit import stays_credited
from customers.sales.models.opportunity import counting_category
from customers.sales.models.rotting import with_quiet_since
from customers.sales.models.win_reasons import probability_of, with_win_chance


class OpportunityFilter(WithOffers, WithCustomFields, filters.FilterSet):
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
    next_step = NextStepFilter(
        label=_("next step"),
        choices=[
            (NextStepFilter.WITH, _("with a date")),
            (NextStepFilter.WITHOUT, _("none with a date")),
            (NextStepFilter.OVERDUE, pgettext_lazy("next step", "overdue")),
        ],
    )
    won_in = WonInFilter(label=_("won in the month or quarter"), validators=[is_a_period])
    won_for = WonForFilter(label=_("won for"), queryset=people)
    won_for_team = WonForFilter(label=_("won for the team"), queryset=teams)
    close_pushes = filters.RangeFilter(label=_("times put off"))
    amount = filters.RangeFilter(label=_("amount"))
    expected_close = filters.DateFromToRangeFilter(label=_("expected close"))
    lost_reason = filters.ModelChoiceFilter(
        label=_("lost reason"), queryset=lambda request: LostReason.objects.visible_to(request.user)
    )
    shared_with_me = SharedWithMe()
    tags_any = AnyTagFilter()
    tags_none = NoTagFilter()
    competitor = filters.ModelChoiceFilter(label=_("competitor"), queryset=competitors, method="against")
    lost_against = filters.ModelChoiceFilter(label=_("lost against"), queryset=competitors, method="lost_to_or_beside")
    closed_at = filters.DateFromToRangeFilter(label=_("closed"))
    win_probability = filters.RangeFilter(label=_("win probability in %"), method="as_likely")

    def against(self, queryset: Any, name: str, competitor: Competitor | None) -> Any:
        met = OpportunityCompetitor.objects.filter(opportunity=OuterRef("pk"), competitor=competitor)
        return queryset.filter(Exists(met)) if competitor else queryset

    def lost_to_or_beside(self, queryset: Any, name: str, competitor: Competitor | None) -> Any:
        """As the win rate against a competitor counts them: lost where they had not been beaten before."""
        met = OpportunityCompetitor.objects.filter(opportunity=OuterRef("pk"), competitor=competitor)
        still_there = met.exclude(state=CompetitorState.BEATEN)
        return queryset.lost().filter(Exists(still_there)) if competitor else queryset

    def as_likely(self, queryset: Any, name: str, percent: slice) -> Any:
        """By what history said last night of those that are still in the stage they were in then."""
        bounds = {"gte": percent.start, "lte": percent.stop}
        wanted = {f"probability__{than}": float(bound) / 100 for than, bound in bounds.items() if bound is not None}
        said = WinChance.objects.filter(opportunity=OuterRef("pk"), stage=OuterRef("stage"), **wanted)
        return queryset.filter(Exists(said), closed_at=None) if wanted else queryset

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
        Column("amount", _("Amount"), sort="amount", format="money", currency="currency", adds_up="closed_at"),
        Column("monthly_value", _("Recurring per month"), format="money", currency="currency", adds_up="closed_at"),
        Column("probability", _("Probability"), value="effective_probability", format="percent"),
        Column(
            "win_probability",
            _("Win probability"),
            value=probability_of,
            sort="win_chance__probability",
            format="percent",
            annotate=with_win_chance,
        ),
        Column("weighted", _("Weighted amount"), value="weighted_amount", format="money", currency="currency"),
        Column("expected_close", _("Expected close"), sort="expected_close", format="day"),
        Column(
            "category",
            _("Forecast category"),
            value="category_label",
            divides=(counting_category, ForecastCategory.choices),
        ),
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
        editing(Opportunity, ("expected_close", "forecast_category"), opportunities.update),
        tags_action(),
        deleting(opportunities.delete),
    ]
    create_url = "opportunity-new"
    create_label = _("New opportunity")
    empty_title = _("No opportunities yet")
    empty_text = _("Open one when a customer might buy something.")
