"""Everything listed can be exported, exactly as filtered, sorted and shown."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from crm.access import guards
from crm.access.permissions import Verb
from crm.exchange import exporting
from crm.web.lists.exported import Cells, lean
from crm.web.lists.paging import Order
from crm.web.lists.part import ListPart


class Export(ListPart):
    """CSV or XLSX of the rows the person may export, in the order and with the columns of the page."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        guards.require(request.user, self.list.kind, Verb.EXPORT)
        allowed = self.list.model.objects.permitted(request.user, Verb.EXPORT).order_by().values("pk")
        state = self.state
        queryset, _filterset = self.list.matching(state)
        queryset = self.list.with_columns(self.list.sortable(queryset.filter(pk__in=allowed), state), state.columns)
        order = self.list.order(state, queryset)
        columns = [self.list.column(code) for code in state.columns]
        table = exporting.Table(
            name=self.list.heading,
            heads=[str(column.label) for column in columns],
            records=exporting.stream(lean(in_order(queryset, order), columns)),
            cells=Cells(columns, self.list.model),
            count=queryset.order_by().count(),
        )
        about = {"list": self.list.code, "query": state.query(), "columns": state.columns}
        return exporting.respond(table, request.GET.get("format", "csv"), about, by=request.user, at=timezone.now())


def in_order(queryset: QuerySet, order: Order) -> QuerySet:
    """The whole in the order of the pages: rows without a value last."""
    last = True if order.nullable else None
    fields = [F(order.path), F("pk")]
    return queryset.order_by(*(f.desc(nulls_last=last) if order.descending else f.asc(nulls_last=last) for f in fields))
