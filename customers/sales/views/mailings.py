"""Mailings of a campaign: written, looked at before they leave, and what became of them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import mailings
from customers.sales.forms.mailings import MailingForm
from customers.sales.models import Campaign, LetterState, Mailing, MailingLetter
from customers.sales.models.mailing_letter import FIGURES, Why
from customers.views import editing, timeline

SHOWN = 100
# In the order in which they are read; those that are nought are left out but for the first ones.
NAMES = {
    "planned": _("Planned"),
    "sent": pgettext_lazy("letters", "Sent"),
    "bounced": _("Came back"),
    "unsubscribed": _("Unsubscribed"),
    "answered": _("Answered"),
    "waiting": _("Waiting"),
    "failed": _("Not sent"),
    "late": _("Left out since"),
    "excluded": _("Left out"),
}
ALWAYS = ("planned", "sent", "bounced", "unsubscribed", "answered")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        mailing = guards.get_visible(
            Mailing.objects.select_related("owner", "team", "purpose", "prepared_by"), user, pk=pk
        )
        letters = MailingLetter.objects.visible_to(user).filter(mailing=mailing)
        figures = mailing.letters.all().figures()
        context = {
            "mailing": mailing,
            "campaign": Campaign.objects.visible_to(user).filter(pk=mailing.campaign_id).first(),
            "figures": named(figures),
            "counts": figures,
            "reasons": reasons_of(mailing),
            "texts": mailing.texts.all(),
            "samples": samples(letters),
            "is_planned": mailing.is_planned(timezone.now()),
            "may_send": editing.allows(user, mailing, Verb.EDIT),
            "may_delete": editing.allows(user, mailing, Verb.DELETE),
            **timeline.context(request, mailing),
        }
        return render(request, "sales/mailing/detail.html", context)


def named(figures: dict[str, int]) -> list[tuple[str, Any, int]]:
    return [(code, name, figures[code]) for code, name in NAMES.items() if figures[code] or code in ALWAYS]


def reasons_of(mailing: Mailing) -> list[tuple[str, Any, int]]:
    """Why members get nothing, the most frequent reason first."""
    rows = mailing.letters.filter(FIGURES["excluded"]).order_by().values("why").annotate(count=Count("pk"))
    labels = dict(Why.choices)
    found = [(row["why"], labels[row["why"]], row["count"]) for row in rows]
    return sorted(found, key=lambda each: -each[2])


def samples(letters: Any) -> list[MailingLetter]:
    """The first letter in each language, as it would be read; not that of somebody who was erased since."""
    real = (
        letters.exclude(state=LetterState.EXCLUDED)
        .exclude(address="")
        .select_related("member__contact", "member__lead")
    )
    return list(real.order_by("language", "pk").distinct("language"))


def of_campaign(campaign: Campaign, user: Any) -> list[tuple[Mailing, list[tuple[str, Any, int]]]]:
    """Those the person may see, each with its figures: for the page of the campaign."""
    shown = list(Mailing.objects.visible_to(user).filter(campaign=campaign).order_by("-pk")[:20])
    letters = MailingLetter.objects.filter(mailing__in=shown)  # scoped: only counted, of mailings one may see
    counted = letters.figures_by_mailing()
    nothing = dict.fromkeys(FIGURES, 0)
    return [(each, [(code, NAMES[code], counted.get(each.pk, nothing)[code]) for code in ALWAYS]) for each in shown]


class Letters(View):
    """The members behind a figure, each with the letter; those one may not see are only counted."""

    def get(self, request: HttpRequest, pk: int, figure: str) -> HttpResponse:
        if figure not in NAMES:
            raise Http404
        user: Any = request.user
        mailing = guards.get_visible(Mailing.objects.all(), user, pk=pk)
        behind = mailing.letters.filter(FIGURES[figure])
        why = request.GET.get("why", "")
        if why in Why.values:
            behind = behind.filter(why=why)
        seen = MailingLetter.objects.visible_to(user).filter(pk__in=behind.order_by().values("pk"))
        after = request.GET.get("after", "")
        page = seen.filter(pk__gt=int(after)) if after.isascii() and after.isdigit() and len(after) < 18 else seen
        letters = list(page.select_related("member__contact", "member__lead").order_by("pk")[: SHOWN + 1])
        context = {
            "mailing": mailing,
            "figure": NAMES[figure],
            "why": dict(Why.choices).get(why, ""),
            "why_code": why if why in Why.values else "",
            "letters": letters[:SHOWN],
            "following": letters[SHOWN - 1].pk if len(letters) > SHOWN else None,
            "hidden": behind.count() - seen.count(),
        }
        return render(request, "sales/mailing/letters.html", context)


class Progress(View):
    """How far it is, asked for again while it runs; once it no longer does, the page is loaded anew."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = guards.get_visible(Mailing.objects.all(), request.user, pk=pk)
        response = render(request, "sales/mailing/_progress.html", progress(mailing))
        if not mailing.is_running:
            response["HX-Refresh"] = "true"
        return response


def progress(mailing: Mailing) -> dict[str, Any]:
    return {"mailing": mailing, "counts": mailing.letters.all().figures()}


class Timeline(timeline.Timeline):
    model = Mailing


timeline.FILTERS["mailing"] = [("", gettext_lazy("Everything")), ("mailing", gettext_lazy("Changes"))]


class New(View):
    """For a campaign one may change: whose members it is, is said there."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.campaign(request, pk), MailingForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign(request, pk)
        form = MailingForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(campaign, form, status=422)
        if not first_time(request):
            return redirect(campaign.get_absolute_url())
        said = {**form.changes(), "templates": form.templates()}
        try:
            mailing = mailings.create(campaign=campaign, by=request.user, at=timezone.now(), **said)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(campaign, form, status=422)
        return redirect(mailing.get_absolute_url())

    def campaign(self, request: HttpRequest, pk: int) -> Campaign:
        campaign: Campaign = guards.get_permitted(Campaign.objects.all(), request.user, Verb.EDIT, pk=pk)
        guards.require(request.user, Mailing.kind, Verb.CREATE)
        return campaign

    def page(self, campaign: Campaign, form: Any, status: int = 200) -> HttpResponse:
        context = {"campaign": campaign, "form": form}
        return render(self.request, "sales/mailing/form.html", context, status=status)


class Edit(editing.Edit):
    model = Mailing
    form_class = MailingForm
    template_name = "sales/mailing/form.html"
    update = mailings.update
    done = gettext_lazy("Saved. Prepare it again.")

    def more(self, form: Any) -> dict[str, Any]:
        return {"templates": form.templates()}


class Delete(editing.Delete):
    model = Mailing
    explanation = gettext_lazy("What was sent stays sent, and its links go on working.")
    done = gettext_lazy("The mailing is in the bin.")
    to_bin = mailings.delete

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            return super().post(request, pk)
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect("mailing-detail", pk=pk)

    def afterwards(self, record: Any) -> str:
        return str(record.campaign.get_absolute_url())


class Restoration(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = get_object_or_404(Mailing.objects.restorable_by(request.user), pk=pk)
        try:
            mailings.restore(mailing, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect("campaign-list")
        toast(request, gettext("The mailing is back."))
        return redirect(mailing.get_absolute_url())
