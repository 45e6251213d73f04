"""Customers, the people there, and whose they were when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from crm.models import User
from crm.search.normalise import sort_key
from customers.models import ChurnReason, Contact, Customer, CustomerContact, Standing
from evaluation.demo import storing, words
from evaluation.demo.world import World, at_clock

FOUNDING_SHARE = 0.35  # of the customers were there three years ago
HANDED_OVER = 0.06
PEOPLE = (1, 1, 1, 2, 2)  # contacts of a customer
GROUPS = 8  # of companies
CHANNELS = {"referral": 4, "website": 6, "campaign": 4, "event": 3, "outbound": 5, "partner": 2, "other": 1}


def acquire(world: World) -> None:
    made = [_customer(world, place) for place in range(world.size.customers)]
    made.sort(key=lambda customer: customer.created_at)
    storing.store(Customer, made)
    world.customers = made
    for customer in made:
        _owners(world, customer)
        world.tell(
            "customer.created", customer, by=world.owners[customer.pk][0][1], at=customer.created_at,
            data={"lifecycle": Customer.Lifecycle.PROSPECT}, about=[],
        )  # fmt: skip
    _people(world)


def language_of(customer: Any) -> str:
    return words.CHINESE if not customer.name[0].isascii() else words.ENGLISH


def settle(world: World) -> None:
    """What became of each customer, once it is known what they bought: the lifecycle, dated, and the last contact."""
    rows = [row for customer in world.customers for row in _standings(world, customer)]
    rows.sort(key=lambda row: (row.since, row.customer_id))
    _say_why(world, rows)
    storing.store(Standing, rows)
    for row in rows:
        was, customer = row.customer.lifecycle, row.customer
        customer.owner, customer.team, customer.lifecycle = row.owner, row.team, row.lifecycle
        customer.churn_reason = row.churn_reason
        if (was, row.lifecycle) == (Customer.Lifecycle.CHURNED, Customer.Lifecycle.ACTIVE):
            customer.won_back_at = row.since
    _say_who_referred(world)
    _found_groups(world)
    fields = [
        "owner", "team", "lifecycle", "churn_reason", "won_back_at", "referred_by", "parent", "first_contact_on",
        "last_activity_at", "updated_at",
    ]  # fmt: skip
    storing.change(Customer, world.customers, fields)
    storing.analyze(Customer, Standing)


def _say_why(world: World, rows: list[Standing]) -> None:
    """Nobody leaves without a reason; the same customer always for the same."""
    places = {customer.pk: place for place, customer in enumerate(world.customers)}
    reasons = list(ChurnReason.objects.active().filter(for_lapsed=False).order_by("pk"))
    for row in rows:
        if row.lifecycle == Customer.Lifecycle.CHURNED:
            row.churn_reason = reasons[places[row.customer_id] % len(reasons)]


def _say_who_referred(world: World) -> None:
    """Whoever came by referral was referred by one that was there before."""
    before: list[Customer] = []
    for customer in world.customers:
        customer.first_contact_on = timezone.localdate(customer.created_at)
        if customer.channel == "referral" and before:
            customer.referred_by = before[len(before) * 5 // 7]
        before.append(customer)


def _found_groups(world: World) -> None:
    """A company with two subsidiaries, of which one has another below it: all of one rep, who sees the whole sum."""
    grouped: set[int] = set()
    for head in world.customers[:: max(len(world.customers) // GROUPS, 1)][:GROUPS]:
        alike = [
            each for each in world.customers
            if each.pk not in grouped and each.owner_id == head.owner_id and language_of(each) == language_of(head)
        ]  # fmt: skip
        others = [each for each in alike if each != head][-3:]
        if head.pk in grouped or len(others) < 3:
            continue
        others[0].parent = others[1].parent = head
        others[2].parent = others[0]
        grouped |= {head.pk, *(each.pk for each in others)}


def _customer(world: World, place: int) -> Customer:
    language = words.CHINESE if place % 2 else words.ENGLISH
    name, industry = _name(world, language, place // 2)
    city = world.pick(words.CITIES[language])
    is_old = world.chance(FOUNDING_SHARE)
    born = world.start - timedelta(days=world.random.randrange(1, 400)) if is_old else world.growing_day(world.start)
    at = world.past_moment(born)
    domain = f"{_slug(name)}.example"
    return Customer(
        name=name, sort_name=sort_key(name)[:200], industry=industry, city=city,
        country="中国" if language == words.CHINESE else words.COUNTRIES[city],
        channel=world.pick(list(CHANNELS), list(CHANNELS.values())), tier=world.pick("ABC", (1, 3, 6)),
        website=f"https://www.{domain}", email=f"info@{domain}",
        phone=f"+8610{world.random.randrange(10**7, 10**8)}" if language == words.CHINESE
        else f"+4420{world.random.randrange(7 * 10**7, 8 * 10**7)}",
        employees=int(world.random.lognormvariate(4.2, 1.1)) + 3,
        founded=world.random.randrange(1975, world.start.year), created_at=at, updated_at=at,
    )  # fmt: skip


def _name(world: World, language: str, place: int) -> tuple[str, str]:
    """Every place has a name of its own: first and second part, then the trade, are counted through."""
    firsts, seconds = words.COMPANY_FIRST[language], words.COMPANY_SECOND[language]
    suffixes = words.COMPANY_SUFFIX[language]
    trade = (place // (len(firsts) * len(seconds)) + place) % len(suffixes)
    second = (place // len(firsts) + 7 * place) % len(seconds)
    stem = firsts[place % len(firsts)] + seconds[second]
    city = words.CITIES[language][place // 120 % len(words.CITIES[language])]
    name = f"{city}{stem}{suffixes[trade]}" if language == words.CHINESE else f"{stem} {suffixes[trade]} {city}"
    return name, words.INDUSTRIES[language][trade]


def _slug(name: str) -> str:
    return "".join(char for char in sort_key(name) if char.isascii() and char.isalnum())[:40]


def _owners(world: World, customer: Customer) -> None:
    """Chinese customers are mostly the north's. A few were handed over once, within the team."""
    region = "north" if world.chance(0.8 if language_of(customer) == words.CHINESE else 0.2) else "east"
    reps = [rep for rep in world.reps if rep.team_id == world.teams[region].pk]
    first = world.pick(reps)
    held: list[tuple[datetime, User]] = [(customer.created_at, first)]
    if world.chance(HANDED_OVER):
        day = world.day_between(customer.created_at.date(), world.today - timedelta(days=1))
        moment = max(world.past_moment(day), customer.created_at + timedelta(minutes=1))
        held.append((moment, world.pick([rep for rep in reps if rep != first])))
    world.owners[customer.pk] = held
    customer.owner, customer.team = held[-1][1], held[-1][1].team


