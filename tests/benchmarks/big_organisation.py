"""A million customers with a fixed seed, by COPY: the ground on which lists and search are timed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from crm.models import Role, Team, User
from crm.search.lexemes import lexemes
from crm.search.normalise import sort_key
from crm.search.words import Words

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
SYLLABLES = tuple(
    "ba be bi bo bra bren cal cor da del don el fa fen gar gol ha hol in ka kel lan lor ma mer mon na nor".split()
)
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


def customers(count: int, owners: list[User], seed: int = 7) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for pk in range(1, count + 1):
        owner = owners[chance.randrange(len(owners))]
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
            "at": NOW - timedelta(seconds=chance.randrange(3 * 365 * 86400)),
            "lifecycle": chance.choice(["prospect", "active", "active", "churned"]),
        }


def fill(count: int, owners: list[User]) -> None:
    """Customers and their search documents, as the actions would have left them."""
    columns = (
        "id, name, sort_name, form, lifecycle, tier, channel, industry, number, website, email, phone, city, country, "
        "notes, owner_id, team_id, version, created_at, updated_at, last_activity_at"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY customers_customer ({columns}) FROM STDIN") as copy:
            for row in customers(count, owners):
                active = row["at"] if row["id"] % 3 else None
                copy.write_row(
                    (row["id"], row["name"], sort_key(row["name"]), "organisation", row["lifecycle"], "", "", "",
                     row["number"], "", row["email"], row["phone"], row["city"], "", "", row["owner_id"],
                     row["team_id"], 1, row["at"], row["at"], active)
                )  # fmt: skip
        cursor.execute(
            "CREATE TEMP TABLE fresh (kind text, object_id bigint, owner_id bigint, team_id bigint, title text, "
            "subtitle text, words text[], updated_at timestamptz) ON COMMIT DROP"
        )
        with cursor.copy("COPY fresh FROM STDIN") as copy:
            for row in customers(count, owners):
                words = Words(
                    title=row["name"], texts=[row["number"], row["city"]], phones=[row["phone"]], emails=[row["email"]]
                )
                copy.write_row(
                    ("customer", row["id"], row["owner_id"], row["team_id"], row["name"], row["city"],
                     sorted(lexemes(words)), row["at"])
                )  # fmt: skip
        cursor.execute(
            "INSERT INTO crm_searchdocument (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at) "
            "SELECT kind, object_id, owner_id, team_id, title, subtitle, array_to_tsvector(words), updated_at "
            "FROM fresh"
        )
        cursor.execute("SELECT setval(pg_get_serial_sequence('customers_customer', 'id'), %s)", [count])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE customers_customer")
        cursor.execute("VACUUM ANALYZE crm_searchdocument")
