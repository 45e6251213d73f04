"""Win probabilities from history: what was learned of each stage, and how right it was."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.access.permissions import Verb
from crm.web import formats
from customers.sales.forms.waterfall import CohortForm
from customers.sales.models import Pipeline, WinCohort, WinFactor
from customers.sales.models.win_chance import LEAST, value_label
from customers.sales.models.win_reasons import Said, direction, learned_of, track_of
from customers.sales.views.waterfall import Asked


class Page(Asked):
    """Of the whole organisation: how many of all were won tells nothing of anybody's records."""

    is_money = False
    form_class = CohortForm

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request, Verb.VIEW)
        pipelines: list[Pipeline] = self.form.pipelines
        if not pipelines:
            return render(request, "sales/board/none.html")
        pipeline = self.selection.pipeline if self.is_sound else pipelines[0]
        stages = [(one, reasons(one.cohort, one.factors)) for one in learned_of(pipeline)]
        context = {
            "tabs": self.tabs("win-probability"),
            "pipeline": pipeline,
            "pipelines": [] if len(pipelines) < 2 else [(one, self._url(one)) for one in pipelines],
            "stages": stages,
            "cohort": next((one.cohort for one, _reasons in stages if one.cohort), None),
            "track": track_of(pipeline),
        }
        return render(request, "sales/win_probability/page.html", context)

    def _url(self, pipeline: Pipeline) -> str:
        return f"{reverse('win-probability')}?pipeline={pipeline.pk}"


def shown(said: Said | None) -> dict[str, Any]:
    """What the page of an opportunity shows of it."""
    if said is None:
        return {}
    told = reasons(said.cohort, said.factors)
    return {"said": said, "reasons": told, "untold": None if said.untold is None else direction(said.untold)}


def reasons(cohort: WinCohort | None, factors: list[WinFactor]) -> list[dict[str, Any]]:
    return [
        {
            "label": one.get_attribute_display(),
            "value": _value(cohort, one),
            "factor": one,
            "direction": direction(one.effect),
            "is_used": one.reached >= LEAST,
        }
        for one in factors
    ]


def _value(cohort: WinCohort | None, factor: WinFactor) -> str:
    """An amount as people read it: where its third begins and ends."""
    if factor.attribute != WinFactor.Attribute.AMOUNT or cohort is None:
        return str(value_label(factor.attribute, factor.value))
    small, middle = (formats.money(each, settings.CURRENCY, 0) for each in (cohort.small_until, cohort.middle_until))
    if factor.value == "small":
        return _("up to %(amount)s") % {"amount": small}
    if factor.value == "middle":
        return _("%(from)s to %(until)s") % {"from": small, "until": middle}
    return _("more than %(amount)s") % {"amount": middle}
