"""The page that the link below every mailing leads to: no account, no cookie, and nothing happens by looking at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from crm.web import limits
from crm.web.public import chosen_language, secluded
from customers.sales.actions import mailing_answers, mailing_sending
from customers.sales.models import MailingLetter, MailingRules
from customers.sales.models.mailing_letter import hash_of

POSTS_PER_MINUTE = 10  # with one link; a mail provider unsubscribes many people from few addresses


# Exempt from the CSRF cookie: the secret in the address is the whole authority of this page, and the programs that
# unsubscribe with one click (RFC 8058) send none.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class UnsubscriptionPage(View):
    """GET only ever shows; POST unsubscribes the address, or takes that back where it says so."""

    letter: MailingLetter | None = None  # None for the link of a test letter

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return secluded(self.answer(request, kwargs["token"]))

    def answer(self, request: HttpRequest, token: str) -> HttpResponse:
        if token != mailing_sending.TEST:
            try:
                self.letter = mailing_answers.asked(token)
            except mailing_answers.LinkGone:
                # Only who guesses is counted by where they come from.
                return self.slow_down(request) if limits.is_too_fast(request) else self.gone(request)
        with translation.override(self.language(request)):
            purpose = f"unsubscription-{hash_of(token)[:16]}"
            if request.method == "POST" and limits.is_too_fast(request, purpose, POSTS_PER_MINUTE):
                return self.slow_down(request)
            response: Any = super().dispatch(request)
            return response

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.letter is not None:
            wants_back = request.POST.get("wants") == "mailings"
            do = mailing_answers.subscribe_again if wants_back else mailing_answers.unsubscribe
            do(self.letter, at=timezone.now())
        return self.page(request)

    def page(self, request: HttpRequest) -> HttpResponse:
        out = self.letter is not None and mailing_answers.is_unsubscribed(self.letter)
        context = {
            "letter": self.letter,
            "is_out": out,
            "sender": MailingRules.in_force().sender,
            "languages": settings.LANGUAGES,
        }
        return render(request, "sales/mailing/public/page.html", context)

    def language(self, request: HttpRequest) -> str:
        """What the switch says, else the letter's."""
        own = self.letter.language if self.letter else translation.get_language() or settings.LANGUAGE_CODE
        return chosen_language(request) or own

    def gone(self, request: HttpRequest) -> HttpResponse:
        return render(request, "sales/mailing/public/gone.html", status=404)

    def slow_down(self, request: HttpRequest) -> HttpResponse:
        return render(request, "sales/mailing/public/slow_down.html", status=429)
