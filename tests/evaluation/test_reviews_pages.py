"""The pages of cycles, reviews and plans, as the people who use them see them."""

import json
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.models import Event
from evaluation.actions import plans, reviews, signatures
from evaluation.models import ActionPlan, Cycle, CycleTemplate, Dispute, Review, Signature
from tests.factories.reviews import FROZEN, a_cycle, a_frozen_review, a_plan, at_the_meeting, digest_now, signed_by_both

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def text_of(response):
    return " ".join(response.content.decode().split())


def url(name, record, **more):
    return reverse(name, kwargs={"pk": record.pk, **more})


def test_a_manager_plans_a_cycle_and_takes_it_step_by_step(as_user, cast):
    cast.north.manager = cast.manager
    cast.north.save()
    client = as_user(cast.manager)
    form = {
        "name": "Q1",
        "period": "2026-Q1",
        "kpi_codes": ["win_rate", "csat"],
        "people": [cast.rep.pk],
        "grace_days": 5,
    }
    answer = client.post(reverse("cycle-new"), form)
    cycle = Cycle.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/evaluation/reviews/cycles/{cycle.pk}/")
    page = text_of(client.get(answer.url))
    for words in [
        "Q1 2026",
        "0 of 1 signed",
        "Rosa Rep",
        "Open: tell everybody",
        "Mia Manager",
        "Planned the cycle Q1",
    ]:
        assert words in page
    client.post(url("cycle-state", cycle), {"to": "frozen"})
    assert Cycle.objects.get().state == "planned"
    assert "cannot become frozen now" in text_of(client.get(answer.url))
    client.post(url("cycle-state", cycle), {"to": "open"})
    assert Cycle.objects.get().state == "open"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"period": "2026"}, "Write a month, a quarter or a half-year"),
        ({"kpi_codes": []}, "Choose the KPIs"),
        ({"people": []}, "Choose whom the reviews are about"),
    ],
)
def test_a_wrong_plan_is_explained_and_nothing_stored(as_user, cast, wrong, sentence):
    form = {"name": "Q1", "period": "2026-Q1", "kpi_codes": ["csat"], "people": [cast.rep.pk], "grace_days": 5}
    form |= wrong
    answer = as_user(cast.manager).post(reverse("cycle-new"), form)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Cycle.objects.exists()


def test_a_manager_cannot_plan_reviews_of_another_team(as_user, cast):
    form = {"name": "Q1", "period": "2026-Q1", "kpi_codes": ["csat"], "people": [cast.outsider.pk], "grace_days": 5}
    assert as_user(cast.manager).post(reverse("cycle-new"), form).status_code == 422
    assert not Cycle.objects.exists()


def test_the_person_and_the_manager_see_the_same_scorecard(as_user, cast):
    review = a_frozen_review(cast)
    pages = [text_of(as_user(person).get(url("review-detail", review))) for person in (cast.rep, cast.manager)]
    for page in pages:
        shown = ["66.7%", "2 of 3", "Win rate", "Is it news?", "Is the goal met?", "Can it be trusted?"]
        shown += ["Fewer than 30 records: no verdict.", "Nothing to compute it from", "Froze the numbers"]
        for words in shown:
            assert words in page
    assert "Your comment on this line" in pages[0]
    assert "Your comment on this line" not in pages[1]


def test_others_do_not_find_the_review(as_user, cast):
    review = a_frozen_review(cast)
    for name in ("detail", "report", "verification", "signature"):
        assert as_user(cast.outsider).get(url(f"review-{name}", review)).status_code == 404


def test_comments_of_all_lines_are_kept_with_one_button_and_handed_in_with_another(as_user, cast):
    review = a_frozen_review(cast)
    client = as_user(cast.rep)
    client.post(url("review-comments", review), {"comment-win_rate": "A good quarter.", "comment-": "Thanks."})
    assert (Review.objects.get().state, review.comments.count()) == ("self_review", 2)
    assert "A good quarter.</textarea>" in text_of(client.get(url("review-detail", review)))
    client.post(url("review-comments", review), {"comment-win_rate": "A good quarter.", "finish": "1"})
    assert Review.objects.get().state == "manager_review"
    page = text_of(as_user(cast.manager).get(url("review-detail", review)))
    assert "A good quarter." in page
    assert "Rosa Rep (self-review)" in page


def test_a_dispute_is_raised_and_settled_in_dialogs(as_user, cast):
    review = a_frozen_review(cast)
    client = as_user(cast.rep)
    assert client.post(url("review-dispute", review, code="win_rate"), {"claim": ""}).status_code == 422
    client.post(url("review-dispute", review, code="win_rate"), {"claim": "March was won.", "evidence": "The offer."})
    found = Dispute.objects.get()
    client = as_user(cast.manager)
    settle = url("review-settlement", review, code="win_rate")
    asked = text_of(client.get(settle))
    assert "March was won." in asked
    assert "Measured now, the line would say the same." in asked
    answer = client.post(settle, {"decision": "accept", "reason": "True"})
    assert (answer.status_code, "The records still say the same" in text_of(answer)) == (422, True)
    client.post(settle, {"decision": "decline", "reason": "It was lost on paper."})
    found.refresh_from_db()
    assert (found.state, found.answer) == ("declined", "It was lost on paper.")
    assert client.get(settle).status_code == 302
    assert "It was lost on paper." in text_of(client.get(url("review-detail", review)))


