from __future__ import annotations

import django_filters as filters

from crm.api.filters import MomentFilter
from customers.models import Activity, Contact, Customer, Task


class CustomerFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Customer
        fields = ("owner", "team", "lifecycle", "tier", "channel", "form")


class ContactFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    email = filters.CharFilter("email", "iexact", label="Email address")

    class Meta:
        model = Contact
        fields = ("owner", "team", "email")


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
