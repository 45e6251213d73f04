"""The qualification checklist: asked by the administrator, answered on the lead, needed for converting."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.models import Event
from customers.sales.actions import lead_answers, lead_conversion
from customers.sales.models import Lead, LeadAnswer, LeadQuestion
from customers.sales.models.lead_question import NotQualified, missing
from tests.factories.sales import default_pipeline, make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def questions(db):
    asked = [("What do they need?", "text", True), ("Decides with us", "tick", True), ("By when?", "text", False)]
    return [
        LeadQuestion.objects.create(text=text, answer=answer, is_required=required, position=place)
        for place, (text, answer, required) in enumerate(asked)
    ]


@pytest.fixture
def lead(cast, now):
    return make_lead(cast.rep, at=now)


def test_answers_are_kept_once_and_can_be_taken_back(cast, questions, lead, now):
    need, decides, when = questions
    said = {need: "  Two   pumps ", decides: True, when: ""}
    lead = lead_answers.answer(lead, answers=said, by=cast.rep, at=now)
    lead = lead_answers.answer(lead, answers=said, by=cast.rep, at=now)
    assert (lead.version, missing(lead)) == (2, [])
    assert Event.objects.get(type="lead.answered").data["answers"] == [
        {"question": "What do they need?", "answer": "Two pumps"}, {"question": "Decides with us", "answer": "✓"},
    ]  # fmt: skip

    lead = lead_answers.answer(lead, answers={decides: False}, by=cast.rep, at=now)
    assert missing(lead) == [decides]
    assert LeadAnswer.objects.get().text == "Two pumps"


def test_it_is_not_converted_before_it_is_qualified_unless_a_manager_says_why(cast, questions, lead, now):
    default_pipeline()
    lead_answers.answer(lead, answers={questions[0]: "Pumps"}, by=cast.rep, at=now)
    for by, reason in ((cast.rep, ""), (cast.rep, "I know them"), (cast.manager, " ")):
        with pytest.raises(NotQualified, match="Before it is converted: Decides with us"):
            lead_conversion.convert(lead, by=by, at=now, overriding=reason)
    assert Lead.objects.get().state == "new"

    done = lead_conversion.convert(
        lead, by=cast.manager, at=now, opportunity={"name": "Pumps"}, overriding="Old friends"
    )
    told = Event.objects.get(type="lead.converted").data
    assert (told["missing"], told["reason"]) == (["Decides with us"], "Old friends")
    assert LeadAnswer.objects.get().opportunity == done.opportunity

    kept = lead_conversion.undo_conversion(done, by=cast.manager, at=now).kept
    assert (kept, LeadAnswer.objects.get().opportunity) == ([], None)


def test_the_dialogs_ask_what_is_missing_and_the_answers_go_along(client, cast, questions, lead, now):
    default_pipeline()
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    need, decides, when = (f"question_{question.pk}" for question in questions)
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "What do they need?" in page
    client.post(reverse("lead-answers", args=[lead.pk]), {when: "In May"})

    where = reverse("lead-conversion", args=[lead.pk])
    asked = client.get(where).content.decode()
    assert need in asked
    assert decides in asked
    assert "overriding" not in asked
    sent = {"into": "new", "with_opportunity": "on", "opportunity_name": "Pumps", "currency": "EUR", need: "Pumps"}
    refused = client.post(where, sent)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {decides: ["Needed before it is converted."]}
    assert LeadAnswer.objects.count() == 1

    client.post(where, sent | {decides: "on"})
    lead.refresh_from_db()
    assert lead.is_converted
    panel = client.get(lead.opportunity.get_absolute_url()).content.decode()
    for text in ("Pumps", "In May", "✓"):
        assert text in panel


def test_a_program_reads_the_checklist_and_answers(client, cast, questions, lead):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    said = {"answers": [{"question": questions[0].pk, "answer": "Pumps"}]}
    where = reverse("api:lead-answers", args=[lead.pk])
    answer = client.post(where, said, content_type="application/json", headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    found = client.get(reverse("api:lead-checklist", args=[lead.pk])).json()
    assert [(line["text"], line["answer"], line["is_required"]) for line in found] == [
        ("What do they need?", "Pumps", True), ("Decides with us", "", True), ("By when?", "", False),
    ]  # fmt: skip


def test_a_closed_lead_is_not_asked(cast, questions, lead, now):
    Lead.objects.update(state="discarded", reason="spam")
    with pytest.raises(ValidationError, match="closed"):
        lead_answers.answer(lead, answers={questions[0]: "x"}, by=cast.rep, at=now)
    assert not LeadAnswer.objects.exists()
