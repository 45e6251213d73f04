"""The pages about surveys for people who work here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import asked
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Customer, Task
from service.models import Ticket
from service.views.requests import Request
from surveys.actions import invitations
from surveys.forms.invitation import InvitationForm
from surveys.models import Invitation, Response, Survey

COMMENTS = 10
RELATED = ("survey", "contact", "customer", "owner", "team")


@require_safe
def detail(request: Request, pk: int) -> HttpResponse:
    """One survey: what it asks, how many were asked and answered, and how the scores fall."""
    survey = guards.get_visible(Survey.objects.all(), request.user, pk=pk)
    answers = Response.objects.visible_to(request.user).filter(survey=survey)
    asked = Invitation.objects.visible_to(request.user).filter(survey=survey)
    states = dict(asked.order_by().values_list("state").annotate(count=Count("pk")))
    delivered = states.get(Invitation.State.SENT, 0) + states.get(Invitation.State.ANSWERED, 0)
    answered = states.get(Invitation.State.ANSWERED, 0)
    shown = {
        "survey": survey,
        "questions": survey.questions.all(),
        "states": [(Invitation.State(state).label, count) for state, count in sorted(states.items())],
        "delivered": delivered,
        "answered": answered,
        "rate": answered / delivered if delivered else None,
        "comments": answers.exclude(comment="").select_related("contact").order_by("-answered_at", "-pk")[:COMMENTS],
        **distribution(survey, answers),
    }
    return render(request, "surveys/survey/detail.html", shown)


def distribution(survey: Survey, answers: Any) -> dict[str, Any]:
    """How often each score was given, as a chart with its table; shares of the happy and the unhappy."""
    counted = dict(answers.order_by().values_list("score").annotate(count=Count("pk")))
    total = sum(counted.values())
    rows = [(score, counted.get(score, 0)) for score in survey.scale]
    happy, unhappy = answers.promoters().count(), answers.detractors().count()
    values = [{"score": score, "count": count} for score, count in rows]
    spec = {
        "data": {"values": values},
        "height": 180,
        "mark": "bar",
        "encoding": {
            "x": {"field": "score", "type": "ordinal", "title": _("Score"), "axis": {"labelAngle": 0}},
            "y": {"field": "count", "type": "quantitative", "title": _("Answers"), "axis": {"tickMinStep": 1}},
        },
    }
    return {
        "total": total,
        "spec": spec,
        "heads": [_("Score"), _("Answers")],
        "rows": rows,
        "moods": [
            (_("Happy"), happy, happy / total if total else None),
            (_("Neither"), total - happy - unhappy, (total - happy - unhappy) / total if total else None),
            (_("Unhappy"), unhappy, unhappy / total if total else None),
        ],
    }


@require_safe
def response(request: Request, pk: int) -> HttpResponse:
    found = guards.get_visible(Response.objects.select_related(*RELATED), request.user, pk=pk)
    calls = Task.objects.visible_to(request.user).filter(about_kind=found.kind, about_id=found.pk)
    shown = {
        "response": found,
        "answers": found.answers.select_related("question"),
        "tasks": calls.select_related("owner"),
        **seen_of(found, request),
    }
    return render(request, "surveys/response/detail.html", shown)


@require_safe
def invitation(request: Request, pk: int) -> HttpResponse:
    found = guards.get_visible(Invitation.objects.select_related(*RELATED), request.user, pk=pk)
    answer = Response.objects.visible_to(request.user).filter(invitation=found).first()
    shown = {"invitation": found, "response": answer, **seen_of(found, request)}
    return render(request, "surveys/invitation/detail.html", shown)


def seen_of(found: Response | Invitation, request: Request) -> dict[str, Any]:
    """What it is about, as far as the reader may open that."""
    return {
        "customer": Customer.objects.visible_to(request.user).filter(pk=found.customer_id).first(),
        "ticket": Ticket.objects.visible_to(request.user).filter(pk=found.ticket_id).first(),
    }


class Invite(View):
    """Ask somebody by hand."""

    def get(self, request: Request) -> HttpResponse:
        form = InvitationForm(user=request.user, customer=self._customer(request))
        return render(request, "surveys/invitation/new.html", {"form": form})

    def post(self, request: Request) -> HttpResponse:
        customer = self._customer(request)
        form = InvitationForm(request.POST, user=request.user, customer=customer)
        if not form.is_valid():
            return render(request, "surveys/invitation/new.html", {"form": form}, status=422)
        if not first_time(request):
            return redirect("invitation-list")
        try:
            made = self._invite(request, form, customer)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return render(request, "surveys/invitation/new.html", {"form": form}, status=422)
        if made.state == Invitation.State.SUPPRESSED:
            toast(request, _("No mail is sent: %(reason)s.") % {"reason": made.get_reason_display()}, level=30)
        else:
            toast(request, _("The invitation is on its way."))
        seen = Invitation.objects.visible_to(request.user).filter(pk=made.pk).exists()
        return redirect(reverse("invitation-detail", args=[made.pk]) if seen else reverse("invitation-list"))

    def _invite(self, request: Request, form: InvitationForm, customer: Customer | None) -> Invitation:
        user: Any = request.user
        contact = form.whom()
        if customer is None:
            links = contact.customer_links.filter(ended_on=None)
            link = links.select_related("customer__owner", "customer__team").first()
            customer = link.customer if link else None
        return invitations.invite(
            survey=form.cleaned_data["survey"],
            contact=contact,
            customer=customer,
            owner=customer.owner if customer else user,
            team=customer.team if customer else user.team,
            by=user,
            at=timezone.now(),
        )

    def _customer(self, request: Request) -> Customer | None:
        guards.require(request.user, "invitation", Verb.CREATE)
        pk = asked.number(request.GET, "customer")
        if pk is None:
            return None
        return guards.get_visible(Customer.objects.select_related("owner", "team"), request.user, pk=pk)
