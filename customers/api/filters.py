from __future__ import annotations

from typing import Any

import django_filters as filters

from crm.api.filters import MomentFilter, SharedWithCaller
from crm.custom_fields.filtering import WithCustomFields
from customers.lists import membership
from customers.models import Activity, Contact, Customer, Segment, Tag, Task, family
from customers.models.tag import key_of


def bearing(queryset: Any, name: str) -> Any:
    """Records with the tag of this name; of a name that is none there are none."""
    found = Tag.objects.filter(key=key_of(name))  # scoped: tags are everybody's
    return queryset.filter(tags__overlap=list(found.values_list("pk", flat=True)))


class CustomerFilter(WithCustomFields, filters.FilterSet):
    segment = filters.ModelChoiceFilter(
        queryset=lambda request: Segment.objects.visible_to(request.user),
        method="in_segment",
        label="Members of a segment",
    )
    shared_with_me = SharedWithCaller()
    tag = filters.CharFilter(method="with_tag", label="Name of a tag")
    below = filters.ModelChoiceFilter(
        queryset=lambda request: Customer.objects.visible_to(request.user),
        method="at_or_below",
        label="A customer and everything below it",
    )
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Customer
        fields = ("owner", "team", "lifecycle", "tier", "channel", "form")

    def with_tag(self, queryset: Any, name: str, value: str) -> Any:
        return bearing(queryset, value)

    def at_or_below(self, queryset: Any, name: str, value: Customer) -> Any:
        return queryset.filter(pk__in=family.at_or_below(value, self.request.user))

    def in_segment(self, queryset: Any, name: str, value: Segment) -> Any:
        return membership.members(value, queryset, self.request)


class ContactFilter(WithCustomFields, filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    email = filters.CharFilter(method="reached_at", label="Email address, the first or a further one")
    tag = filters.CharFilter(method="with_tag", label="Name of a tag")

    class Meta:
        model = Contact
        fields = ("owner", "team", "email")

    def reached_at(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.with_email(value)

    def with_tag(self, queryset: Any, name: str, value: str) -> Any:
        return bearing(queryset, value)


class ActivityFilter(filters.FilterSet):
    since = MomentFilter("at", "gte", label="Happened at or after")
    until = MomentFilter("at", "lt", label="Happened before")

    class Meta:
        model = Activity
        fields = ("owner", "team", "type", "direction", "outcome")


class TaskFilter(filters.FilterSet):
    open = filters.BooleanFilter("done_at", "isnull", label="Still to do")
    due_before = MomentFilter("due_at", "lt", label="Due before")

    class Meta:
        model = Task
        fields = ("owner", "team", "priority")
