"""How far what was opened on certain days has come, and how long it stayed in each stage."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.access.permissions import Verb
from customers.sales.forms.waterfall import CohortForm
from customers.sales.models.stage_conversion import cohort, stage_conversion
from customers.sales.views.waterfall import Asked


class Page(Asked):
    is_money = False
    form_class = CohortForm

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request, Verb.VIEW)
        if not self.form.pipelines:
            return render(request, "sales/board/none.html")
        if not self.is_sound:
            context = {"form": self.form, "tabs": self.tabs("pipeline-conversion")}
            return render(request, "sales/conversion/page.html", context, status=422)
        asked = (self.selection, self.first, self.last, self.now)
        context = {
            "form": self.form,
            "tabs": self.tabs("pipeline-conversion"),
            "pipeline": self.selection.pipeline,
            "cohort": cohort(*asked),
            "stages": stage_conversion(*asked),
        }
        return render(request, "sales/conversion/page.html", context)
