"""The summary of the day: what it says, in whose language and clock, once a day, and none where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from crm.actions import preferences
from customers.actions import activities, daily_summaries
from customers.models import DailySummary, today
from customers.models.today import Asking
from tests.factories.customers import make_customer, make_task
from tests.factories.sales import make_contract

pytestmark = pytest.mark.django_db

SEVEN = datetime(2026, 5, 13, 7, 0, tzinfo=UTC)  # a Wednesday; 15:00 in Shanghai
A_DAY = timedelta(days=1)


def everything_is_sent(now):
    while daily_summaries.send_next(now):
        pass
    return mail.outbox


def test_contracts_stand_on_today_until_somebody_decides(cast):
    def told(day):
        moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        found = today.gather(Asking(cast.rep, moment))[0]
        return [(each.title, *each.reasons, int(each.weight)) for each in found if each.kind == "contract"]

    customer = make_customer(cast.rep)
    make_contract(cast.rep, of=customer, name="Notice", end="2026-07-31", notice_days=30)
    make_contract(cast.rep, of=customer, name="Runs out", end="2026-06-10")
    make_contract(cast.rep, of=customer, name="By itself", end="2026-06-30", notice_days=30, renews_automatically=True)
    make_contract(cast.rep, of=customer, name="Far", end="2027-06-30", notice_days=30)
    make_contract(cast.teammate, of=make_customer(cast.teammate), name="Tom's", end="2026-06-10")
    assert told("2026-04-30") == []
    ending, cancelled = "Ends on June 10, 2026; $100.00 a month", "Can be cancelled until %s; $100.00 a month"
    assert told("2026-05-30") == [
        ("By itself", cancelled % "May 31, 2026", 35), ("Runs out", ending, 35),
    ]  # fmt: skip
    assert told("2026-06-12") == [
        ("Runs out", "Ran out 2 days ago and is not renewed; $100.00 a month", 40),
        ("Notice", cancelled % "July 1, 2026", 35),
    ]
    assert told("2026-07-10")[1:] == [("Notice", "Ends on July 31, 2026; $100.00 a month", 35)]


def test_the_mail_tells_what_is_due_once_a_day_in_the_persons_language_and_clock(cast, settings):
    settings.PUBLIC_URL = "https://crm.example.com"
    customer = make_customer(cast.rep, "Acme Ltd")
    late = make_task(cast.rep, "Call them", customer=customer, due_at=SEVEN - 2 * A_DAY)
    due = make_task(cast.rep, "Send it", due_at=SEVEN + timedelta(hours=3))
    make_task(cast.rep, "Tomorrow", due_at=SEVEN + A_DAY)
    contract = make_contract(cast.rep, of=customer, name="Care", end="2026-06-01")
    note = activities.log(
        customer=customer, type="note", subject="Price", body="@Rosa Rep", by=cast.teammate,
        at=SEVEN - timedelta(hours=1),
    )  # fmt: skip
    cast.outsider.summary_hour = 7
    cast.outsider.save()
    preferences.prefer(by=cast.rep, at=SEVEN, summary_hour=15, timezone="Asia/Shanghai", language="en")
    assert daily_summaries.make_due(SEVEN - timedelta(minutes=1)) == 0
    assert daily_summaries.make_due(SEVEN) == 1  # of the other there is nothing to tell
    assert daily_summaries.make_due(SEVEN + timedelta(minutes=1)) == 0
    (letter,) = everything_is_sent(SEVEN + timedelta(minutes=1))
    assert letter.to == ["rosa.rep@example.com"]
    assert letter.subject == (
        "Your day: Overdue 1 · Due today 1 · Contracts to renew or cancel 1 · You were mentioned 1"
    )
    assert (
        letter.body
        == f"""Overdue (1)
- Call them (Acme Ltd): Overdue for 2 days
  https://crm.example.com{late.get_absolute_url()}

Due today (1)
- Send it: Due today
  https://crm.example.com{due.get_absolute_url()}

Contracts to renew or cancel (1)
- Care (Acme Ltd): Ends on June 1, 2026; $100.00 a month
  https://crm.example.com{contract.get_absolute_url()}

You were mentioned (1)
- Tom Teammate mentioned you: Price
  https://crm.example.com{note.get_absolute_url()}

Everything: https://crm.example.com/today/

You chose this mail in your settings, and end it there: https://crm.example.com/preferences/
"""
    )
    assert not DailySummary.objects.exclude(text="").exists()
    preferences.prefer(by=cast.rep, at=SEVEN, language="zh-hans")
    assert daily_summaries.make_due(SEVEN + A_DAY) == 1
    assert everything_is_sent(SEVEN + A_DAY)[1].subject == "今日概览：已逾期 2 · 今天到期 1 · 待续约或解约的合同 1"
    # Neither on a Saturday, nor four hours late, nor when it is no longer wanted.
    assert daily_summaries.make_due(SEVEN + 3 * A_DAY) == 0
    assert daily_summaries.make_due(SEVEN + 5 * A_DAY + timedelta(hours=4)) == 0
    assert daily_summaries.make_due(SEVEN + 5 * A_DAY) == 1
    preferences.prefer(by=cast.rep, at=SEVEN, summary_hour=None)
    assert len(everything_is_sent(SEVEN + 5 * A_DAY)) == 2
    assert daily_summaries.make_due(SEVEN + 6 * A_DAY) == 0


def test_a_mail_server_that_is_away_is_asked_again_with_the_same_message(cast, monkeypatch):
    make_task(cast.rep, "Call", due_at=SEVEN)
    preferences.prefer(by=cast.rep, at=SEVEN, summary_hour=7)
    daily_summaries.make_due(SEVEN)
    names = []

    def away(message):
        names.append(message.extra_headers["Message-ID"])
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    assert daily_summaries.send_next(SEVEN)
    assert not daily_summaries.send_next(SEVEN + timedelta(seconds=59))
    monkeypatch.undo()
    assert daily_summaries.send_next(SEVEN + timedelta(seconds=60))
    assert [letter.extra_headers["Message-ID"] for letter in mail.outbox] == names
    assert not daily_summaries.send_next(SEVEN + A_DAY)
    daily_summaries.make_due(SEVEN + A_DAY)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    tried = [daily_summaries.send_next(SEVEN + (2 + days) * A_DAY) for days in range(7)]
    assert tried == [True] * 6 + [False]
    assert not DailySummary.objects.exclude(text="").exists()  # nor kept for ever


def test_the_hour_is_chosen_in_the_profile(cast, client):
    client.force_login(cast.rep)
    url = reverse("preferences")
    given = {"language": "en", "theme": "auto", "density": "normal", "timezone": ""}
    for said, kept, status in (("8", 8, 302), ("99", 8, 422), ("", None, 302)):
        assert client.post(url, given | {"summary_hour": said}).status_code == status
        cast.rep.refresh_from_db()
        assert cast.rep.summary_hour == kept
