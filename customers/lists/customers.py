from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.custom_fields.filtering import WithCustomFields
from crm.web import lists
from crm.web.lists import BulkAction, Column
from crm.web.lists.offered import WithOffers
from crm.web.lists.shared import SharedWithMe
from customers.actions import customers, pool, segments
from customers.forms.customers import HandOverForm
from customers.forms.pool import ReleaseForm
from customers.forms.segments import SegmentChoiceForm
from customers.lists import membership
from customers.lists.addresses import further_column
from customers.lists.around import Between, DaysAgo, HowMany, MoneyBetween
from customers.lists.consents import ConsentFilter, links_of_today
from customers.lists.filters import (
    DAY,
    BelowFilter,
    DigitFilter,
    OwnerFilter,
    SinceFilter,
    TeamFilter,
    UntilFilter,
    day_start,
)
from customers.lists.near import (
    AreaFilter,
    CityFilter,
    DistanceFilter,
    KnownFilter,
    NearCustomerFilter,
    NearPointFilter,
)
from customers.lists.tags import AnyTagFilter, NoTagFilter, tags_action, tags_column
from customers.models import ChurnReason, Consent, Customer, HealthBand, Segment, SourceChannel, handover

LIFECYCLE_TONES = {"prospect": "info", "active": "good", "churned": "bad"}
NO_SCORE = "none"
HEALTH_TONES = {"good": "good", "fair": "warn", "poor": "bad"}


