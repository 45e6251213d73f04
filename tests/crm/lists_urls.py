"""The product's addresses and one list that shows everything a list can do, over customers."""

import django_filters
from django import forms
from django.urls import path

from crm.access.permissions import Verb
from crm.actions import records
from crm.models import User
from crm.urls import urlpatterns as product
from crm.web import lists
from customers.models import Customer


class SampleFilter(django_filters.FilterSet):
    lifecycle = django_filters.MultipleChoiceFilter(label="Lifecycle", choices=Customer.Lifecycle.choices)
    owner = django_filters.ModelChoiceFilter(
        label="Owner", queryset=lambda request: User.objects.visible_to(request.user)
    )
    founded = django_filters.RangeFilter(label="Founded")
    created = django_filters.DateFromToRangeFilter(field_name="created_at", label="Created")


class HandOverForm(lists.BulkForm):
    owner = forms.ModelChoiceField(User.objects.none(), label="New owner")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.visible_to(self.user)


def hand_over(records_, *, by, at, owner):
    for customer in records_:
        records.update(customer, {"owner": owner}, by=by, at=at, event="handed_over")


class SampleList(lists.List):
    kind = "customer"
    model = Customer
    title = "Sample customers"
    filterset_class = SampleFilter
    columns = [
        lists.Column("name", "Name", sort="sort_name", link=True, url=lambda row: f"/customers/{row.pk}/"),
        lists.Column("lifecycle", "Lifecycle", format="badge", tones={"active": "good"}),
        lists.Column("owner", "Owner", value="owner.name", format="person", sort="owner__name"),
        lists.Column("founded", "Founded", sort="founded", format="number"),
        lists.Column("annual_revenue", "Revenue", sort="annual_revenue", format="money"),
        lists.Column("last_activity_at", "Last activity", sort="last_activity_at", format="ago"),
        lists.Column("updated_at", "Changed", sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "lifecycle", "owner", "updated_at"]
    default_sort = "-updated_at"
    select_related = ("owner", "team")
    page_size = 10
    bulk_actions = [
        lists.BulkAction("assign", "Hand over", run=hand_over, verb=Verb.ASSIGN, form=HandOverForm, icon="user-plus")
    ]


urlpatterns = [
    path("sample/", SampleList.as_view(), name="sample-list"),
    *SampleList.extra_urls("sample/", "sample-list"),
    *product,
]