def _people(world: World) -> None:
    pairs = []
    for customer in world.customers:
        for place in range(world.pick(PEOPLE)):
            pairs.append((customer, _contact(world, customer, place), place == 0))
    storing.store(Contact, [contact for _, contact, _ in pairs])
    storing.store(
        CustomerContact,
        [
            CustomerContact(
                customer=customer, contact=contact, is_main=is_main,
                role=world.pick(words.CONTACT_ROLES[language_of(customer)]),
            )
            for customer, contact, is_main in pairs
        ],
    )  # fmt: skip
    for customer, contact, _ in pairs:
        world.people.setdefault(customer.pk, []).append(contact)


def _contact(world: World, customer: Any, place: int) -> Contact:
    language = language_of(customer)
    family, given = world.pick(words.FAMILY[language]), world.pick(words.GIVEN[language])
    name = family + given if language == words.CHINESE else f"{given} {family}"
    login = f"{_slug(name)}{customer.pk % 97}{place or ''}"
    return Contact(
        name=name, sort_name=sort_key(name)[:120], email=f"{login}@{customer.email.split('@')[1]}",
        phone=f"+861{world.random.randrange(3 * 10**9, 9 * 10**9)}" if language == words.CHINESE else "",
        language=language, owner=customer.owner, team=customer.team, do_not_contact=world.chance(0.02),
        created_at=customer.created_at, updated_at=customer.created_at,
    )  # fmt: skip


def _standings(world: World, customer: Any) -> list[Standing]:
    """A row whenever the owner or the lifecycle changed."""
    wins = sorted([*world.wins.get(customer.pk, []), *world.kept.get(customer.pk, [])])
    Lifecycle = Customer.Lifecycle
    changes = [(at, None) for at, _ in world.owners[customer.pk]]
    stages: list[tuple[datetime, Any]] = [(customer.created_at, Lifecycle.PROSPECT)]
    for place, won in enumerate(wins):
        if stages[-1][1] != Lifecycle.ACTIVE:
            stages.append((won, Lifecycle.ACTIVE))
        lapsed = won + timedelta(days=540)
        following = wins[place + 1] if place + 1 < len(wins) else world.now
        if lapsed < following:
            stages.append((at_clock(lapsed.date(), 9), Lifecycle.CHURNED))
    rows = []
    for at in sorted({at for at, _ in [*changes, *stages]}):
        owner = world.owner_at(customer, at)
        lifecycle = next(stage for since, stage in reversed(stages) if since <= at)
        rows.append(Standing(customer=customer, since=at, owner=owner, team=owner.team, lifecycle=lifecycle, by=owner))
    customer.updated_at = max(customer.updated_at, rows[-1].since)
    return rows
