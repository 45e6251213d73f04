from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.actions.enclosures import Enclosure
from crm.web.toasts import toast
from customers.models import Contact, Customer, Email
from customers.sales.actions import quote_lines, quotes
from customers.sales.forms.quote_lines import line_forms
from customers.sales.forms.quotes import QuoteForm
from customers.sales.models import Opportunity, Order, Quote, QuoteRules
from customers.sales.models.currency import tidy_currency
from customers.sales.views import quote_pdf, with_lines
from customers.sales.views.opened_from import opened_from
from customers.views import editing, timeline

RELATED = ("customer", "contact", "opportunity", "owner", "team", "replaces")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        quote = guards.get_visible(Quote.objects.select_related(*RELATED), user, pk=pk)
        lines = quote_lines.lines_of(quote)
        seen = Quote.objects.visible_to(user)
        may_edit = editing.allows(user, quote, Verb.EDIT)
        may_mail = user.access.may(Email.kind, Verb.CREATE)
        context = {
            "quote": quote,
            "lines": lines,
            "recurs": any(line.months for line in lines),
            "discounted": any(line.discount for line in lines),
            "taxes": quote_lines.taxes_of(lines),
            "link": quotes.link_of(quote) if may_edit and not quote.is_draft else "",
            "mail": mail_url(quote) if may_edit and quote.state == Quote.State.SENT and may_mail else "",
            "customer_is_visible": Customer.objects.visible_to(user).filter(pk=quote.customer_id).exists(),
            "contact_is_visible": Contact.objects.visible_to(user).filter(pk=quote.contact_id).exists(),
            "opportunity": Opportunity.objects.visible_to(user).filter(pk=quote.opportunity_id).first(),
            "order": Order.objects.visible_to(user).filter(pk=quote.order_id).first(),
            "earlier": seen.filter(pk=quote.replaces_id).first(),
            "later": seen.filter(replaces=quote).first(),
            "may_edit": may_edit,
            "may_order": quote.is_accepted and not quote.order_id and user.access.may(Order.kind, Verb.CREATE),
            "may_assign": editing.allows(user, quote, Verb.ASSIGN),
            "may_delete": editing.allows(user, quote, Verb.DELETE),
            **timeline.context(request, quote),
        }
        return render(request, "sales/quote/detail.html", context)


class Timeline(timeline.Timeline):
    model = Quote


timeline.FILTERS["quote"] = [
    ("", gettext_lazy("Everything")),
    ("activity", gettext_lazy("Activities")),
    ("quote", gettext_lazy("Changes")),
]


class Pdf(View):
    """As the customer reads it: in the language it was sent in, a draft in the reader's."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = guards.get_visible(Quote.objects.select_related(*RELATED), request.user, pk=pk)
        return pdf_response(quote, quote.language or translation.get_language() or "en")


class New(with_lines.New):
    model = Quote
    form_class = QuoteForm
    create = quotes.create
    done = gettext_lazy("Quote %(number)s is drafted.")

    def initial(self) -> dict[str, Any]:
        rules = QuoteRules.in_force()
        until = timezone.localdate() + timedelta(days=rules.valid_days)
        same = {"customer": "customer", "contact": "contact", "currency": "currency", "title": "name"}
        return {"valid_until": until, "terms": rules.terms} | opened_from(self.request, same)

    def lines(self, form: Any, data: Any = None) -> Any:
        """First those of the opportunity it is opened from."""
        if data is not None:
            return _lines(self.request, [], data.get("currency", ""), data)
        sale = form.initial.get("opportunity")
        return _lines(self.request, quotes.lines_of_sale(sale) if sale else [], form.initial["currency"])

    def show(self, form: Any, lines: Any, status: int = 200) -> HttpResponse:
        return _show(self.request, form, lines, status=status)


class Edit(with_lines.Edit):
    """Only while it is a draft; afterwards the page says what to do instead."""

    form_class = QuoteForm
    update = quotes.update

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        quote = self.editable(pk)
        if not quote.is_draft:
            toast(request, _("It was sent, and stays as it was sent. Make a new version."), level=30)
            return redirect(quote.get_absolute_url())
        return super().get(request, pk)

    def editable(self, pk: int) -> Quote:
        return _editable(self.request, pk)

    def lines(self, record: Quote, data: Any = None) -> Any:
        currency = record.currency if data is None else data.get("currency", "")
        return _lines(self.request, quote_lines.lines_of(record), currency, data)

    def show(self, form: Any, lines: Any, record: Quote, status: int = 200) -> HttpResponse:
        return _show(self.request, form, lines, record, status)


class Delete(editing.Delete):
    model = Quote
    to_bin = quotes.delete
    explanation = gettext_lazy("Its link leads nowhere any more, until it is taken out of the bin.")
    done = gettext_lazy("The quote is in the bin.")


class Restoration(editing.Restore):
    model = Quote
    from_bin = quotes.restore
    done = gettext_lazy("The quote is back.")


def mail_url(quote: Quote) -> str:
    """The form of a letter about it: with its link, and enclosed on paper."""
    return f"{reverse('email-new')}?about_kind={quote.kind}&about_id={quote.pk}"


def enclosures(user: Any, quote: Quote) -> list[Enclosure]:
    """On paper, as it was sent; of a draft nothing leaves the house."""
    if quote.is_draft:
        return []
    name = f"{quote}.pdf"
    content = partial(quote_pdf.as_pdf, quote, quote.language or "en")
    return [Enclosure(f"quote:{quote.pk}", name, lambda: ContentFile(content(), name), is_usual=True)]


def pdf_response(quote: Quote, language: str) -> HttpResponse:
    response = HttpResponse(quote_pdf.as_pdf(quote, language), content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{quote}.pdf")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _editable(request: HttpRequest, pk: int) -> Quote:
    return guards.get_permitted(Quote.objects.select_related(*RELATED), request.user, Verb.EDIT, pk=pk)


def _lines(request: HttpRequest, lines: list[quote_lines.Line], currency: str, data: Any = None) -> Any:
    code, day = tidy_currency(currency), timezone.localdate()
    return line_forms(request.user, lines, currency=code, day=day, data=data)


def _show(request: HttpRequest, form: Any, lines: Any, quote: Quote | None = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "lines": lines, "quote": quote, "post_url": request.get_full_path()}
    return render(request, "sales/quote/form.html", context, status=status)
