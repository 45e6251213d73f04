"""What is done in a review: comment, dispute, settle, hand over, meet, sign. Everybody's own part only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from evaluation.actions import freezing
from evaluation.actions import reviews as actions
from evaluation.actions.freezing import digest_of
from evaluation.actions.signatures import close_unsigned, report_of, sign
from evaluation.forms.reviews import (
    DisputeForm,
    MeetingForm,
    SettlementForm,
    SignatureForm,
    SkipForm,
    UnsignedForm,
    add_errors,
)
from evaluation.models import Dispute, Review
from evaluation.models.review import SIGN_WITHIN_DAYS
from evaluation.views import scorecards
from evaluation.views.refusals import REFUSALS, tried
from evaluation.views.reviews import RELATED, open_dispute, writes_as

FINISH = {
    Review.State.SELF_REVIEW: (actions.hand_in, gettext_lazy("Your self-review is with the reviewer.")),
    Review.State.MANAGER_REVIEW: (actions.finish, gettext_lazy("Your comments are with the person.")),
    Review.State.CALIBRATION: (actions.calibrate, gettext_lazy("On to the meeting.")),
}


class Comments(View):
    """All comments of one side at once; with `finish` the review goes on to the other."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = _editable(request, pk)
        by: Any = request.user
        role, finish = writes_as(review, by), FINISH.get(Review.State(review.state))
        if role is None:
            toast(request, _("There is nothing for you to write at this step."))
            return redirect(review.get_absolute_url())

        def write() -> None:
            for name, text in request.POST.items():
                if name.startswith("comment-"):
                    code = name.removeprefix("comment-")
                    actions.comment(review=review, role=role, text=text, by=by, at=timezone.now(), kpi_code=code)

        kept = "" if "finish" in request.POST else _("Your comments are kept.")
        if tried(request, write, kept) and "finish" in request.POST and finish:
            go_on, done = finish
            tried(request, lambda: go_on(review, by=by, at=timezone.now()), done)
        return redirect(review.get_absolute_url())