class CustomerFilter(WithOffers, WithCustomFields, filters.FilterSet):
    """Apps above offer more of them, by what they know of customers: `crm.web.lists.offered`."""

    owner = OwnerFilter()
    team = TeamFilter()
    shared_with_me = SharedWithMe()
    lifecycle = filters.MultipleChoiceFilter(choices=Customer.Lifecycle.choices, label=_("lifecycle"))
    won_back = filters.BooleanFilter(method="once_left", label=_("won back"))
    churn_reason = filters.ModelMultipleChoiceFilter(
        queryset=lambda request: ChurnReason.objects.visible_to(request.user), label=_("why it left")
    )
    tier = filters.MultipleChoiceFilter(choices=Customer.Tier.choices, label=_("tier"))
    channel = filters.MultipleChoiceFilter(choices=SourceChannel.choices, label=_("source channel"))
    health = filters.ChoiceFilter(
        choices=[*HealthBand.choices, (NO_SCORE, _("not known"))], method="in_band", label=_("health")
    )
    health_score = Between(field_name="health", most=100, label=_("health score"))
    do_not_contact = filters.BooleanFilter(label=_("do not contact"))
    tags_any = AnyTagFilter()
    tags_none = NoTagFilter()
    segment = filters.ModelChoiceFilter(
        queryset=lambda request: Segment.objects.visible_to(request.user), method="in_segment", label=_("segment")
    )
    below = BelowFilter()
    city = CityFilter(label=_("city"))
    country = CityFilter(label=_("country"))
    near_customer = NearCustomerFilter()
    near_point = NearPointFilter()
    within = DistanceFilter()
    area = AreaFilter()
    on_map = KnownFilter()
    rfm_recency = DigitFilter(0, label=_("RFM: recency"))
    rfm_frequency = DigitFilter(1, label=_("RFM: frequency"))
    rfm_value = DigitFilter(2, label=_("RFM: value"))
    created_since = SinceFilter(field_name="created_at", label=_("created since"))
    created_until = UntilFilter(field_name="created_at", label=_("created until"))
    customer_age = DaysAgo("created_at", label=_("created, days ago"))
    active_since = SinceFilter(field_name="last_activity_at", label=_("last activity since"))
    quiet_since = filters.DateFilter(method="without_activity_since", widget=DAY, label=_("no activity since"))
    activity_age = DaysAgo("last_activity_at", never=True, label=_("last activity, days ago"))
    form = filters.ChoiceFilter(choices=Customer.Form.choices, label=_("form"))
    industry = filters.CharFilter(lookup_expr="icontains", max_length=100, label=_("industry"))
    campaign = filters.CharFilter(lookup_expr="icontains", max_length=120, label=_("campaign"))
    employees = Between(most=2**31 - 1, label=_("employees"))
    annual_revenue = MoneyBetween(label=_("annual revenue"))
    contacts = HowMany(links_of_today, kinds=("contact",), label=_("number of contacts"))
    consent_given = ConsentFilter(Consent.State.GIVEN, label=_("with a contact who agreed to"))
    consent_withdrawn = ConsentFilter(Consent.State.WITHDRAWN, label=_("with a contact who said no to"))

    class Meta:
        model = Customer
        fields: list[str] = []

    def once_left(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        is_won_back = Q(lifecycle=Customer.Lifecycle.ACTIVE, won_back_at__isnull=False)
        return queryset.filter(is_won_back if value else ~is_won_back)

    def in_segment(self, queryset: QuerySet, name: str, value: Segment) -> QuerySet:
        return membership.members(value, queryset, self.request)

    def in_band(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == NO_SCORE:
            return queryset.filter(health=None)
        return queryset.filter(health__range=HealthBand(value).bounds)

    def without_activity_since(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(Q(last_activity_at=None) | Q(last_activity_at__lt=day_start(value)))


class CustomerList(lists.List):
    kind = "customer"
    model = Customer
    filterset_class = CustomerFilter
    select_related = ("owner", "team", "churn_reason")
    columns = [
        Column("name", _("Name"), sort="sort_name", link=True),
        Column("lifecycle", _("Lifecycle"), format="badge", tones=LIFECYCLE_TONES),
        Column("tier", _("Tier"), value=lambda customer: customer.tier, reads=("tier",)),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("health", _("Health"), sort="health", format="number"),
        Column("rfm", "RFM", value="rfm_text", sort="rfm"),
        Column("last_activity_at", _("Last activity"), sort="last_activity_at", format="ago"),
        Column("channel", _("Source channel")),
        Column("campaign", _("Campaign")),
        Column("first_contact_on", _("First contact"), format="day"),
        Column("churn_reason", _("Why it left"), value="churn_reason.name"),
        Column("won_back_at", _("Won back"), format="day"),
        Column("industry", _("Industry")),
        Column("city", _("City")),
        Column("country", _("Country")),
        Column("latitude", _("Latitude")),
        Column("longitude", _("Longitude")),
        Column("phone", _("Phone"), value="phone_for_reading"),
        Column("email", _("Email")),
        Column("website", _("Website")),
        Column("number", _("Registration number")),
        Column("employees", _("Employees"), format="number"),
        Column("annual_revenue", _("Annual revenue"), format="money", adds_up="now"),
        tags_column(),
        further_column("email", _("Further emails")),
        further_column("phone", _("Further phones")),
        Column("do_not_contact", _("Do not contact"), format="yesno"),
        Column("created_at", _("Created"), sort="created_at", format="day"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "lifecycle", "tier", "owner", "team", "health", "last_activity_at", "updated_at"]
    default_sort = "-updated_at"
    bulk_actions = [
        BulkAction(
            "hand-over",
            _("Hand over"),
            customers.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverForm,
            icon="arrows-exchange",
            foretell=handover.foretold,
        ),
        BulkAction(
            "release",
            _("Release to the pool"),
            pool.release_many,
            form=ReleaseForm,
            icon="users-group",
            warning=_("Whoever claims one first has it. Open tasks and opportunities stay with whoever has them."),
            foretell=pool.foretold_release,
            tells_left=True,
        ),
        lists.editing(Customer, ("tier", "industry", "country"), customers.update),
        tags_action(),
        BulkAction(
            "segment",
            _("Add to a segment"),
            segments.add,
            verb=Verb.VIEW,
            form=SegmentChoiceForm,
            icon="users-group",
        ),
        BulkAction(
            "segment-removal",
            _("Take out of a segment"),
            segments.remove,
            verb=Verb.VIEW,
            form=SegmentChoiceForm,
            icon="user-x",
        ),
        lists.deleting(customers.delete),
    ]
    template_name = "customers/customer/list.html"
    create_url = "customer-new"
    keep_url = "segment-new"
    keep_label = _("Save as a segment")
    keep_permission = ("segment", Verb.CREATE)
    create_label = _("New customer")
    empty_title = _("No customers yet")
    empty_text = _("Add the first one, or import a list of them.")
