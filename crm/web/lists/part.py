from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.lists.base import List


class ListPart(View):
    """A page that belongs to a list and shares its rows, state and visibility."""

    list_class: type[List] = List

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        own = {name: kwargs.pop(name) for name in ("view_pk", "action") if name in kwargs}
        self.own_kwargs = own
        self.list = self.list_class()
        self.list.setup(request, *args, **kwargs)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            guards.require(request.user, self.list.kind, Verb.VIEW)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    @cached_property
    def state(self) -> Any:
        """The arrangement of the list this page was opened from."""
        return self.list.read_state(self.request.GET)

    @property
    def back(self) -> str:
        return f"{self.list.address()}?{self.state.query()}"