class Skip(View):
    """The reviewer goes on without the self-review."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = _editable(request, pk)
        by: Any = request.user
        form = SkipForm(request.POST)
        form.is_valid()
        reason = form.cleaned_data.get("reason", "")
        tried(request, lambda: actions.hand_in(review, by=by, at=timezone.now(), reason=reason))
        return redirect(review.get_absolute_url())


class Meeting(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = _editable(request, pk)
        by: Any = request.user
        form = MeetingForm(request.POST)
        if form.is_valid():
            day = form.cleaned_data["on"]
            tried(request, lambda: actions.set_meeting(review, on=day, by=by, at=timezone.now()), _("The day is set."))
        else:
            toast(request, _("Choose a day for the meeting."))
        return redirect(review.get_absolute_url())


class Disputing(View):
    """In a dialog from a line: why it is wrong, and by what one sees it."""

    def get(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        return self._show(request, _editable(request, pk), code, DisputeForm())

    def post(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        review, form = _editable(request, pk), DisputeForm(request.POST)
        by: Any = request.user

        def raise_it() -> None:
            actions.dispute(review=review, kpi_code=code, by=by, at=timezone.now(), **form.cleaned_data)

        if _done(form, raise_it):
            toast(request, _("The reviewer will settle it before anybody signs."))
            return redirect(review.get_absolute_url())
        return self._show(request, review, code, form, 422)

    def _show(self, request: HttpRequest, review: Review, code: str, form: Any, status: int = 200) -> HttpResponse:
        context = {"review": review, "line": _line(review, code), "form": form, "post_url": request.get_full_path()}
        return render(request, "evaluation/review/dispute.html", context, status=status)


class Settlement(View):
    """Both sides of a dispute, and what the line would say if it were measured now."""

    def get(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        review = _editable(request, pk)
        dispute = open_dispute(review, code)
        return self._show(request, review, dispute, SettlementForm()) if dispute else _settled(request, review)

    def post(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        review, form = _editable(request, pk), SettlementForm(request.POST)
        by: Any = request.user
        dispute = open_dispute(review, code)
        if dispute is None:
            return _settled(request, review)

        def settle() -> None:
            said = form.cleaned_data
            action: Callable[..., Any] = actions.accept if said["decision"] == "accept" else actions.decline
            action(dispute, reason=said["reason"], by=by, at=timezone.now())

        if _done(form, settle):
            toast(request, _("The dispute is settled."))
            return redirect(review.get_absolute_url())
        return self._show(request, review, dispute, form, 422)

    def _show(
        self, request: HttpRequest, review: Review, dispute: Dispute, form: Any, status: int = 200
    ) -> HttpResponse:
        line = _line(review, dispute.kpi_code)
        changes = freezing.difference(line.frozen, actions.preview(review, dispute.kpi_code, at=timezone.now()))
        context = {
            "review": review,
            "dispute": dispute,
            "line": line,
            "form": form,
            "changes": changes,
            "numbers": scorecards.difference_rows(line.kpi, changes, line.said["currency"]),
            "post_url": request.get_full_path(),
        }
        return render(request, "evaluation/review/settlement.html", context, status=status)


class Withdrawal(View):
    def post(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        review = _editable(request, pk)
        by: Any = request.user
        dispute = open_dispute(review, code)
        if dispute is None:
            return _settled(request, review)
        tried(request, lambda: actions.withdraw(dispute, by=by, at=timezone.now()), _("The dispute is withdrawn."))
        return redirect(review.get_absolute_url())


class Signing(View):
    """The last look before the name goes under it; or, when the other one never signs, the end without it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = _editable(request, pk)
        if _waits_in_vain(request, review):
            return self._show(request, review, UnsignedForm())
        report = getattr(review, "report", None)
        digest = report.digest if report else digest_of(report_of(review))
        form = SignatureForm(initial={"digest": digest}, may_object=review.is_subject(request.user))
        return self._show(request, review, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = _editable(request, pk)
        if _waits_in_vain(request, review):
            return self._close(request, review)
        form = SignatureForm(request.POST, may_object=review.is_subject(request.user))
        by: Any = request.user

        def put_name() -> None:
            said = form.cleaned_data
            sign(review, digest=said["digest"], objection=said.get("objection", ""), by=by, at=timezone.now())

        if _done(form, put_name):
            toast(request, _("You have signed."))
            return redirect(review.get_absolute_url())
        return self._show(request, review, form, 422)

    def _close(self, request: HttpRequest, review: Review) -> HttpResponse:
        form, by = UnsignedForm(request.POST), request.user

        def close() -> None:
            close_unsigned(review, reason=form.cleaned_data["reason"], by=by, at=timezone.now())  # type: ignore[arg-type]

        if _done(form, close):
            toast(request, _("The review is closed without the signature."))
            return redirect(review.get_absolute_url())
        return self._show(request, review, form, 422)

    def _show(self, request: HttpRequest, review: Review, form: Any, status: int = 200) -> HttpResponse:
        context = {"review": review, "form": form, "post_url": request.get_full_path(), "days": SIGN_WITHIN_DAYS}
        name = "unsigned" if isinstance(form, UnsignedForm) else "signature"
        return render(request, f"evaluation/review/{name}.html", context, status=status)


def _waits_in_vain(request: HttpRequest, review: Review) -> bool:
    return review.is_reviewer(request.user) and review.closable_unsigned(timezone.now())


def _settled(request: HttpRequest, review: Review) -> HttpResponse:
    """Somebody was quicker, or there never was a dispute."""
    toast(request, _("Nothing is disputed in this line any more."))
    return redirect(review.get_absolute_url())


def _editable(request: HttpRequest, pk: int) -> Review:
    review: Review = guards.get_permitted(Review.objects.select_related(*RELATED), request.user, Verb.EDIT, pk=pk)
    return review


def _line(review: Review, code: str) -> scorecards.Line:
    latest = review.lines.filter(kpi_code=code).order_by("-number").first()
    if latest is None:
        raise Http404
    return scorecards.line_of(latest)


def _done(form: forms.Form, action: Callable[[], Any]) -> bool:
    """Whether the form was right and the action took it; what it refused stands in the form."""
    if not form.is_valid():
        return False
    try:
        action()
    except REFUSALS as refused:
        add_errors(form, refused)
        return False
    return True