def test_only_the_own_part_can_be_done_whatever_is_posted(as_user, cast):
    review = a_frozen_review(cast)
    client = as_user(cast.manager)
    client.post(url("review-comments", review), {"comment-": "I say so", "finish": "1"})
    assert client.post(url("review-dispute", review, code="csat"), {"claim": "x", "evidence": "y"}).status_code == 422
    assert as_user(cast.teammate).post(url("review-meeting", review), {"on": "2026-04-07"}).status_code == 404
    review.refresh_from_db()
    assert (review.state, review.meeting_on, review.comments.count(), Dispute.objects.count()) == (
        "self_review",
        None,
        0,
        0,
    )


def test_each_number_opens_the_records_it_was_made_of(as_user, cast):
    review = a_frozen_review(cast)
    page = text_of(as_user(cast.rep).get(url("review-records", review, code="win_rate")))
    for words in ["Lost in March", "Won in January", "below the line only", "Outcome: won", "2026-02-10"]:
        assert words in page
    assert as_user(cast.rep).get(url("review-records", review, code="nps")).status_code == 404


def test_a_record_that_is_gone_keeps_its_name_and_loses_its_link(as_user, cast, now):
    from customers.sales.actions import opportunities
    from customers.sales.models import Opportunity

    review = a_frozen_review(cast)
    gone = Opportunity.objects.get(name="Lost in March")
    opportunities.delete(gone, by=cast.manager, at=now)
    page = text_of(as_user(cast.rep).get(url("review-records", review, code="win_rate")))
    assert "Lost in March" in page
    assert f"/opportunities/{gone.pk}/" not in page


def test_signing_names_what_was_read(as_user, cast):
    review = at_the_meeting(a_frozen_review(cast), cast)
    client = as_user(cast.rep)
    sign = url("review-signature", review)
    # On top, and where one has read to the end.
    assert client.get(url("review-detail", review)).content.decode().count(f'href="{sign}"') == 2
    assert digest_now(review) in text_of(client.get(sign))
    assert client.post(sign, {"digest": digest_now(review)}).status_code == 422  # not read
    assert client.post(sign, {"digest": "0" * 64, "read": "on"}).status_code == 422
    assert not Signature.objects.exists()
    client.post(sign, {"digest": digest_now(review), "read": "on", "objection": "Late goals."})
    as_user(cast.manager).post(sign, {"digest": digest_now(review), "read": "on", "objection": "ignored"})
    review.refresh_from_db()
    assert review.state == "objected"
    assert "Late goals." in text_of(client.get(url("review-detail", review)))


def test_the_signed_report_is_taken_away_and_says_it_is_intact(as_user, cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    client = as_user(cast.rep)
    files = {name: client.get(url("review-export", review, format=name)).content for name in ("json", "csv", "xlsx")}
    assert json.loads(files["json"])["chain"] == review.lines.order_by("-sequence").first().digest
    assert files["json"].decode() == review.report.content
    assert files["xlsx"][:2] == b"PK"
    pdf = client.get(url("review-export", review, format="pdf"))
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    again = client.get(url("review-export", review, format="xlsx")).content
    assert again == files["xlsx"]
    assert "Intact: 2 lines and 3 records" in text_of(client.get(url("review-verification", review)))
    assert client.get(url("review-export", review, format="exe")).status_code == 404
    assert review.report.digest in text_of(client.get(url("review-report", review)))


def test_the_reviewer_closes_a_review_that_the_other_never_signs(as_user, cast):
    review = at_the_meeting(a_frozen_review(cast), cast)
    client = as_user(cast.manager)
    page = url("review-signature", review)
    assert "Close without the signature" not in text_of(client.get(url("review-detail", review)))
    signatures.sign(review, digest=digest_now(review), by=cast.manager, at=FROZEN)  # months ago
    assert "Close without the signature" in text_of(client.get(url("review-detail", review)))
    assert "has not signed within 14 days" in text_of(client.get(page))
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "On leave"}).status_code == 302
    review.refresh_from_db()
    assert review.state == "unsigned"
    assert "Rosa Rep did not sign in time." in text_of(client.get(url("review-detail", review)))


def test_before_the_signatures_there_is_no_file(as_user, cast):
    review = a_frozen_review(cast)
    assert as_user(cast.rep).get(url("review-export", review, format="csv")).status_code == 302


def test_home_shows_what_waits(as_user, cast):
    review = a_frozen_review(cast)
    assert "First quarter" in text_of(as_user(cast.rep).get(reverse("reviews-waiting")))
    assert "No review waits for you." in text_of(as_user(cast.manager).get(reverse("reviews-waiting")))
    reviews.hand_in(review, by=cast.rep, at=FROZEN)
    assert "First quarter" in text_of(as_user(cast.manager).get(reverse("reviews-waiting")))


