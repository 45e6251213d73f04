"""What the customer list, and so a segment, can ask of what a customer's people said last."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.web.lists import offered
from customers.lists.around import Last, WithinDays
from customers.lists.customers import CustomerFilter
from surveys.models import Response, Survey


def offer() -> None:
    seen = {"kinds": ("response",)}
    offered.offer(
        CustomerFilter,
        _("Survey answers"),
        30,
        nps_last=_last(Survey.Type.NPS, 0, 10, _("last NPS answer, 0 to 10")),
        csat_last=_last(Survey.Type.CSAT, 1, 5, _("last CSAT answer, 1 to 5")),
        ces_last=_last(Survey.Type.CES, 1, 7, _("last CES answer, 1 to 7")),
        answered_days=WithinDays(answers, "answered_at", label=_("answered in the last … days"), **seen),
    )


def _last(survey_type: Survey.Type, least: int, most: int, label: Any) -> Last:
    of = partial(answers_to, survey_type)
    return Last(of, "score", "answered_at", least=least, most=most, label=label, kinds=("response",))


def answers(user: Any, now: datetime) -> QuerySet:
    return Response.objects.visible_to(user)


def answers_to(survey_type: Survey.Type, user: Any, now: datetime) -> QuerySet:
    return answers(user, now).filter(survey__type=survey_type)
