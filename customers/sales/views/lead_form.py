"""The public page of a lead form: no account and no cookie; also inside other websites, where these are named."""

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
from crm.web.submit_once import first_time
from customers.sales.actions import lead_confirmations, lead_forms
from customers.sales.forms.public_lead import PublicLeadForm
from customers.sales.models import LeadConfirmation, LeadForm

SENT_PER_MINUTE = 6  # by one address: a fair's stand has one, a program sends more


# Exempt from the CSRF cookie: nobody is signed in here, so whoever could forge the post could as well make it; and
# inside another website the browser keeps no cookie of ours.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class LeadFormPage(View):
    """GET only ever shows; POST notes a lead. Spam is thanked like everybody."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = kwargs["key"]
        form = LeadForm.objects.active().filter(key=key).first()  # scoped: whoever has the address may fill it in
        with translation.override(self.language(request, form)):
            if request.method in ("GET", "HEAD", "POST") and limits.is_too_fast(request):
                response = self.slow_down(request)
            elif form is None:
                response = render(request, "sales/lead_form/gone.html", status=404)
            else:
                answer: Any = super().dispatch(request, form)
                response = answer
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Cache-Control"] = "no-store"
        return self.embeddable(response, form)

    def get(self, request: HttpRequest, form: LeadForm) -> HttpResponse:
        return self.page(request, form, PublicLeadForm(form=form))

    def post(self, request: HttpRequest, form: LeadForm) -> HttpResponse:
        if limits.is_too_fast(request, "lead-form", SENT_PER_MINUTE):
            return self.slow_down(request)
        filled = PublicLeadForm(request.POST, form=form)
        if filled.is_trapped:
            return self.thanks(request, form)
        if not filled.is_valid():
            return self.page(request, form, filled, status=422)
        if first_time(request):
            take = lead_confirmations.ask if form.confirms else lead_forms.submit
            take(form, at=timezone.now(), language=translation.get_language(), **filled.values())
        return self.thanks(request, form)

    def page(self, request: HttpRequest, form: LeadForm, filled: PublicLeadForm, status: int = 200) -> HttpResponse:
        shown = {"lead_form": form, "form": filled, "languages": settings.LANGUAGES}
        return render(request, "sales/lead_form/page.html", shown, status=status)

    def thanks(self, request: HttpRequest, form: LeadForm) -> HttpResponse:
        """The same for everybody: it does not tell whether an address is known."""
        page = "look_into_mail" if form.confirms else "thanks"
        return render(request, f"sales/lead_form/{page}.html", {"lead_form": form})

    def slow_down(self, request: HttpRequest) -> HttpResponse:
        return render(request, "sales/lead_form/slow_down.html", status=429)

    def language(self, request: HttpRequest, form: LeadForm | None) -> str:
        """What the switch says, else the form's own; where there is no form, the browser's."""
        return chosen_language(request) or (form.language if form else translation.get_language())

    def embeddable(self, response: HttpResponse, form: LeadForm | None) -> HttpResponse:
        sites = form.embedding_sites if form else []
        if sites:
            response.xframe_options_exempt = True  # type: ignore[attr-defined]
            response._csp_replace = {"frame-ancestors": sites}  # type: ignore[attr-defined]
        return response


# Exempt from the CSRF cookie: the secret in the address is the whole authority of this page.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class Confirmation(View):
    """The link of the mail. Programs that look at mail open it too, so opening it does nothing: POST confirms."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return secluded(self.answer(request, kwargs["token"]))

    def answer(self, request: HttpRequest, token: str) -> HttpResponse:
        if request.method in ("GET", "HEAD", "POST") and limits.is_too_fast(request):
            return render(request, "sales/lead_form/slow_down.html", status=429)
        try:
            waiting = lead_confirmations.asked(token, timezone.now())
        except lead_confirmations.LinkGone:
            return render(request, "sales/lead_form/link_gone.html", status=404)
        with translation.override(waiting.language):
            answer: Any = super().dispatch(request, waiting)
            return answer

    def get(self, request: HttpRequest, waiting: LeadConfirmation) -> HttpResponse:
        page = "thanks" if waiting.confirmed_at else "confirm"
        return render(request, f"sales/lead_form/{page}.html", {"lead_form": waiting.form})

    def post(self, request: HttpRequest, waiting: LeadConfirmation) -> HttpResponse:
        lead_confirmations.confirm(waiting.token, at=timezone.now())
        return render(request, "sales/lead_form/thanks.html", {"lead_form": waiting.form})
