"""Filters by what lies around a customer, in the shapes that apps above fill in: so many of them, so much money, not
longer ago than so many days, the last of them. Each looks at records that whoever asks may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.fields import RangeField
from django_filters.widgets import RangeWidget

LONGEST_DAYS = 36_500
MOST = 1_000_000
MOST_MONEY = Decimal(10) ** 15

Rows = Callable[[Any, datetime], QuerySet]  # the records a person may see at a moment; each has a `customer`


class InOrder(RangeField):
    """From and to, each within what there can be."""

    widget = RangeWidget(attrs={"inputmode": "decimal"})

    def __init__(self, least: Any, most: Any, *args: Any, number: Any = forms.IntegerField, **kwargs: Any) -> None:
        super().__init__([number(min_value=least, max_value=most) for _end in ("from", "to")], *args, **kwargs)

    def compress(self, data_list: Any) -> slice | None:
        low, high = data_list or (None, None)
        if low is not None and high is not None and low > high:
            raise ValidationError(_("“From” is more than “to”."))
        return slice(low, high) if low is not None or high is not None else None


class Between(filters.Filter):
    """A filter from … to …; `narrow` is given the two ends, either of them None."""

    least: Any = 0
    most: Any = MOST
    number: Any = forms.IntegerField
    field_class = InOrder

    def __init__(self, **kwargs: Any) -> None:
        self.kinds: tuple[str, ...] = kwargs.pop("kinds", ())
        self.reads: tuple[str, str] | None = kwargs.pop("reads", None)  # the field of another kind that it adds up
        given = {"least": self.least, "most": self.most, "number": self.number} | kwargs
        super().__init__(**given)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs if value is None else self.narrow(qs, value.start, value.stop)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        """Of a column of the customer itself; whoever has nothing in it is not between anything."""
        wanted = {"gte": low, "lte": high}
        return qs.filter(**{f"{self.field_name}__{end}": it for end, it in wanted.items() if it is not None})

    def rows(self, of: Rows) -> QuerySet:
        parent: Any = self.parent  # type: ignore[attr-defined]
        return of(parent.request.user, timezone.now()).order_by()


class MoneyBetween(Between):
    most = MOST_MONEY
    number = forms.DecimalField


class DaysAgo(Between):
    """How many days ago a moment of the customer lies. One that never was is any number of days ago, from which on is
    asked: nobody has called, so nobody has called for 90 days."""

    most = LONGEST_DAYS

    def __init__(self, moment: str, *, never: bool = False, **kwargs: Any) -> None:
        self.moment, self.never = moment, never
        super().__init__(**kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        now = timezone.now()
        wanted = Q()
        if low is not None:
            wanted &= Q(**{f"{self.moment}__lte": now - timedelta(days=low)})
        if high is not None:
            wanted &= Q(**{f"{self.moment}__gte": now - timedelta(days=high)})
        elif self.never:
            wanted |= Q(**{self.moment: None})
        return qs.filter(wanted)


class HowMany(Between):
    """So many of a customer's records. None is a number too: from 0 to 0 are the customers without."""

    def __init__(self, of: Rows, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        rows = self.rows(self.of)
        here = rows.filter(customer=OuterRef("pk"))
        if not low:  # most have few: each is asked by its index whether it has one more
            return qs if high is None else qs.filter(~Exists(here[high : high + 1]))
        if low == 1 and high is None:
            return qs.filter(Exists(here))
        counted = rows.filter(customer__isnull=False).values("customer").annotate(number=Count("pk"))
        wanted = counted.filter(number__gte=low, **({} if high is None else {"number__lte": high}))
        return qs.filter(pk__in=wanted.values("customer"))


class HowMuch(Between):
    """What a customer's records come to, in the organisation's currency. Who has none comes to nothing, and is not
    among those up to an amount."""

    most = MOST_MONEY
    number = forms.DecimalField

    def __init__(self, of: Rows, worth: Callable[[datetime], Any], **kwargs: Any) -> None:
        self.of, self.worth = of, worth
        super().__init__(**kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        rows = self.rows(self.of).filter(customer__isnull=False)
        summed = rows.values("customer").annotate(worth=Sum(self.worth(timezone.now())))
        wanted = {f"worth__{end}": it for end, it in (("gte", low), ("lte", high)) if it is not None}
        return qs.filter(pk__in=summed.filter(**wanted).values("customer"))


class Last(Between):
    """What the last of a customer's records says, by `moment` and then by number."""

    def __init__(self, of: Rows, column: str, moment: str, **kwargs: Any) -> None:
        self.of, self.column, self.moment = of, column, moment
        super().__init__(**kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        rows, at = self.rows(self.of).filter(customer__isnull=False), self.moment
        later = Q(**{f"{at}__gt": OuterRef(at)}) | Q(**{at: OuterRef(at), "pk__gt": OuterRef("pk")})
        last = rows.filter(~Exists(rows.filter(later, customer=OuterRef("customer"))))
        wanted = {f"{self.column}__{end}": it for end, it in (("gte", low), ("lte", high)) if it is not None}
        return qs.filter(pk__in=last.filter(**wanted).values("customer"))


class WithinDays(filters.Filter):
    """Customers with a record whose `moment` lies in the last days, or, `ahead`, in the next ones."""

    field_class = forms.IntegerField

    def __init__(self, of: Rows, moment: str, *, ahead: bool = False, **kwargs: Any) -> None:
        self.of, self.moment, self.ahead = of, moment, ahead
        self.kinds: tuple[str, ...] = kwargs.pop("kinds", ())
        super().__init__(min_value=1, max_value=LONGEST_DAYS, **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value is None:
            return qs
        parent: Any = self.parent  # type: ignore[attr-defined]
        now = timezone.now()
        ends = (now, now + timedelta(days=value)) if self.ahead else (now - timedelta(days=value), now)
        rows = self.of(parent.request.user, now).order_by()
        return qs.filter(Exists(rows.filter(customer=OuterRef("pk"), **{f"{self.moment}__range": ends})))


class HavingOne(filters.ModelMultipleChoiceFilter):
    """Customers with a record that has one of the chosen in its `column`."""

    def __init__(self, of: Rows, column: str, **kwargs: Any) -> None:
        self.of, self.column = of, column
        self.kinds: tuple[str, ...] = kwargs.pop("kinds", ())
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        parent: Any = self.parent  # type: ignore[attr-defined]
        rows = self.of(parent.request.user, timezone.now()).order_by()
        return qs.filter(Exists(rows.filter(customer=OuterRef("pk"), **{f"{self.column}__in": list(value)})))
