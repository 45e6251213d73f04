from __future__ import annotations

from typing import Any

import django_filters as filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Verb
from crm.custom_fields.filtering import WithCustomFields
from crm.web.lists import BulkAction, Column, List, deleting
from customers.models import SourceChannel
from customers.sales.actions import lead_assignment, leads
from customers.sales.forms.leads import HandOverLeadsForm
from customers.sales.lists.choices import TeamFilter, people, products, teams
from customers.sales.models import DiscardReason, Lead


class LeadFilter(WithCustomFields, filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=Lead.State.choices)
    channel = filters.MultipleChoiceFilter(label=_("source channel"), choices=SourceChannel.choices)
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people, null_label=_("nobody"), null_value="none")
    team = TeamFilter(label=_("team"), queryset=teams)
    campaign = filters.CharFilter(label=_("campaign"), lookup_expr="iexact")
    reason = filters.MultipleChoiceFilter(label=_("why discarded"), choices=DiscardReason.choices)
    waiting = filters.BooleanFilter(
        label=_("without first contact"), field_name="first_contact_at", lookup_expr="isnull"
    )
    created_at = filters.DateFromToRangeFilter(label=_("came in"))
    score = filters.RangeFilter(label=_("score"))
    product = filters.ModelChoiceFilter(label=_("product asked for"), queryset=products)
    country = filters.CharFilter(label=_("country"), lookup_expr="iexact")
    city = filters.CharFilter(label=_("city"), lookup_expr="iexact")
    late = filters.BooleanFilter(label=_("first contact overdue"), method="is_late")

    def is_late(self, queryset: Any, name: str, late: bool) -> Any:
        overdue = queryset.overdue(timezone.now())
        return overdue if late else queryset.exclude(pk__in=overdue.order_by().values("pk"))


class LeadList(List):
    kind = "lead"
    model = Lead
    filterset_class = LeadFilter
    columns = [
        Column("name", pgettext_lazy("of a person", "Name"), link=True, sort="name"),
        Column("organisation", _("Organisation"), sort="organisation"),
        Column("state", _("State"), format="badge", tones={"new": "info", "converted": "good"}),
        Column("score", _("Score"), sort="score", format="number"),
        Column("channel", _("Source channel")),
        Column("campaign", _("Campaign")),
        Column("product", _("Product asked for"), value="product.name"),
        Column("employees", _("Number of employees"), sort="employees", format="number"),
        Column("country", _("Country")),
        Column("province", _("Province")),
        Column("city", _("City")),
        Column("language", _("Language")),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("created_at", _("Lead since"), sort="created_at", format="ago"),
        Column("time_to_contact", _("First contact after"), format="duration"),
        Column("first_contact_at", _("First contact"), sort="first_contact_at", format="moment"),
        Column("contact_due_at", _("First contact until"), sort="contact_due_at", format="moment"),
        Column("answered_at", _("Last wrote to us"), sort="answered_at", format="ago"),
        Column("reason", _("Why discarded")),
        Column("phone", _("Phone"), value="phone_for_reading"),
        Column("email", _("Email")),
        Column("converted_at", _("Converted"), sort="converted_at", format="day"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "organisation", "state", "score", "channel", "owner", "created_at", "time_to_contact"]
    default_sort = "-updated_at"
    select_related = ("owner", "team", "product")
    bulk_actions = [
        BulkAction(
            "assign",
            _("Give by the rules"),
            run=lead_assignment.assign_many,
            verb=Verb.ASSIGN,
            icon="route",
        ),
        BulkAction(
            "hand-over",
            _("Hand over"),
            run=leads.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverLeadsForm,
            icon="user-check",
        ),
        deleting(leads.delete),
    ]
    create_url = "lead-new"
    create_label = _("New lead")
    empty_title = _("No leads yet")
    empty_text = _("Note whoever asks about what you sell; what comes of it is linked to the customer.")
