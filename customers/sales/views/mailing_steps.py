"""What is done with a mailing: prepared, tried on oneself, started, stopped and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.mail.servers import MailTrouble
from crm.models import StaleVersion
from crm.web import limits
from crm.web.toasts import toast
from customers.sales.actions import mailing_sending, mailings
from customers.sales.forms.mailings import LetterForm, StartForm
from customers.sales.models import Campaign, LetterState, Mailing, MailingLetter

TESTS_PER_MINUTE = 10


def mailing_to_send(request: HttpRequest, pk: int) -> Mailing:
    """One the person may send, of a campaign they see."""
    mailing: Mailing = guards.get_permitted(
        Mailing.objects.select_related("campaign", "purpose"), request.user, Verb.EDIT, pk=pk
    )
    guards.get_visible(Campaign.objects.all(), request.user, pk=mailing.campaign_id)
    return mailing


class Step(View):
    """One verb; what is refused is said on the page of the mailing."""

    do: ClassVar[Callable[..., Any]]
    done: ClassVar[Any] = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = mailing_to_send(request, pk)
        try:
            self.carry_out(mailing, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
        return redirect(mailing.get_absolute_url())

    def carry_out(self, mailing: Mailing, *, by: Any, at: Any) -> None:
        type(self).do(mailing, by=by, at=at)
        if self.done:
            toast(self.request, str(self.done))


class Preparation(Step):
    do = mailings.prepare


class Stop(Step):
    do = mailings.stop
    done = gettext_lazy("Stopped. What has left has left; no other letter follows.")


class Resumption(Step):
    do = mailings.go_on


class TestLetter(Step):
    """To one's own address, as the chosen receiver would get it."""

    def carry_out(self, mailing: Mailing, *, by: Any, at: Any) -> None:
        seen = MailingLetter.objects.visible_to(by).filter(mailing=mailing).exclude(state=LetterState.EXCLUDED)
        form = LetterForm(self.request.POST, letters=seen)
        if not form.is_valid():
            raise ValidationError(_("Prepare it first."))
        if not by.email:
            raise ValidationError(_("You have no mail address here."))
        if limits.is_too_fast(self.request, f"test-letter-{by.pk}", TESTS_PER_MINUTE):
            raise ValidationError(_("Please wait a minute and try again."))
        try:
            mailing_sending.send_test(mailing, form.cleaned_data["letter"], by=by, at=at)
        except MailTrouble as trouble:
            raise ValidationError(str(trouble)) from trouble
        toast(self.request, _("The test letter is on its way to %(address)s.") % {"address": by.email})


class Start(View):
    """What was looked at leaves: whoever changed or prepared it meanwhile makes one look again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = mailing_to_send(request, pk)
        return self.page(mailing, StartForm(initial={"version": mailing.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = mailing_to_send(request, pk)
        form = StartForm(request.POST)
        if not form.is_valid():
            return self.page(mailing, form, status=422)
        try:
            mailings.start(mailing, by=request.user, at=timezone.now(), **form.cleaned_data)
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self.page(mailing, form, status=409)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(mailing, form, status=422)
        return redirect(mailing.get_absolute_url())

    def page(self, mailing: Mailing, form: StartForm, status: int = 200) -> HttpResponse:
        counts = mailing.letters.all().figures()
        context = {"mailing": mailing, "form": form, "counts": counts}
        return render(self.request, "sales/mailing/start.html", context, status=status)
