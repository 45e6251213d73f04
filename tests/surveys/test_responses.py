"""The public page and what follows from an answer."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from crm.models import Event
from customers.models import Task
from surveys.actions import responses
from surveys.models import Answer, Invitation, Question, Response
from tests.factories.service import a_contact, a_customer, a_queue
from tests.factories.surveys import a_resolved_ticket, a_response, an_invitation, deliver, the_survey


@pytest.fixture
def asked(cast, now):
    ticket = a_resolved_ticket(cast.agent, now)
    deliver(now)
    with time_machine.travel(now, tick=False):
        Invitation.objects.update(sent_at=now, expires_at=now + timedelta(days=30))
        yield Invitation.objects.get(ticket=ticket)


def url(invitation: Invitation) -> str:
    return f"/s/{invitation.token}/"


@pytest.mark.django_db
class TestThePublicPage:
    def test_opening_a_score_link_shows_it_chosen_and_records_nothing(self, client, asked):
        before = Event.objects.count()
        page = client.get(url(asked) + "?score=4").content.decode()
        assert 'value="4" class="form-selectgroup-input" required checked' in page
        assert page.count(" checked") == 1
        assert Response.objects.count() == 0
        assert Event.objects.count() == before
        assert Invitation.objects.get().state == "sent"

    def test_it_says_what_it_asks_about(self, client, asked):
        page = client.get(url(asked)).content.decode()
        for text in (asked.ticket.number, "The printer is on fire", "How satisfied are you"):
            assert text in page

    @pytest.mark.parametrize("score", ["9", "0", "-1", "x", "४", "99999999999"])
    def test_a_score_that_is_none_of_the_scale_is_simply_not_chosen(self, client, asked, score):
        answer = client.get(url(asked), {"score": score})
        assert answer.status_code == 200
        assert " checked" not in answer.content.decode()

    def test_it_speaks_the_contacts_language_and_can_be_switched(self, client, asked):
        type(asked.contact).objects.update(language="zh-hans")
        assert "您对我们处理此次请求的方式满意吗？" in client.get(url(asked)).content.decode()
        page = client.get(url(asked), {"lang": "en", "score": "5"}).content.decode()
        assert "How satisfied are you" in page
        assert "?lang=zh-hans&amp;score=5" in page

    def test_without_a_language_of_the_contact_the_browsers_is_spoken(self, client, asked):
        page = client.get(url(asked), headers={"Accept-Language": "zh-CN,zh;q=0.9"}).content.decode()
        assert '<html lang="zh-hans"' in page

    def test_it_needs_no_cookie_and_tells_nobody_its_address(self, asked):
        browser = Client(enforce_csrf_checks=True)
        answer = browser.get(url(asked))
        assert not answer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Cache-Control"] == "no-store"
        assert browser.post(url(asked), {"score": "4"}).status_code == 200
        assert Response.objects.count() == 1

    def test_an_answer_is_kept_with_everything_it_is_about(self, client, asked, cast, now):
        answer = client.post(url(asked), {"score": "5", "comment": " Quick! "})
        assert answer.status_code == 200
        assert "Your answer has arrived." in answer.content.decode()
        response = Response.objects.get()
        assert (response.score, response.comment, response.answered_at) == (5, "Quick!", now)
        assert (response.owner, response.team) == (cast.agent, cast.north)
        assert (response.ticket, response.customer) == (asked.ticket, asked.customer)
        assert Invitation.objects.get().state == "answered"
        assert Event.objects.filter(type="response.recorded").count() == 1

    def test_further_questions_are_answered_too(self, client, asked):
        question = Question.objects.create(
            survey=asked.survey, type="text", position=1, text_en="What was missing?", text_zh="缺少什么？"
        )
        client.post(url(asked), {"score": "5", f"question-{question.pk}": "A hose."})
        assert Answer.objects.get().text == "A hose."

    def test_without_a_score_nothing_is_recorded_and_the_comment_stays(self, client, asked):
        answer = client.post(url(asked), {"comment": "Hm."})
        assert answer.status_code == 422
        assert "Choose one of the scores." in answer.content.decode()
        assert "Hm.</textarea>" in answer.content.decode()
        assert Response.objects.count() == 0

    def test_a_second_answer_is_refused_kindly_and_changes_nothing(self, client, asked):
        client.post(url(asked), {"score": "5"})
        again = client.post(url(asked), {"score": "1"})
        assert again.status_code == 409
        assert "You have answered already" in again.content.decode()
        assert "You have answered already" in client.get(url(asked)).content.decode()
        assert Response.objects.get().score == 5

    def test_wrong_expired_and_withdrawn_links_look_the_same(self, client, asked, now):
        def answer(address):
            got = [client.get(address), client.post(address, {"score": "5"})]
            return [(one.status_code, one.content.replace(one["X-Request-ID"].encode(), b"")) for one in got]

        with time_machine.travel(now + timedelta(days=31), tick=False):
            expired = answer(url(asked))
        wrong = answer("/s/" + "A" * 43 + "/")
        Invitation.objects.update(deleted_at=now)
        withdrawn = answer(url(asked))
        assert wrong == expired == withdrawn
        assert wrong[0][0] == wrong[1][0] == 404
        assert Response.objects.count() == 0

    def test_an_invitation_that_was_not_sent_cannot_be_answered(self, client, cast, now):
        contact = a_contact(do_not_contact=True)
        made = an_invitation(contact, now)
        assert client.get(url(made)).status_code == 404

    def test_whoever_comes_too_often_waits(self, client, asked):
        answers = [client.get("/s/guess/", REMOTE_ADDR="192.0.2.7").status_code for _ in range(41)]
        assert answers == [404] * 40 + [429]
        assert client.get(url(asked), REMOTE_ADDR="192.0.2.8").status_code == 200

    def test_what_is_said_there_is_never_markup_and_leads_to_the_task_it_made(self, client, asked, cast, now):
        client.post(url(asked), {"score": "1", "comment": "<script>alert(1)</script>"})
        task = responses.follow_up(response_id=Response.objects.get().pk, at=now)
        client.force_login(cast.administrator)
        page = client.get(f"/responses/{Response.objects.get().pk}/").content.decode()
        assert f'<a href="{task.get_absolute_url()}">Unhappy answer of' in page
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_sent_at_the_same_moment_one_counts(cast, now):
    made = an_invitation(a_contact(), now)
    address, gate, statuses = url(made), Barrier(4), []

    def answer(score):
        try:
            gate.wait(10)
            statuses.append(Client().post(address, {"score": str(score)}).status_code)
        finally:
            connection.close()

    with time_machine.travel(now, tick=True):
        threads = [Thread(target=answer, args=[score]) for score in (7, 8, 9, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(statuses) == [200, 409, 409, 409]
    assert Response.objects.count() == Event.objects.filter(type="response.recorded").count() == 1


@pytest.mark.django_db
class TestWhatFollows:
    def test_an_unhappy_answer_becomes_a_task_of_the_customers_owner_for_the_next_business_day(self, cast, now):
        customer = a_customer(cast.rep)
        contact = a_contact(customer)
        response = a_response(contact, now, 6, comment="Too slow.", customer=customer, owner=cast.agent)
        deliver(now)
        task = Task.objects.get()
        assert (task.owner, task.customer, task.contact) == (cast.rep, customer, contact)
        assert task.title == "Unhappy answer of Carla Contact: 6 of 10"
        assert task.notes == "Too slow."
        assert task.due_at == datetime(2026, 5, 14, 17, tzinfo=UTC)
        assert (task.about_kind, task.about_id, task.priority) == ("response", response.pk, Task.Priority.HIGH)

    def test_it_becomes_one_task_however_often_the_event_is_delivered(self, cast, now):
        response = a_response(a_contact(), now, 0, owner=cast.agent)
        for _ in range(3):
            responses.follow_up(response_id=response.pk, at=now)
        deliver(now)
        assert Task.objects.count() == 1

    def test_an_answer_of_friday_is_to_be_followed_up_by_monday(self, cast):
        friday = datetime(2026, 5, 15, 18, 30, tzinfo=UTC)
        a_response(a_contact(), friday, 0, owner=cast.agent)
        deliver(friday)
        assert Task.objects.get().due_at == datetime(2026, 5, 18, 17, tzinfo=UTC)

    def test_without_a_customers_owner_the_manager_of_the_tickets_team_gets_it(self, cast, now):
        cast.north.manager = cast.service_manager
        cast.north.save()
        a_resolved_ticket(cast.agent, now, a_contact(a_customer()), queue=a_queue(cast.north))
        deliver(now)
        invitation = Invitation.objects.get()
        responses.record(token=invitation.token, score=2, at=invitation.sent_at)
        deliver(invitation.sent_at + timedelta(seconds=1))
        assert Task.objects.get().owner == cast.service_manager

    @pytest.mark.parametrize(("code", "score"), [("nps", 7), ("nps", 10), ("csat", 3), ("csat", 5)])
    def test_whoever_is_not_unhappy_makes_no_work(self, cast, now, code, score):
        a_response(a_contact(), now, score, code)
        deliver(now)
        assert not Task.objects.exists()

    @pytest.mark.parametrize(("code", "score"), [("nps", 6), ("nps", 0), ("csat", 2), ("csat", 1)])
    def test_the_unhappy_are_those_of_the_surveys_own_scale(self, cast, now, code, score):
        response = a_response(a_contact(), now, score, code)
        assert response.is_unhappy
        assert list(Response.objects.detractors()) == [response]
        assert not Response.objects.promoters().exists()

    def test_a_score_outside_the_scale_is_refused_and_the_link_stays_open(self, cast, now):
        made = an_invitation(a_contact(), now)
        with pytest.raises(Exception, match="Choose one of the scores"):
            responses.record(token=made.token, score=11, at=now)
        assert Invitation.objects.get().state == "sent"
        assert responses.record(token=made.token, score=10, at=now).score == 10

    def test_the_database_keeps_one_response_for_an_invitation(self, cast, now):
        response = a_response(a_contact(), now, 9)
        with pytest.raises(IntegrityError), transaction.atomic():
            Response.objects.bulk_create(
                [Response(invitation=response.invitation, survey=the_survey("nps"), contact=response.contact,
                          score=1, answered_at=now)]
            )  # fmt: skip

    def test_who_sees_which_answers(self, cast, now):
        north = a_response(a_contact(a_customer(name="A")), now, 9, owner=cast.agent)
        south = a_response(a_contact(a_customer(name="B")), now, 9, owner=cast.outsider)
        of_rep = a_response(a_contact(customer := a_customer(cast.rep)), now, 9, customer=customer)

        def seen(user):
            return set(Response.objects.visible_to(user))

        assert seen(cast.agent) == {north, of_rep}
        assert seen(cast.outsider) == {south}
        assert seen(cast.rep) == {of_rep}
        assert seen(cast.analyst) == {north, south, of_rep}
        assert seen(cast.nobody) == set()
