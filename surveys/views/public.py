"""The page a customer answers on: no account, no cookie, nothing to be seen but the question."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from crm.web import limits
from crm.web.public import chosen_language, secluded
from surveys.actions import responses
from surveys.actions.mail import language_of
from surveys.forms.answer import AnswerForm
from surveys.models import Invitation


# Exempt from the CSRF cookie: the secret in the address is the whole authority of this page, so somebody who could
# forge the post could as well make it, and a customer whose mail program keeps no cookies can still answer.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class AnswerPage(View):
    """GET only ever shows; POST records, once. Wrong, withdrawn and expired links are one and the same page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD", "POST") and limits.is_too_fast(request):
            return secluded(render(request, "surveys/public/slow_down.html", status=429))
        response: Any = super().dispatch(request, *args, **kwargs)
        return secluded(response)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = responses.asked(token, timezone.now())
        except responses.LinkGone:
            return self.gone(request)
        with self.language(request, invitation):
            if invitation.is_answered:
                return render(request, "surveys/public/answered.html", {"invitation": invitation})
            score = request.GET.get("score", "")
            known = score.isascii() and score.isdecimal() and len(score) <= 2 and int(score) in invitation.survey.scale
            form = AnswerForm(survey=invitation.survey, initial={"score": int(score)} if known else {})
            return self.page(request, invitation, form)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        try:
            invitation = responses.asked(token, now)
        except responses.LinkGone:
            return self.gone(request)
        with self.language(request, invitation):
            if invitation.is_answered:
                return render(request, "surveys/public/answered.html", {"invitation": invitation}, status=409)
            form = AnswerForm(request.POST, survey=invitation.survey)
            if not form.is_valid():
                return self.page(request, invitation, form, status=422)
            return self.record(request, token, invitation, form, now)

    def record(
        self, request: HttpRequest, token: str, invitation: Invitation, form: AnswerForm, now: Any
    ) -> HttpResponse:
        values = form.cleaned_data
        try:
            responses.record(
                token=token, score=values["score"], comment=values["comment"], answers=form.answers(), at=now
            )
        except responses.LinkGone:
            return self.gone(request)
        except responses.AlreadyAnswered:
            return render(request, "surveys/public/answered.html", {"invitation": invitation}, status=409)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.page(request, invitation, form, status=422)
        return render(request, "surveys/public/thanks.html", {"invitation": invitation})

    def page(self, request: HttpRequest, invitation: Invitation, form: AnswerForm, status: int = 200) -> HttpResponse:
        chosen = str(form["score"].value() or ("0" if form["score"].value() == 0 else ""))
        shown = {
            "invitation": invitation,
            "survey": invitation.survey,
            "form": form,
            "scores": [(score, str(score) == chosen) for score in invitation.survey.scale],
            "chosen": chosen,
            "languages": settings.LANGUAGES,
        }
        return render(request, "surveys/public/answer.html", shown, status=status)

    def gone(self, request: HttpRequest) -> HttpResponse:
        return render(request, "surveys/public/gone.html", status=404)

    def language(self, request: HttpRequest, invitation: Invitation) -> Any:
        """What the switch says, else the contact's language, else what the browser asks for."""
        if wanted := chosen_language(request):
            return translation.override(wanted)
        contact = invitation.contact
        return translation.override(language_of(contact) if contact.language else translation.get_language())
