"""The questionnaires an installation starts with; what exists is the administrator's, and untouched."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from surveys.models import Question, Survey

SHIPPED: list[dict[str, Any]] = [
    {
        "code": "csat",
        "name": gettext_noop("Satisfaction with a resolved ticket"),
        "type": Survey.Type.CSAT,
        "trigger": Survey.Trigger.TICKET_RESOLVED,
        "subject_en": "How did we do?",
        "subject_zh": "您对我们的服务满意吗？",
        "intro_en": "We have resolved your request. One click tells us whether you are satisfied.",
        "intro_zh": "您的请求已处理完毕。只需点击一下，告诉我们您是否满意。",
        "question_en": "How satisfied are you with the way we handled your request?",
        "question_zh": "您对我们处理此次请求的方式满意吗？",
    },
    {
        "code": "nps",
        "name": gettext_noop("Recommendation"),
        "type": Survey.Type.NPS,
        "trigger": Survey.Trigger.NONE,
        "subject_en": "Would you recommend us?",
        "subject_zh": "您愿意推荐我们吗？",
        "intro_en": "You have worked with us for a while. One click tells us what you think of it.",
        "intro_zh": "感谢您一直以来的合作。只需点击一下，告诉我们您的看法。",
        "question_en": "How likely are you to recommend us to a friend or colleague?",
        "question_zh": "您有多大可能把我们推荐给朋友或同事？",
    },
]


@transaction.atomic
def install(**_: Any) -> None:
    if Survey.objects.exists():
        return
    for shipped in SHIPPED:
        values = dict(shipped)
        question = {"text_en": values.pop("question_en"), "text_zh": values.pop("question_zh")}
        survey = Survey.objects.create(**values)
        Question.objects.create(survey=survey, type=Question.Type.SCORE, is_required=True, **question)
