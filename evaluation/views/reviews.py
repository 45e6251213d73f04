"""A review and what is behind its numbers: the same page for whom it is about and for the manager."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import asked
from evaluation.actions import freezing, narrowing
from evaluation.actions.freezing import digest_of
from evaluation.actions.signatures import report_of
from evaluation.actions.verifying import verify
from evaluation.engine import wording
from evaluation.forms.reviews import MeetingForm, SkipForm
from evaluation.models import ActionPlan, Dispute, Review, ReviewComment
from evaluation.models.review import IN_DISCUSSION
from evaluation.views import scorecards
from evaluation.views.stories import story_of

PAGE = 100
WAITING_SHOWN = 10
RELATED = ("cycle", "person", "subject_team", "owner", "reviewer", "team")
Role = ReviewComment.Role


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related(*RELATED), request.user, pk=pk)
        return render(request, "evaluation/review/detail.html", page_of(request, review))


class Report(View):
    """The same to print: without what can be done."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related(*RELATED), request.user, pk=pk)
        if not review.cycle.is_frozen:
            return redirect(review.get_absolute_url())
        return render(request, "evaluation/review/report.html", {**page_of(request, review), "prints": True})


class Records(View):
    """The very records behind a number, as they were."""

    def get(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related(*RELATED), request.user, pk=pk)
        versions = review.lines.filter(kpi_code=code).order_by("-number")
        number = asked.number(request.GET, "number")
        frozen = versions.first() if number is None else versions.filter(number=number).first()
        if frozen is None:
            raise Http404
        line = scorecards.line_of(frozen)
        page = Paginator(frozen.records.order_by("sequence"), PAGE).get_page(request.GET.get("page"))
        before = versions.filter(number=frozen.number - 1).first()
        changes = freezing.difference(before, frozen) if before else None
        context = {
            "review": review,
            "line": line,
            "narrowing": scorecards.narrowing_of(line.said["segment"]) if line.said.get("segment") else "",
            "page": page,
            "rows": scorecards.record_rows(request.user, page.object_list, line.kpi),
            "changes": changes,
            "numbers": scorecards.difference_rows(line.kpi, changes, line.said["currency"]) if changes else [],
            "versions": versions,
        }
        return render(request, "evaluation/review/records.html", context)


class Members(View):
    """Of a review that is narrowed to a segment: who belonged to it when the numbers were frozen."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related(*RELATED), request.user, pk=pk)
        cycle = review.cycle
        if cycle.segment_id is None or not cycle.is_frozen:
            return redirect(review.get_absolute_url())
        page = Paginator(narrowing.members_seen(cycle, request.user), PAGE).get_page(request.GET.get("page"))
        context = {"review": review, "cycle": cycle, "page": page, "kept": cycle.members.count()}
        return render(request, "evaluation/review/members.html", context)


class Verification(View):
    """Recompute every digest, now, and say what was found."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related(*RELATED), request.user, pk=pk)
        return render(request, "evaluation/review/verification.html", {"review": review, "found": verify(review)})


class Waiting(View):
    """On the home page: where this person is the next to do something."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "review", Verb.VIEW)
        waiting = Review.objects.visible_to(request.user).waiting_for(request.user, timezone.localdate())
        found = list(waiting.select_related(*RELATED).order_by("cycle__period_end", "pk")[: WAITING_SHOWN + 1])
        context = {"reviews": found[:WAITING_SHOWN], "more": len(found) > WAITING_SHOWN}
        return render(request, "evaluation/review/waiting.html", context)


def page_of(request: HttpRequest, review: Review) -> dict[str, Any]:
    """Everything the page shows; what may be done depends on the state and on which side the reader is."""
    user: Any = request.user
    lines = scorecards.scorecard(review)
    whole = scorecards.comments_on_the_whole(review)
    signatures = list(review.signatures.all())
    role = writes_as(review, user) if not signatures else None
    for line in lines:
        line.typed = line.comments[role].text if role and role in line.comments else ""
    report = getattr(review, "report", None)
    return {
        "review": review,
        "cycle": review.cycle,
        "period": wording.period_name(review.cycle.period),
        "segment": lines[0].said.get("segment") if lines else None,
        "lines": lines,
        "whole": whole,
        "role": role,
        "typed": whole[role].text if role and role in whole else "",
        "signatures": signatures,
        "digest": report.digest if report else digest_of(report_of(review)) if review.cycle.is_frozen else "",
        "plans": ActionPlan.objects.visible_to(user).filter(review=review).select_related("owner"),
        "meeting_form": MeetingForm(initial={"on": review.meeting_on}, auto_id="meeting_%s"),
        "skip_form": SkipForm(auto_id="skip_%s"),  # dialogs over the page have fields of the same name
        "today": timezone.localdate(),
        "story": story_of(user, review),
        **_may(review, user, bool(signatures)),
    }


def writes_as(review: Review, user: Any) -> str | None:
    """On which side this person comments at the moment."""
    State = Review.State
    if review.is_subject(user):
        return Role.SUBJECT if review.state == State.SELF_REVIEW else None
    if not review.is_reviewer(user):
        return None
    if review.state == State.CALIBRATION:
        return Role.CALIBRATION
    return Role.REVIEWER if review.state in (State.MANAGER_REVIEW, State.MEETING) else None


def _may(review: Review, user: Any, signed: bool) -> dict[str, bool]:
    discussed = review.state in IN_DISCUSSION and not signed
    mine = {review.owner_id: "subject", review.reviewer_id: "reviewer"}.get(user.pk)
    to_sign = review.state == Review.State.MEETING and mine is not None
    to_sign = to_sign and not review.signatures.filter(role=mine).exists()
    has_met = review.has_met(timezone.localdate())
    return {
        "is_subject": mine == "subject",
        "is_reviewer": mine == "reviewer",
        "may_dispute": discussed and mine == "subject",
        "may_settle": discussed and mine == "reviewer",
        "may_meet": discussed and mine == "reviewer",
        "may_skip": discussed and mine == "reviewer" and review.state == Review.State.SELF_REVIEW,
        "may_sign": to_sign and has_met,
        "signs_later": to_sign and not has_met,
        "may_close_unsigned": mine == "reviewer" and review.closable_unsigned(timezone.now()),
        "may_plan": review.cycle.is_frozen and user.access.may("action_plan", Verb.CREATE),
    }


def open_dispute(review: Review, code: str) -> Dispute | None:
    return review.disputes.filter(kpi_code=code, state=Dispute.State.OPEN).select_related("by", "review").first()
