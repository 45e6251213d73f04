"""The declarative list: one class says what is shown, filtered, sorted and done; everything else follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from crm.access import fields, guards, kinds
from crm.access.permissions import Verb
from crm.custom_fields import filtering, known
from crm.models.saved_view import ChosenColumns, SavedView
from crm.search import documents, finding
from crm.web.lists import asked_parts, beside, filters
from crm.web.lists import state as states
from crm.web.lists.bulk import BulkAction
from crm.web.lists.columns import Column, RowButton
from crm.web.lists.custom_columns import custom_column
from crm.web.lists.grouping import UnknownPart
from crm.web.lists.paging import COUNTED, Count, Order, Page, Pager, is_nullable, once_each
from crm.web.lists.presenting import Presented

RESERVED = {"q", "sort", "columns", "view", asked_parts.PARAM, *states.PASSING}


class List(View):
    """A page of records of one kind. Declare, then `path("customers/", CustomerList.as_view(), name="customer-list")`
    and `*CustomerList.extra_urls("customers/", "customer-list")` beside it. Everything begins at `visible_to`.
    """

    kind: ClassVar[str]
    model: ClassVar[Any]
    title: ClassVar[Any] = ""
    columns: ClassVar[Sequence[Column]]
    default_columns: ClassVar[Sequence[str]] = ()
    default_sort: ClassVar[str]
    filterset_class: ClassVar[Any] = None
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    row_button: ClassVar[RowButton | None] = None
    select_related: ClassVar[Sequence[str]] = ()
    prefetch_related: ClassVar[Sequence[Any]] = ()
    page_size: ClassVar[int] = 50
    counted: ClassVar[int] = COUNTED  # how many rows are counted at most
    create_url: ClassVar[str] = ""
    keep_url: ClassVar[str] = ""  # where the filters of the moment can be kept as a record of their own
    keep_label: ClassVar[Any] = ""
    keep_permission: ClassVar[tuple[str, Verb] | None] = None
    create_label: ClassVar[Any] = ""
    create_in_dialog: ClassVar[bool] = True
    made_elsewhere: ClassVar[bool] = False  # one by one on another record's page; files may bring many
    empty_title: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    template_name: ClassVar[str] = "lists/list.html"

    url_name: ClassVar[str] = ""
    is_nested: ClassVar[bool] = False  # below one record: its address takes arguments

    # Declaration ---------------------------------------------------------------------------------------------------

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "columns" not in cls.__dict__ and "filterset_class" not in cls.__dict__:
            return
        taken = RESERVED & set(cls.filterset_class.base_filters if cls.filterset_class else ())
        if taken:
            raise ValueError(f"{cls.__name__}: a filter cannot be called {', '.join(sorted(taken))}.")
        if cls.default_sort not in orders(cls.columns):
            raise ValueError(f"{cls.__name__}: default_sort {cls.default_sort!r} is no declared order.")
        unknown = set(cls.default_columns) - {column.code for column in cls.columns}
        if unknown:
            raise ValueError(f"{cls.__name__}: there is no column {', '.join(sorted(unknown))}.")

    @classmethod
    def extra_urls(cls, prefix: str, name: str) -> list[URLPattern]:
        """Export, bulk actions, columns and saved views of the list, below its own address."""
        from crm.web.lists import registry, urls

        registry.add(name, cls)
        cls.url_name, cls.is_nested = name, "<" in prefix
        return urls.below(cls, prefix, name)

    @classmethod
    def all_columns(cls) -> Sequence[Column]:
        """Those declared here, and those of the fields the administrator defined; none that the reader may not see."""
        closed = fields.hidden_of(cls.model)
        own = [column for column in cls.columns if not column.shows(closed)] if closed else cls.columns
        if known.takers().get(cls.kind) is not cls.model:
            return own
        return [*own, *map(custom_column, known.readable(cls.kind))]

    @classmethod
    def closed_names(cls) -> frozenset[str]:
        """What an arrangement may name although whoever reads does not see it: columns, orders, filters."""
        closed = fields.hidden_of(cls.model)
        return closed | {column.code for column in cls.columns if column.shows(closed)} if closed else closed

    @classmethod
    def filter_names(cls) -> Iterable[str]:
        if cls.filterset_class is None:
            return ()
        return [*cls.filterset_class.base_filters, *filtering.names(cls.filterset_class, cls.kind)]

    @classmethod
    def is_filter_param(cls, name: str) -> bool:
        known = cls.filter_names()
        return name in known or any(
            name.endswith(ending) and name.removesuffix(ending) in known for ending in states.RANGE_ENDINGS
        )

    @classmethod
    def sort_codes(cls) -> dict[str, str]:
        """Every order that may be asked for, with the path it stands for."""
        return orders(cls.all_columns())

    @classmethod
    def known_columns(cls, codes: Iterable[str]) -> list[str]:
        there = {column.code for column in cls.all_columns()}
        return [code for code in dict.fromkeys(codes) if code in there]

    @classmethod
    def shown_by_default(cls) -> Sequence[str]:
        declared = cls.known_columns(cls.default_columns or [column.code for column in cls.columns])
        return [*declared, *(column.code for column in cls.all_columns() if column.is_wanted)]

    @classmethod
    def column(cls, code: str) -> Column:
        return next(column for column in cls.all_columns() if column.code == code)

    # Rows ----------------------------------------------------------------------------------------------------------

    def get_queryset(self) -> QuerySet:
        """The rows the person may see; narrow it further in a subclass, never widen it."""
        return self.model.objects.visible_to(self.request.user)

    @cached_property
    def views(self) -> list[SavedView]:
        return SavedView.of_list(self.code, self.request.user)

    @cached_property
    def remembered_columns(self) -> list[str]:
        return ChosenColumns.of(self.request.user, self.code)

    @property
    def code(self) -> str:
        return self.url_name or self.kind

    def read_state(self, params: QueryDict) -> states.State:
        return states.read(type(self), params, self.views, self.remembered_columns)

    def filterset(self, state: states.State, queryset: QuerySet) -> Any:
        """The bound filters; none where none is asked for and no form has to be drawn."""
        if self.filterset_class is None or not (state.filters or state.filters_open):
            return None
        if state.filters_open:  # all of them only where their form is drawn
            return self.filterset_class(state.filters, queryset=queryset, request=self.request)
        return filters.bound(self.filterset_class, state.filters, queryset, self.request)

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """Rows whose search document holds every word. Override where a list searches otherwise."""
        return queryset.filter(pk__in=finding.ids(self.kind, text))

    @property
    def is_searchable(self) -> bool:
        return self.kind in documents.searchable_kinds() or type(self).search is not List.search

    def matching(self, state: states.State, queryset: QuerySet | None = None) -> tuple[QuerySet, Any]:
        """The rows that match the state, unordered, and the bound filters; none where a filter value is no value."""
        queryset = self.get_queryset() if queryset is None else queryset
        filterset = self.filterset(state, queryset)
        if filterset is not None:
            if not filterset.form.is_valid():
                state.filters_open = True  # what cannot be used is mended in the form, among all the others
                return queryset.none(), self.filterset(state, queryset)
            queryset = filterset.filter_queryset(queryset)
        for part in self.parts(state):
            queryset = part.of(queryset)
        if state.unknown_part:
            return queryset.none(), filterset
        if state.q and self.is_searchable:
            queryset = self.search(queryset, state.q)
        return once_each(queryset.order_by()), filterset

    def parts(self, state: states.State) -> list[asked_parts.Part]:
        try:
            return asked_parts.asked(type(self), state.parts) if state.parts else []
        except UnknownPart:
            state.unknown_part = True
            return []

    def order(self, state: states.State, queryset: QuerySet) -> Order:
        path = self.sort_codes()[state.sort]
        return Order(state.sort, path, is_nullable(queryset, path))

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        for code in codes:
            annotate = self.column(code).annotate
            queryset = annotate(queryset) if annotate else queryset
        return queryset.select_related(*self.select_related).prefetch_related(*self.prefetch_related)

    # The page ------------------------------------------------------------------------------------------------------

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        guards.require(request.user, self.kind, Verb.VIEW)
        state = self.read_state(request.GET)
        shown = self.presented(state, self.page_size)
        template = "lists/_list.html" if request.headers.get("HX-Target", "").endswith("#list") else self.template_name
        context = {"list": shown, **self.get_context(state)}
        return render(request, template, context, status=422 if shown.refusals else 200)

    def presented(self, state: states.State, size: int) -> Presented:
        """So many of the rows that the state asks for, read with no more beside them than its columns say; and how many
        there are altogether. A `size` of nothing only counts."""
        queryset, filterset = self.matching(state)
        page = Page([])
        if size:
            rows = self.with_columns(self.sortable(queryset, state), state.columns)
            order = self.order(state, rows)
            rows = beside.narrowed(rows, [self.column(code) for code in state.columns], order.path)
            page = Pager(rows, order, size).page(state.after, state.before)
        return Presented(self, state, page, Count.of(queryset, self.counted), filterset)

    def sortable(self, queryset: QuerySet, state: states.State) -> QuerySet:
        """Adds what the order needs although its column is hidden."""
        path = self.sort_codes()[state.sort]
        for column in self.all_columns():
            if column.sort == path and column.annotate and column.code not in state.columns:
                return column.annotate(queryset)
        return queryset

    def get_context(self, state: states.State) -> dict[str, Any]:
        """More for a template of its own."""
        return {}

    @property
    def heading(self) -> str:
        return capfirst(str(self.title or kinds.get(self.kind).label_plural))

    def address(self, part: str = "", *args: Any) -> str:
        name = f"{self.url_name}-{part}" if part else self.url_name
        return reverse(name, kwargs=self.kwargs) if not args else reverse(name, args=[*self.kwargs.values(), *args])

    @property
    def creation(self) -> dict[str, Any] | None:
        """The button that makes the first record, for whoever may."""
        if not self.create_url or not self.request.user.access.may(self.kind, Verb.CREATE):
            return None
        label = self.create_label or _("New %(kind)s") % {"kind": kinds.get(self.kind).label}
        return {"url": reverse(self.create_url), "label": label, "dialog": self.create_in_dialog}


def orders(columns: Iterable[Column]) -> dict[str, str]:
    """By code, with and without a minus, the path that each of the columns is ordered by."""
    paths = {column.code: column.sort for column in columns if column.sort}
    # The path itself is a known code too: default_sort = "-updated_at" works for a column of another name.
    paths = {path: path for path in paths.values()} | paths
    return paths | {f"-{code}": path for code, path in paths.items()}
