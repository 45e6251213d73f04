"""The pages about surveys for people who work here, and the admin site's."""

from datetime import timedelta

import pytest

from crm.models import Event
from surveys.models import Invitation, Question, Survey
from tests.factories.service import a_contact, a_customer
from tests.factories.surveys import a_resolved_ticket, a_response, deliver, the_survey

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def questions(survey: Survey, *types: str) -> dict:
    fields = ["code", "name", "type", "trigger", "expires_after_days", "subject_en", "subject_zh"]
    fields += ["intro_en", "intro_zh"]
    values = {name: getattr(survey, name) for name in fields} | {"is_active": "on"}
    values |= {"questions-TOTAL_FORMS": len(types), "questions-INITIAL_FORMS": 1}
    for number, kind in enumerate(types):
        values |= {
            f"questions-{number}-type": kind,
            f"questions-{number}-position": number,
            f"questions-{number}-text_en": "Really?",
            f"questions-{number}-text_zh": "真的吗？",
        }
    return values | {"questions-0-id": survey.questions.get().pk, "questions-0-survey": survey.pk}


def test_the_questionnaires_are_edited_in_the_admin_site_and_audited(client, cast):
    client.force_login(cast.administrator)
    survey = the_survey("nps")
    url = f"/admin/surveys/survey/{survey.pk}/change/"
    assert client.get(url).status_code == 200
    assert client.post(url, questions(survey, "score", "text")).status_code == 302
    assert list(survey.questions.values_list("type", "text_en")) == [("score", "Really?"), ("text", "Really?")]
    assert Event.objects.filter(type="settings.changed").count() == 1


@pytest.mark.parametrize("types", [("text",), ("score", "score")])
def test_a_survey_asks_for_exactly_one_score(client, cast, types):
    client.force_login(cast.administrator)
    survey = the_survey("nps")
    answer = client.post(f"/admin/surveys/survey/{survey.pk}/change/", questions(survey, *types))
    assert answer.status_code == 200
    assert "A survey asks for exactly one score." in answer.content.decode()
    assert Question.objects.filter(text_en="Really?").count() == 0


def test_the_scale_of_an_answered_survey_is_fixed(client, cast, now):
    client.force_login(cast.administrator)
    survey = a_response(a_contact(), now, 9).survey
    client.post(f"/admin/surveys/survey/{survey.pk}/change/", questions(survey, "score") | {"type": "csat"})
    assert the_survey("nps").type == "nps"


def test_the_page_of_a_survey_counts_what_its_reader_may_see(client, cast, now):
    for number, (owner, score) in enumerate([(cast.agent, 10), (cast.agent, 3), (cast.outsider, 0)]):
        contact = a_contact(a_customer(name=f"C{number}"))
        a_response(contact, now, score, comment=f"comment {number}", owner=owner)
    client.force_login(cast.agent)
    page = text(client.get(f"/surveys/{the_survey('nps').pk}/"))
    assert "comment 0" in page
    assert "comment 2" not in page
    assert "2 / 2" in page
    client.force_login(cast.analyst)
    page = text(client.get(f"/surveys/{the_survey('nps').pk}/"))
    assert "comment 2" in page
    assert "3 / 3" in page


def test_lists_hold_what_their_reader_may_see(client, cast, now):
    for number, owner in enumerate([cast.agent, cast.outsider]):
        a_response(a_contact(a_customer(name=f"C{number}"), name=f"Person {number}"), now, 1, owner=owner)
    client.force_login(cast.agent)
    for url in ("/responses/", "/invitations/"):
        page = text(client.get(url))
        assert "Person 0" in page
        assert "Person 1" not in page
    assert "Person 0" in text(client.get("/responses/", {"mood": "unhappy"}))
    assert "Person 0" not in text(client.get("/responses/", {"mood": "happy"}))
    assert "Recommendation" in text(client.get("/surveys/"))


def test_somebody_is_asked_by_hand_and_told_why_not(client, cast, now):
    contact = a_contact(customer := a_customer(cast.rep))
    client.force_login(cast.service_manager)
    url = f"/invitations/new/?customer={customer.pk}"
    values = {"survey": the_survey("nps").pk, "contact": contact.pk}
    client.post(url, values)
    made = Invitation.objects.get()
    assert (made.state, made.owner, made.customer) == ("queued", cast.rep, customer)
    answer = client.post(url, values, follow=True)
    assert "No mail is sent: was asked in the last 30 days." in text(answer)
    client.force_login(cast.agent)
    assert client.post(url, values).status_code == 403
    assert Invitation.objects.count() == 2


def test_the_panels_tell_what_was_said_and_what_was_not_asked(client, cast, now):
    contact = a_contact(a_customer())
    first = a_resolved_ticket(cast.agent, now, contact)
    second = a_resolved_ticket(cast.agent, now + timedelta(hours=1), contact)
    deliver(now + timedelta(hours=1))
    client.force_login(cast.agent)
    assert "sent" in text(client.get(f"/surveys/tickets/{first.pk}/"))
    assert "was asked in the last 30 days" in text(client.get(f"/surveys/tickets/{second.pk}/"))
    assert "No answers yet" in text(client.get(f"/surveys/customers/{first.customer_id}/"))
    client.force_login(cast.outsider)
    assert client.get(f"/surveys/tickets/{first.pk}/").status_code == 404
    assert client.get(f"/surveys/customers/{first.customer_id}/").status_code == 404
