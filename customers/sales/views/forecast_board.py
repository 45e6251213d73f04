"""What is open by the month it should close in; a card put into another month is expected then."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from customers.sales.actions import opportunities
from customers.sales.forms.board import BoardFilter
from customers.sales.models import Opportunity
from customers.sales.models import board as boards
from customers.sales.models import forecast_board as months
from customers.sales.models.forecast_period import MONTH, Period, local_day
from customers.sales.views.board import mark_movable


class Board(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "opportunity", Verb.VIEW)
        today = local_day(timezone.now())
        first = months.asked_month(request.GET.get("from", ""), today)
        narrowing = _Filter(request.GET, user=user, today=today)
        shown = narrowing.narrow(Opportunity.objects.visible_to(user).filter(closed_at=None))
        columns = self._columns(first, Period.of(MONTH, today))
        months.fill(columns, shown, first.start, today)
        if not first.start > today:
            columns = [one for one in columns if one.code != months.OVERDUE or one.sums.count]
        found = [card for column in columns for card in column.cards]
        boards.add_next_steps(found, user)
        mark_movable(found, user)
        context = {
            "columns": columns,
            "first": first,
            "overdue_until": first.after(-1).end,
            "whose": urlencode(self._known()),
            "today": today,
            "filter": narrowing,
            "earlier_url": self._url(first.after(-months.MONTHS)) if first.start > today else "",
            "later_url": self._url(first.after(months.MONTHS)),
        }
        return render(request, "sales/forecast/board.html", context)

    def _columns(self, first: Period, current: Period) -> list[months.Column]:
        shown = [months.Column(month.code, month.label, month) for month in months.months_from(first)]
        before = _("Overdue") if first == current else _("Before")
        return [months.Column(months.OVERDUE, before), *shown, months.Column(months.UNDATED, _("No date"))]

    def _url(self, first: Period) -> str:
        return f"?{urlencode({'from': first.code, **self._known()})}"

    def _known(self) -> dict[str, str]:
        return {name: self.request.GET[name] for name in ("owner", "team") if self.request.GET.get(name)}


class _Filter(BoardFilter):
    """The months say when; what is left is whose."""

    closes = None  # type: ignore[assignment]

    def narrow(self, found: Any) -> Any:
        if self.is_valid():
            self.cleaned_data["closes"] = ""
        return super().narrow(found)


class CloseMonth(View):
    """POST puts the close of an opportunity into another month: `column` as 2026-05, or none for no date."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        opportunity = guards.get_permitted(Opportunity.objects.all(), user, Verb.EDIT, pk=pk)
        today = local_day(timezone.now())
        try:
            day = self._day(opportunity, today)
            moved = opportunities.update(
                opportunity, {"expected_close": day}, by=user, at=timezone.now(),
                version=asked.number(request.POST, "version"),
            )  # fmt: skip
        except StaleVersion:
            return self._refuse(_("Somebody else changed this meanwhile. Reload the page to go on from there."), 409)
        except ValidationError as error:
            return self._refuse(" ".join(error.messages), 422)
        if "previous" not in request.POST:
            return redirect(reverse("forecast-board"))
        boards.add_next_steps([moved], user)
        mark_movable([moved], user)
        return render(request, "sales/forecast/_card.html", {"card": moved, "today": today})

    def _day(self, opportunity: Opportunity, today: date) -> date | None:
        if not opportunity.is_open:
            raise ValidationError(_("It is closed already."))
        column = self.request.POST.get("column", "")
        if column == months.UNDATED:
            return None
        month = Period.named(column)
        if month is None or month.kind != MONTH or month.is_over(today):
            raise ValidationError(_("Choose a month that is not over."))
        current = opportunity.expected_close
        if current and Period.of(MONTH, current) == month:
            return current
        return months.day_in(month, current, today)

    def _refuse(self, sentence: str, status: int) -> HttpResponse:
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
