from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import BooleanField, Case, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.access.querysets import Rule
from crm.search import finding
from crm.web import lists
from crm.web.lists import BulkAction, Column, RowButton
from customers.actions import pool
from customers.lists.customers import LIFECYCLE_TONES
from customers.lists.filters import TeamFilter
from customers.models import Customer, PooledCustomer, PoolMove, PoolRules, SourceChannel
from customers.models.pool import told


class PoolFilter(filters.FilterSet):
    team = TeamFilter()
    lifecycle = filters.MultipleChoiceFilter(choices=Customer.Lifecycle.choices, label=_("lifecycle"))
    tier = filters.MultipleChoiceFilter(choices=Customer.Tier.choices, label=_("tier"))
    channel = filters.MultipleChoiceFilter(choices=SourceChannel.choices, label=_("source channel"))

    class Meta:
        model = PooledCustomer
        fields: list[str] = []


def its_page(customer: Any) -> str:
    """The company's pool shows customers whose page is not everybody's to see before it is claimed."""
    return reverse("customer-detail", args=[customer.pk]) if customer.may_be_seen else ""


def its_claim(customer: Any) -> str:
    return reverse("customer-claim", args=[customer.pk]) if customer.may_be_claimed else ""


def is_reached(rules: list[Rule]) -> Case:
    """Whether a row is let through, read off the row: asked for by its key, every customer was read for one page."""
    conditions = [rule.q or Q(pk__isnull=False) for rule in rules]
    return Case(*(When(condition, then=True) for condition in conditions), default=False, output_field=BooleanField())


def with_last_move(queryset: QuerySet) -> QuerySet:
    latest = PoolMove.objects.filter(customer=OuterRef("pk")).exclude(type=PoolMove.Type.CLAIMED).order_by("-at", "-pk")
    return queryset.annotate(pool_reason=Subquery(latest.values("reason")[:1]))


def why_here(customer: Any) -> str:
    return told(customer.pool_reason or "")


def with_last_owner(queryset: QuerySet) -> QuerySet:
    latest = PoolMove.objects.filter(customer=OuterRef("pk")).exclude(type=PoolMove.Type.CLAIMED).order_by("-at", "-pk")
    return queryset.annotate(last_owner=Subquery(latest.values("person__name")[:1]))


class PoolList(lists.List):
    """Customers that nobody owns, for whoever may claim them."""

    kind = "pool"
    model = PooledCustomer
    title = _("Customer pool")
    filterset_class = PoolFilter
    select_related = ("team",)
    template_name = "customers/pool/list.html"
    columns = [
        Column("name", _("Name"), sort="sort_name", url=its_page),
        Column("team", _("Pool"), value=lambda customer: customer.team.name if customer.team else _("whole company")),
        Column("lifecycle", _("Lifecycle"), format="badge", tones=LIFECYCLE_TONES),
        Column("tier", _("Tier"), value=lambda customer: customer.tier),
        Column("industry", _("Industry")),
        Column("city", _("City")),
        Column("channel", _("Source channel")),
        Column("rfm", "RFM", value="rfm_text", sort="rfm"),
        Column("last_activity_at", _("Last activity"), sort="last_activity_at", format="ago"),
        Column("last_owner", _("Had it last"), annotate=with_last_owner),
        Column("pool_reason", _("Why it is here"), value=why_here, annotate=with_last_move),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "team", "lifecycle", "tier", "city", "last_activity_at", "last_owner", "pool_reason"]
    default_sort = "-updated_at"
    bulk_actions = [
        BulkAction(
            "claim",
            _("Claim"),
            pool.claim_many,
            verb=Verb.EDIT,
            icon="user-check",
            warning=_("They are yours from then on, as far as your limits allow."),
            done=_("%(count)s claimed."),
            foretell=pool.foretold_claim,
            tells_left=True,
        )
    ]
    row_button = RowButton(_("Claim"), its_claim)
    empty_title = _("The pool is empty")
    empty_text = _("Customers that somebody releases, and those nobody was in touch with for long, are found here.")

    def get_queryset(self) -> Any:
        access: Any = self.request.user.access  # type: ignore[union-attr]
        seen, claimable = Customer.objects.rules(access, Verb.VIEW), PooledCustomer.objects.rules(access, Verb.EDIT)
        return super().get_queryset().annotate(may_be_seen=is_reached(seen), may_be_claimed=is_reached(claimable))

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        return queryset.filter(pk__in=finding.ids(Customer.kind, text))

    def get_context(self, state: Any) -> dict[str, Any]:
        user: Any = self.request.user
        if not user.access.may("pool", Verb.EDIT):
            return {}
        return {"room": pool.room_of(user, PoolRules().of(user.team_id), timezone.now())}
