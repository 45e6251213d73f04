"""Quotas: month → quarter → year, what is below a team, attainment and pace, from a file and over HTTP."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from crm.exchange import batches
from crm.models import Event
from customers.sales.actions import opportunities, quotas
from customers.sales.models import Quota
from customers.sales.models.quota_table import share_over, spread, table
from tests.crm.test_import_runs import NOW
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import default_pipeline, make_opportunity, make_quota
from tests.query_counts import assert_flat

ZONE = ZoneInfo("UTC")


@pytest.fixture
def as_user(client, time_machine, now):
    time_machine.move_to(now, tick=False)

    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def test_a_year_is_spread_to_the_cent_and_a_month_is_due_by_its_days():
    assert [str(part) for part in spread(Decimal(100), [Decimal(1)] * 3)] == ["33.34", "33.33", "33.33"]
    assert spread(Decimal("0.05"), [Decimal(1), Decimal(3), Decimal(0)]) == [Decimal("0.01"), Decimal("0.04"), 0]
    twelve = spread(Decimal("1000000.01"), [Decimal(weight) for weight in range(12)])
    assert (sum(twelve), twelve[0]) == (Decimal("1000000.01"), 0)
    may = date(2026, 5, 1)
    assert [share_over(may, date(2026, *day)) for day in ((4, 30), (5, 31), (6, 1))] == [0, 1, 1]
    assert share_over(may, date(2026, 5, 13)) == Decimal(13) / 31


@pytest.mark.django_db
def test_months_add_up_to_quarters_and_years_and_people_to_teams(cast, now):
    default_pipeline()
    for month, amount in ((4, 300), (5, 310), (6, 320)):
        make_quota(cast.rep, f"2026-{month:02}-17", amount, at=now)  # any day of it
    make_quota(cast.teammate, "2026-05-01", 90, at=now)
    make_quota(cast.junior, "2026-05-01", 60, at=now)
    quotas.set_year(cast.north_inside, 2026, [None] * 4 + [Decimal(50)] + [None] * 7, by=cast.manager, at=now)
    quotas.set_year(cast.north, 2026, [None] * 4 + [Decimal(500)] + [None] * 7, by=cast.manager, at=now)
    won = make_opportunity(cast.rep, amount=Decimal(130), at=now)
    opportunities.win(won, by=cast.rep, at=datetime(2026, 5, 2, tzinfo=UTC))

    teams = [cast.north, cast.north_inside]
    people = [cast.rep, cast.teammate, cast.junior]
    lines = table(teams, people, Quota.objects.visible_to(cast.manager), year=2026, zone=ZONE)
    told = [(str(line.subject), line.quarters[1][1], line.year, line.below[4], line.gap) for line in lines]
    assert told == [
        # 310 + 90 of its people and 50 of the team below, although its person has 60.
        ("North", 1120, 1120, 450, -50),
        ("Rosa Rep", 930, 930, None, None),
        ("Tom Teammate", 90, 90, None, None),
        ("North Inside", 50, 50, 60, 10),
        ("Jana Junior", 60, 60, None, None),
    ]
    month, quarter, year = lines[1].attained(date(2026, 5, 13), 2026)
    assert (month.quota, month.due, month.won) == (310, 130, 130)
    assert (month.pace, month.share) == (1, Decimal(130) / 310)
    assert (quarter.due, year.won) == (430, 130)
    nothing = lines[3].attained(date(2027, 1, 1), 2026)[0]
    assert (nothing.label, nothing.share, nothing.won) == ("2026", 0, 0)
    empty = table([], [cast.outsider], Quota.objects.none(), year=2026, zone=ZONE)[0].attained(now.date(), 2026)[0]
    assert (empty.quota, empty.share, empty.pace) == (None, None, None)


@pytest.mark.django_db
def test_a_manager_sets_a_year_in_the_table_and_nobody_overwrites_unknowingly(cast, as_user, now):
    manager = as_user(cast.manager)
    address = f"{reverse('quota-year')}?year=2026&person={cast.rep.pk}"
    assert manager.post(address, {"how": "evenly", "year_amount": "1000", "seen": ""}).status_code == 302
    first = list(Quota.objects.order_by("month").values_list("amount", "team", "currency"))
    assert (len(first), first[0], first[11]) == (
        12, (Decimal("83.34"), cast.north.pk, "USD"), (Decimal("83.33"), cast.north.pk, "USD"),
    )  # fmt: skip
    assert Event.objects.filter(type="quota.created").count() == 12
    stale = manager.post(address, {"how": "evenly", "year_amount": "5", "seen": ""})
    assert stale.status_code == 409
    for wrong, sentence in (
        ({"how": "evenly"}, "Say what is to be spread"),
        ({"how": "pattern", "year_amount": 5}, "no pattern"),
        ({"how": "hand", "year_amount": 5, "month_1": 4}, "The months come to something else than the year"),
    ):
        answer = manager.post(address, wrong)
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    seen = quotas.state_of(Quota.objects.all())
    by_hand = {"how": "hand", "seen": seen, **{f"month_{n}": "83.33" for n in range(2, 13)}, "month_2": "90"}
    assert manager.post(address, by_hand).status_code == 302
    assert Quota.objects.alive().count() == 11  # January was emptied
    assert Quota.objects.get(month="2026-02-01").amount == 90
    elsewhere = f"{reverse('quota-year')}?year=2026&person={cast.outsider.pk}"
    assert manager.get(elsewhere).status_code in (403, 404)
    assert as_user(cast.rep).get(address).status_code == 403
    page = as_user(cast.rep).get(reverse("quota-table")).content.decode()
    assert ("Rosa Rep" in page, "quota-year" in page, "Tom Teammate" in page) == (True, False, False)


@pytest.mark.django_db
def test_the_table_asks_as_much_for_many_people_as_for_few(cast, as_user, now):
    made = iter(range(100))

    def add():
        make_quota(cast.person(f"Person {next(made)}", cast.north, "sales_rep"), at=now)

    assert assert_flat(as_user(cast.manager), reverse("quota-table"), add, rows=3) <= 20


@pytest.mark.django_db
def test_quotas_come_from_a_file_and_over_http_by_the_same_rules(cast, as_user, now):
    cast.rep, cast.north  # noqa: B018  (named by the file)
    file = "month,person,of,amount\n2026-05-09,Rosa Rep,,100\n2026-05-01,,North,900\n2026-06-01,,,5\n"
    for _again in range(2):
        batch = batches.stage(
            io.BytesIO(file.encode()), target="quota", file_name="q.csv", by=cast.administrator, at=NOW
        )
        fields = {"month": "month", "owner": "person", "for_team": "of", "amount": "amount"}
        batches.choose(batch, {"fields": fields}, at=NOW)
        run_batch(batch)
    told = Quota.objects.order_by("pk").values_list("month", "owner", "for_team", "team", "amount")
    assert sorted(told, key=str) == sorted(
        [
            (date(2026, 5, 1), cast.rep.pk, None, cast.north.pk, Decimal(100)),
            (date(2026, 5, 1), None, cast.north.pk, cast.north.pk, Decimal(900)),
        ],
        key=str,
    )
    manager = as_user(cast.manager)
    values = {"owner": cast.rep.pk, "month": "2026-07-09", "amount": "70.00"}
    made = manager.post("/api/v1/quotas/", values, "application/json")
    assert (made.status_code, made.json()["month"], made.json()["team"]) == (201, "2026-07-01", cast.north.pk)
    refused = [values, values | {"month": "2026-08-01", "currency": "EUR"}, {"month": "2026-08-01", "amount": "1"}]
    for wrong in refused:
        assert manager.post("/api/v1/quotas/", wrong, "application/json").status_code == 400
    assert as_user(cast.rep).post("/api/v1/quotas/", values, "application/json").status_code == 403
    assert Quota.objects.count() == 3
