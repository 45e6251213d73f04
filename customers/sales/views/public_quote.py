"""The page on which a customer reads a quote and answers it: no account, no cookie, nothing but the quote."""

from __future__ import annotations

from datetime import datetime
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
from customers.sales.actions import quote_answers, quote_lines
from customers.sales.forms.quotes import PublicAnswerForm
from customers.sales.models import Quote, QuoteRules
from customers.sales.models.forecast_period import local_day
from customers.sales.views.quotes import pdf_response

ANSWERS_PER_MINUTE = 10


class Public(View):
    """Wrong links, and those of quotes taken back, are one and the same page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return secluded(self.answer(request, *args, **kwargs))

    def answer(self, request: HttpRequest, token: str) -> HttpResponse:
        if request.method in ("GET", "HEAD", "POST") and limits.is_too_fast(request):
            return render(request, "sales/quote/public/slow_down.html", status=429)
        try:
            self.quote = quote_answers.asked(token)
        except quote_answers.LinkGone:
            return render(request, "sales/quote/public/gone.html", status=404)
        with translation.override(self.language(request)):
            response: Any = super().dispatch(request, token)
            return response

    def language(self, request: HttpRequest) -> str:
        """What the switch says, else the one it was sent in."""
        return chosen_language(request) or self.quote.language


# Exempt from the CSRF cookie: the secret in the address is the whole authority of this page, so somebody who could
# forge the post could as well make it, and a customer whose mail program keeps no cookies can still answer.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class AnswerPage(Public):
    """GET only ever shows; POST answers, once."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page(request, PublicAnswerForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if limits.is_too_fast(request, "quote-answer", ANSWERS_PER_MINUTE):
            return render(request, "sales/quote/public/slow_down.html", status=429)
        form = PublicAnswerForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        said = form.cleaned_data
        try:
            self.quote = self.carry_out(said["answer"], said["name"], said["reason"], timezone.now())
        except quote_answers.NotOpen as refusal:
            self.quote = refusal.quote
            return self.page(request, form, status=409)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
            return self.page(request, form, status=422)
        return self.page(request, PublicAnswerForm())

    def carry_out(self, answer: str, name: str, reason: str, at: datetime) -> Quote:
        if answer == Quote.State.ACCEPTED:
            return quote_answers.accept(self.quote, name=name, at=at)
        return quote_answers.decline(self.quote, name=name, reason=reason, at=at)

    def page(self, request: HttpRequest, form: Any, status: int = 200) -> HttpResponse:
        lines = quote_lines.lines_of(self.quote)
        context = {
            "quote": self.quote,
            "state": self.quote.state_on(local_day(timezone.now())),
            "lines": lines,
            "recurs": any(line.months for line in lines),
            "discounted": any(line.discount for line in lines),
            "taxes": quote_lines.taxes_of(lines),
            "sender": QuoteRules.in_force().sender,
            "form": form,
            "declining": form.data.get("answer") == Quote.State.DECLINED,
            "languages": settings.LANGUAGES,
            "token": self.kwargs["token"],
        }
        return render(request, "sales/quote/public/page.html", context, status=status)


@method_decorator(login_not_required, name="dispatch")
class PublicPdf(Public):
    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return pdf_response(self.quote, translation.get_language() or self.quote.language)
