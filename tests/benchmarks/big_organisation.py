"""An organisation of any size, always the same, by COPY: the ground on which everything is timed.

Some people own many customers and most own few (a customer's owner is drawn with weight 1 / rank ** 0.7). A fifth of
the customers have six times as many activities as the others, ten each on average.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db import connection, transaction

from crm.models import Role, Team, User
from crm.search.lexemes import lexemes
from crm.search.normalise import sort_key
from crm.search.words import Words
from customers.models import ChurnReason
from tests.benchmarks.loading import chance as share
from tests.benchmarks.loading import copy, indexes_apart, mix

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
SYLLABLES = (
    "ba", "be", "bi", "bo", "bra", "bren", "cal", "cor", "da", "del", "don", "el", "fa", "fen", "gar", "gol",
    "ha", "hol", "in", "ka", "kel", "lan", "lor", "ma", "mer", "mon", "na", "nor",
)  # fmt: skip
ENDINGS = ["GmbH", "Ltd", "AG", "Inc", "SARL", "BV", "Oy", "Group"]
FAMILY = tuple("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹")
GIVEN = tuple("伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲华建国志红海波")
CITIES = ["上海", "北京", "深圳", "Berlin", "Paris", "Madrid", "Wien", "Trier", "Lyon", "Porto"]


def people(teams: int = 20, each: int = 10) -> list[User]:
    """Teams under four regions under one company, each with its reps; the first person of a region manages it."""
    rep, manager = Role.objects.get(code="sales_rep"), Role.objects.get(code="sales_manager")
    company = Team.objects.create(name="Big company")
    regions = [Team.objects.create(name=f"Region {n}", parent=company) for n in range(4)]
    made = []
    for number in range(teams):
        team = Team.objects.create(name=f"Team {number}", parent=regions[number % 4])
        for place in range(each):
            user = User.objects.create(
                name=f"Rep {number}-{place}", email=f"rep{number}-{place}@example.com", team=team
            )
            user.roles.set([rep])
            made.append(user)
    for number, region in enumerate(regions):
        user = User.objects.create(name=f"Manager {number}", email=f"manager{number}@example.com", team=region)
        user.roles.set([manager])
    boss = User.objects.create(name="Boss", email="boss@example.com", team=company)
    boss.roles.set([Role.objects.get(code="administrator")])
    return made


class Owners:
    """Who owns a customer: a few people have many."""

    def __init__(self, people: list[User]) -> None:
        self.people = people
        self.reach = list(accumulate((rank + 1) ** -0.7 for rank in range(len(people))))

    def of(self, customer_id: int) -> User:
        return self.people[bisect(self.reach, share(customer_id, salt=1) * self.reach[-1])]


def activity_times(customer_id: int, created: datetime) -> list[datetime]:
    """When something was done with the customer, the latest last: 5 times, or 30."""
    times = 30 if customer_id % 5 == 0 else 5
    length = (NOW - created).total_seconds()
    return sorted(created + timedelta(seconds=int(share(customer_id, n, 2) * length)) for n in range(times))


def created(customer_id: int) -> datetime:
    return NOW - timedelta(seconds=mix(customer_id, salt=3) % (3 * 365 * 86400))


def customers(count: int, owners: Owners, seed: int = 7) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for pk in range(1, count + 1):
        owner = owners.of(pk)
        if chance.random() < 0.3:
            name = chance.choice(FAMILY) + "".join(chance.choices(GIVEN, k=chance.choice([1, 2, 2])))
        else:
            words = ["".join(chance.choices(SYLLABLES, k=chance.choice([2, 3]))).title() for _ in range(2)]
            name = f"{words[0]} {words[1]} {chance.choice(ENDINGS)}"
        yield {
            "id": pk,
            "name": name,
            "owner_id": owner.pk,
            "team_id": owner.team_id,
            "city": chance.choice(CITIES),
            "phone": f"+49{chance.randrange(10**9, 10**10)}",
            "email": f"info{pk}@{sort_key(name).split()[0][:12]}{chance.randrange(5000)}.example",
            "number": f"C-{pk:07}",
            "at": created(pk),
            "lifecycle": chance.choice(["prospect", "active", "active", "churned"]),
        }


def fill(count: int, people: list[User]) -> None:
    """Customers, where they stood, their contacts and search documents, as the actions would have left them."""
    owners = Owners(people)
    reason = ChurnReason.objects.get_or_create(name="Price")[0].pk
    with indexes_apart("customers_customer", "customers_standing", "crm_searchdocument"), transaction.atomic():
        copy("customers_customer", CUSTOMER, (_customer(row, reason) for row in customers(count, owners)))
        standings = (
            (r["id"], r["at"], r["lifecycle"], r["id"], r["owner_id"], r["team_id"]) for r in customers(count, owners)
        )
        copy("customers_standing", "id, since, lifecycle, customer_id, owner_id, team_id", standings)
        fill_documents(map(_document, customers(count, owners)))


CUSTOMER = (
    "id, name, sort_name, form, lifecycle, tier, channel, industry, number, website, email, phone, city, country, "
    "notes, owner_id, team_id, version, created_at, updated_at, last_activity_at, "
    "churn_reason_id"
)


def _customer(row: dict[str, Any], reason: int) -> tuple[Any, ...]:
    last = activity_times(row["id"], row["at"])[-1]
    channel = ("referral", "website", "campaign", "")[row["id"] % 4]
    return (
        row["id"], row["name"], sort_key(row["name"]), "organisation", row["lifecycle"], "", channel, "",
        row["number"], "", row["email"], row["phone"], row["city"], "", "", row["owner_id"], row["team_id"], 1,
        row["at"], last, last, reason if row["lifecycle"] == "churned" else None,
    )  # fmt: skip


def _document(row: dict[str, Any]) -> tuple[Any, ...]:
    words = Words(title=row["name"], texts=[row["number"], row["city"]], phones=[row["phone"]], emails=[row["email"]])
    place = row["owner_id"], row["team_id"]
    last = activity_times(row["id"], row["at"])[-1]
    return ("customer", row["id"], *place, row["name"], row["city"], sorted(lexemes(words)), last)


def fill_documents(rows: Iterator[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh (kind text, object_id bigint, owner_id bigint, team_id bigint, title text, "
            "subtitle text, words text[], updated_at timestamptz)"
        )
        copy("fresh", "kind, object_id, owner_id, team_id, title, subtitle, words, updated_at", rows)
        cursor.execute(
            "INSERT INTO crm_searchdocument (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at) "
            "SELECT kind, object_id, owner_id, team_id, title, subtitle, array_to_tsvector(words), updated_at "
            "FROM fresh"
        )
        cursor.execute("DROP TABLE fresh")
