"""What is done with one quote: sent, answered, offered anew, ordered, handed over."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.toasts import toast
from customers.forms.fields import people_to_assign
from customers.sales.actions import quote_answers, quotes
from customers.sales.forms.quotes import NotedAnswerForm, SendingForm
from customers.sales.models import Order, Quote
from customers.sales.views.contract_movements import NewOwnerForm


class Step(View):
    """Asks, and carries out; whatever is refused is said in the dialog."""

    verb = Verb.EDIT
    template_name = "sales/quote/step.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = self.load(request, pk)
        return self.page(quote, self.form(quote))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = self.load(request, pk)
        form = self.form(quote, request.POST)
        if not form.is_valid():
            return self.page(quote, form, status=422)
        try:
            self.carry_out(quote, **form.cleaned_data)
        except (StaleVersion, quote_answers.NotOpen):
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self.page(quote, form, status=409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.page(quote, form, status=422)
        still_seen = Quote.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(quote.get_absolute_url()) if still_seen else redirect("quote-list")

    def load(self, request: HttpRequest, pk: int) -> Quote:
        return guards.get_permitted(
            Quote.objects.select_related("customer", "contact", "owner"), request.user, self.verb, pk=pk
        )

    def page(self, quote: Quote, form: Any, status: int = 200) -> HttpResponse:
        context = {"quote": quote, "form": form, "wording": self.wording(quote)}
        return render(self.request, self.template_name, context, status=status)

    def form(self, quote: Quote, data: Any = None) -> Any:
        raise TypeError  # each step has its own

    def wording(self, quote: Quote) -> dict[str, str]:
        raise TypeError

    def carry_out(self, quote: Quote, **said: Any) -> None:
        raise TypeError


class Sending(Step):
    def form(self, quote: Quote, data: Any = None) -> Any:
        return SendingForm(data, initial={"language": quotes.language_for(quote), "version": quote.version})

    def wording(self, quote: Quote) -> dict[str, str]:
        return {
            "title": _("Send quote %(number)s") % {"number": quote},
            "hint": _(
                "It gets a link under which the customer reads, accepts or declines it. From then on it stays as it is."
            ),
            "button": _("Make the link"),
        }

    def carry_out(self, quote: Quote, **said: Any) -> None:
        quotes.send(quote, by=self.request.user, at=timezone.now(), **said)
        toast(self.request, _("The quote has its link: send it to the customer."))


class Answer(Step):
    """The customer said it to us: on the phone, in a mail."""

    def form(self, quote: Quote, data: Any = None) -> Any:
        name = quote.contact.name if quote.contact else ""
        return NotedAnswerForm(data, initial={"name": name, "version": quote.version})

    def wording(self, quote: Quote) -> dict[str, str]:
        return {
            "title": _("The customer's answer to %(number)s") % {"number": quote},
            "hint": _("For an answer that reached you another way than through the link."),
            "button": _("Note the answer"),
        }

    def carry_out(self, quote: Quote, **said: Any) -> None:
        answer, reason = said.pop("answer"), said.pop("reason")
        done = {"by": self.request.user, "at": timezone.now(), **said}
        if answer == Quote.State.ACCEPTED:
            quote_answers.accept(quote, **done)
        else:
            quote_answers.decline(quote, reason=reason, **done)
        toast(self.request, _("The answer is noted."))


class HandOver(Step):
    verb = Verb.ASSIGN

    def form(self, quote: Quote, data: Any = None) -> Any:
        form = NewOwnerForm(data, initial={"owner": quote.owner_id})
        form.fields["owner"].queryset = people_to_assign(self.request.user, Quote.kind)  # type: ignore[attr-defined]
        return form

    def wording(self, quote: Quote) -> dict[str, str]:
        return {"title": _("Hand over “%(name)s”") % {"name": quote}, "button": _("Hand over")}

    def carry_out(self, quote: Quote, **said: Any) -> None:
        quotes.hand_over(quote, by=self.request.user, at=timezone.now(), **said)
        toast(self.request, _("Handed over."))


class NewVersion(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = guards.get_permitted(Quote.objects.all(), request.user, Verb.EDIT, pk=pk)
        guards.require(request.user, Quote.kind, Verb.CREATE)
        try:
            draft = quotes.new_version(quote, by=request.user, at=timezone.now())
        except ValidationError as error:
            return _said(request, quote, error)
        return redirect("quote-edit", pk=draft.pk) if draft.is_draft else redirect(draft.get_absolute_url())


class Ordering(View):
    """What was accepted is ordered, once."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = guards.get_permitted(Quote.objects.all(), request.user, Verb.EDIT, pk=pk)
        guards.require(request.user, Order.kind, Verb.CREATE)
        try:
            made = quote_answers.order(quote, by=request.user, at=timezone.now())
        except ValidationError as error:
            return _said(request, quote, error)
        if not Order.objects.visible_to(request.user).filter(pk=made.pk).exists():
            toast(request, _("It was ordered; the order is not yours to see, or in the bin."), level=30)
            return redirect(quote.get_absolute_url())
        toast(request, _("Order %(number)s is noted.") % {"number": made})
        return redirect(made.get_absolute_url())


def _said(request: HttpRequest, quote: Quote, error: ValidationError) -> HttpResponse:
    toast(request, " ".join(error.messages), level=40)
    return redirect(quote.get_absolute_url())
