"""Filters that several lists of this app share."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import DateInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from customers.forms.fields import CustomerPicker
from customers.models import Customer, family

DAY = DateInput(attrs={"type": "date"})


def people(request: Any) -> QuerySet[User]:
    return User.objects.visible_to(request.user) if request else User.objects.none()


def customers(request: Any) -> QuerySet[Customer]:
    return Customer.objects.visible_to(request.user) if request else Customer.objects.none()


def teams(request: Any) -> QuerySet[Team]:
    return Team.objects.visible_to(request.user) if request else Team.objects.none()


class PickedField(forms.ModelChoiceField):
    widget = CustomerPicker


class PickedCustomerFilter(filters.ModelChoiceFilter):
    """By a customer the person picks among those they see."""

    field_class = PickedField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=customers, **kwargs)

    @property
    def field(self) -> Any:
        field = super().field
        request = self.get_request()
        field.widget.user = request.user if request else None
        return field


class BelowFilter(PickedCustomerFilter):
    """A customer and everything below it, as far as it can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("customer and below"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs.filter(pk__in=family.at_or_below(value, self.get_request().user)) if value else qs


class TeamFilter(filters.ModelChoiceFilter):
    """A team means the teams below it too, as everywhere where numbers are about a team."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=teams, label=_("team and below"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        return qs.filter(team__in=list(Team.objects.below([value]).order_by().values_list("pk", flat=True)))


class OwnerFilter(filters.ModelChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("owner"))
        super().__init__(queryset=people, null_label=_("nobody"), null_value="none", **kwargs)


class DigitFilter(filters.MultipleChoiceFilter):
    """One of the three digits of RFM, each 1 to 5: the `place` counts from the left."""

    def __init__(self, place: int, **kwargs: Any) -> None:
        self.place = place
        super().__init__(choices=[(str(digit), str(digit)) for digit in (5, 4, 3, 2, 1)], **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        wanted = [code for code in map("".join, product("12345", repeat=3)) if code[self.place] in value]
        return qs.filter(rfm__in=[int(code) for code in wanted])


class SinceFilter(filters.DateFilter):
    """From the beginning of a day, in the person's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DAY, **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs.filter(**{f"{self.field_name}__gte": day_start(value)}) if value else qs


class UntilFilter(filters.DateFilter):
    """To the end of a day, in the person's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DAY, **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs.filter(**{f"{self.field_name}__lt": day_start(value + timedelta(days=1))}) if value else qs


def day_start(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def with_customer_name(queryset: QuerySet, user: Any) -> QuerySet:
    """Names the customer of each row to whoever may see the customer; a row may be visible where it is not."""
    seen = Customer.objects.visible_to(user).filter(pk=OuterRef("customer_id")).order_by()
    return queryset.annotate(customer_name=Subquery(seen.values("name")[:1]))