def test_a_plan_is_made_from_a_line_in_one_dialog(as_user, cast):
    review = a_frozen_review(cast)
    address = f"{reverse('plan-new')}?review={review.pk}&kpi=win_rate"
    client = as_user(cast.manager)
    page = client.get(address)
    assert "Win rate (percentage points)" in text_of(page)
    proposed = [
        (page.context["form"][name].value() - timezone.localdate()).days for name in ("due_on", "effect_due_on")
    ]
    assert proposed == [30, 120]
    form = {
        "name": "Qualify", "reason": "Lost late", "kpi_code": "win_rate", "expected": "5",
        "scope": f"person:{cast.rep.pk}", "owner": cast.rep.pk, "period_kind": "month", "due_on": "2999-06-30",
        "effect_due_on": "2999-12-31", "steps": "First\n\n Second ", "comparison": [f"person:{cast.teammate.pk}"],
    }  # fmt: skip
    answer = client.post(address, form)
    plan = ActionPlan.objects.get()
    assert (answer.url, plan.expected_effect, plan.review, plan.trigger_start) == (
        f"/evaluation/plans/{plan.pk}/", 0.05, review, date(2026, 1, 1),
    )  # fmt: skip
    assert [step.title for step in plan.steps.all()] == ["First", "Second"]
    page = text_of(client.get(answer.url))
    for words in ["+5.0", "Tom Teammate", "0 of 2 done", "Lost late", "Agree"]:
        assert words in page
    assert "Qualify" in text_of(client.get(url("review-detail", review)))


def test_a_plan_goes_on_by_its_button_and_an_old_page_moves_nothing(as_user, cast):
    plan = a_plan(cast, effect_due_on=date(2999, 1, 1))
    client = as_user(cast.rep)
    client.post(url("plan-state", plan), {"to": "running"})
    plan.refresh_from_db()
    assert plan.state == "draft"
    client.post(url("plan-state", plan), {"to": "agreed"})
    client.post(url("plan-state", plan), {"to": "running"})
    plan.refresh_from_db()
    assert (plan.state, plan.started_on) == ("running", timezone.localdate())
    client.post(url("plan-state", plan), {"to": "effect_measured"})
    plan.refresh_from_db()
    assert (plan.state, plan.effects.count()) == ("running", 0)


def test_the_page_of_a_measured_plan_says_what_may_be_said(as_user, cast):
    plan = plans.agree(a_plan(cast), by=cast.rep, at=FROZEN)
    plan = plans.start(plan, by=cast.rep, at=FROZEN.replace(month=5, day=1))
    plans.measure(plan, by=None, at=FROZEN.replace(month=9, day=1))
    page = text_of(as_user(cast.rep).get(url("plan-detail", plan)))
    for words in ["not measurable", "Evidence of grade E: numbers only", "Whether it helped cannot be said",
                  "before and after the plan", "There are too few periods before or after."]:  # fmt: skip
        assert words in page


def test_the_task_of_a_step_leads_to_the_plan(as_user, cast):
    plan = a_plan(cast)
    step = plan.steps.get()
    assert as_user(cast.rep).get(reverse("plan-step", args=[step.pk])).url == f"/evaluation/plans/{plan.pk}/"
    assert as_user(cast.outsider).get(reverse("plan-step", args=[step.pk])).status_code == 404


def test_lists_show_what_is_visible(as_user, cast):
    a_cycle(cast)
    a_plan(cast)
    assert "First quarter" in text_of(as_user(cast.rep).get(reverse("cycle-list")))
    assert "First quarter" not in text_of(as_user(cast.outsider).get(reverse("cycle-list")))
    assert "Qualify earlier" in text_of(as_user(cast.rep).get(reverse("plan-list")))
    assert "Qualify earlier" not in text_of(as_user(cast.outsider).get(reverse("plan-list")))


def test_planning_is_in_the_audit_trail(as_user, cast):
    cycle = a_cycle(cast)
    as_user(cast.manager).post(url("cycle-delete", cycle))
    types = Event.objects.filter(subject_kind="review_cycle").order_by("pk").values_list("type", flat=True)
    assert list(types) == ["review_cycle.created", "review_cycle.deleted"]


def test_an_administrator_makes_a_template_and_a_manager_plans_by_it(as_user, cast):
    form = {"name": "Selling", "purpose": "Every quarter", "kpi_codes": ["win_rate", "csat"], "calibrates": "on"}
    answer = as_user(cast.administrator).post(reverse("admin:evaluation_cycletemplate_add"), form)
    assert answer.status_code == 302
    assert Event.objects.get(type="settings.created").by == cast.administrator
    template = CycleTemplate.objects.get()
    cast.north.manager = cast.manager
    cast.north.save()
    plan = {"name": "Q1", "period": "2026-Q1", "template": template.pk, "people": [cast.rep.pk], "grace_days": 5}
    as_user(cast.manager).post(reverse("cycle-new"), plan)
    cycle = Cycle.objects.get()
    assert (cycle.kpi_codes, cycle.calibrates) == (["win_rate", "csat"], True)
    assert as_user(cast.manager).get(reverse("admin:evaluation_cycletemplate_add")).status_code in (302, 403)
