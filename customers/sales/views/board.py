"""The pipeline as a board, and what happens when a card is put somewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from crm.web.toasts import toast
from customers.sales.actions import opportunities
from customers.sales.forms.board import BoardFilter
from customers.sales.models import Opportunity, Pipeline, Stage
from customers.sales.models import board as boards
from customers.sales.models.forecast_period import organisation_zone
from customers.sales.models.rotting import add_rotting
from customers.sales.views.asking import ask_amount, ask_reason
from customers.sales.views.stage_exit import ask_criteria, unmet_criteria


class BoardPart(View):
    """What the parts of one board share: the pipeline, the filter, and the opportunities on it."""

    def prepare(self, request: HttpRequest) -> None:
        guards.require(request.user, "opportunity", Verb.VIEW)
        self.pipelines = list(Pipeline.objects.visible_to(request.user).active().order_by("position", "name"))
        self.pipeline = self._chosen(request.GET.get("pipeline", ""))
        today = timezone.localdate()
        self.filter = BoardFilter(request.GET, user=request.user, today=today)
        self.opportunities = self.filter.narrow(Opportunity.objects.visible_to(request.user))
        self.context = {
            "pipeline": self.pipeline,
            "filter": self.filter,
            "query": self._query(),
            "today": today,
        }

    def _query(self) -> str:
        """The board as it was asked for, to be carried along by its parts."""
        known = {name: self.request.GET.get(name, "") for name in ("pipeline", *self.filter.fields)}
        return urlencode({name: value for name, value in known.items() if value})

    def _chosen(self, wanted: str) -> Pipeline | None:
        if not wanted:
            return self.pipelines[0] if self.pipelines else None
        found = next((pipeline for pipeline in self.pipelines if str(pipeline.pk) == wanted), None)
        if found is None:
            raise Http404(_("There is no such pipeline."))
        return found


class Board(BoardPart):
    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request)
        if self.pipeline is None:
            return render(request, "sales/board/none.html")
        columns = boards.columns(
            self.opportunities, self.pipeline, request.user, timezone.localdate(timezone=organisation_zone())
        )
        found = [card for column in columns for card in column.cards]
        mark_movable(found, request.user)
        add_rotting(found, timezone.now())
        context = {
            **self.context,
            "pipelines": self._tabs(),
            "columns": columns,
            "closings": self.pipeline.stages.exclude(outcome=Stage.Outcome.OPEN).order_by("position", "pk"),
            "overall": boards.overall(column.sums for column in columns),
            "may_create": request.user.access.may("opportunity", Verb.CREATE),  # type: ignore[union-attr]
        }
        return render(request, "sales/board/board.html", context)

    def _tabs(self) -> list[dict[str, Any]]:
        query = self.request.GET.copy()
        tabs = []
        for pipeline in self.pipelines:
            query["pipeline"] = str(pipeline.pk)
            tabs.append({"label": pipeline.name, "url": f"?{query.urlencode()}", "active": pipeline == self.pipeline})
        return tabs if len(tabs) > 1 else []


class Totals(BoardPart):
    """The sums above the columns, asked for again after a card was moved."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request)
        if self.pipeline is None:
            raise Http404
        stages = list(self.pipeline.stages.open().order_by("position", "pk"))
        sums = boards.sums_in(stages, self.opportunities, timezone.localdate(timezone=organisation_zone()))
        context = {
            **self.context,
            "overall": boards.overall(sums.values()),
            "columns": [boards.Column(stage, sums.get(stage.pk, boards.Sums()), []) for stage in stages],
        }
        return render(request, "sales/board/_totals.html", context)


class MoreCards(BoardPart):
    """The next cards of a column, below a place: `stage`, `rank` and `pk` of the last card that was shown."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request)
        stage = asked.record(request.GET, "stage", self.pipeline.stages) if self.pipeline is not None else None
        last = asked.number(request.GET, "pk")
        cards: list[Any] = []
        if stage is not None and last is not None:
            below = (request.GET.get("rank", ""), last)
            cards = boards.cards(self.opportunities, stage, boards.SHOWN + 1, below)
        shown = cards[: boards.SHOWN]
        boards.add_next_steps(shown, request.user)
        mark_movable(shown, request.user)
        add_rotting(shown, timezone.now())
        more = len(cards) > boards.SHOWN
        return render(request, "sales/board/_more.html", {**self.context, "stage": stage, "cards": shown, "more": more})


class StageOf(View):
    """POST puts an opportunity into a stage: from the board with neighbours, from its page without."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        opportunity = guards.get_permitted(
            Opportunity.objects.select_related("stage__pipeline", "pipeline"), user, Verb.EDIT, pk=pk
        )
        self.from_board = "previous" in request.POST
        stage = asked.record(request.POST, "column", opportunity.pipeline.stages)
        if stage is None:
            return self._refuse(opportunity, _("There is no such stage in this pipeline."), 422)
        if stage.is_lost and not opportunity.stage.is_lost:
            return ask_reason(request, opportunity)
        if unmet_criteria(opportunity, stage):
            return ask_criteria(request, opportunity, stage)
        if stage.is_won and opportunity.amount is None:
            return ask_amount(request, opportunity)
        try:
            moved = opportunities.move(opportunity, stage=stage, by=user, at=timezone.now(), **self._place(stage))
        except StaleVersion as stale:
            return self._refuse(opportunity, conflict_sentence(stale), 409)
        except ValidationError as error:
            return self._refuse(opportunity, " ".join(error.messages), 422)
        return self._answer(moved)

    def _place(self, stage: Stage) -> dict[str, Any]:
        post = self.request.POST
        opened_at = post if post.get("seen_in") else self.request.GET
        in_column = Opportunity.objects.visible_to(self.request.user).in_stage(stage)
        return {
            "version": asked.number(post, "version"),
            "seen_in": asked.record(opened_at, "seen_in", stage.pipeline.stages),
            "previous": asked.record(post, "previous", in_column),
            "following": asked.record(post, "next", in_column),
        }

    def _answer(self, moved: Opportunity) -> HttpResponse:
        if not self.from_board:
            toast(self.request, _("Moved to %(stage)s.") % {"stage": moved.stage})
            return redirect(moved.get_absolute_url())
        boards.add_next_steps([moved], self.request.user)
        mark_movable([moved], self.request.user)
        add_rotting([moved], timezone.now())
        response = render(self.request, "sales/board/_more.html", {"cards": [moved], "today": timezone.localdate()})
        response["HX-Trigger"] = "opportunity-moved"
        return response

    def _refuse(self, opportunity: Opportunity, sentence: str, status: int) -> HttpResponse:
        if self.from_board:
            return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
        toast(self.request, sentence, level=40)
        return redirect(reverse("opportunity-detail", args=[opportunity.pk]))


def conflict_sentence(stale: StaleVersion) -> str:
    current: Any = stale.record
    return _("Somebody else changed this meanwhile: it is in “%(stage)s” now. Reload the page to go on from there.") % {
        "stage": current.stage
    }


def mark_movable(cards: list[Any], user: Any) -> None:
    """A card that may only be looked at stays where it is."""
    mine = Opportunity.objects.editable_by(user).filter(pk__in=[card.pk for card in cards])
    movable = set(mine.order_by().values_list("pk", flat=True)) if cards else set()
    for card in cards:
        card.is_movable = card.pk in movable
