"""The whole demo organisation, in the order in which it has to be made. One transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db import connection, transaction

from crm.events import recording
from crm.models import Delivery
from crm.models.search_document import SearchDocument
from crm.search import documents, rebuilding
from customers.models import duplicate
from customers.models.match_key import MatchKey
from evaluation.actions.beginning import FILLED
from evaluation.demo import (
    addresses,
    campaigns,
    competing,
    contracts,
    custom_fields,
    customers,
    dashboards,
    erasing,
    forecasts,
    leads,
    mail,
    mailings,
    measuring,
    people,
    pool,
    quotes,
    returns,
    sales,
    service,
    storing,
    story,
    surveys,
    twins,
    work,
)
from evaluation.demo.calendar import StoryDays
from evaluation.demo.world import SIZES, World

STEPS: tuple[tuple[str, Callable[[World], None]], ...] = (
    ("people", people.hire),
    ("products", sales.stock),
    ("customers", customers.acquire),
    ("twins", twins.enter_twice),
    ("opportunities", sales.sell),
    ("returns", returns.come_back),
    ("contracts", contracts.sign),
    ("quotes", quotes.offer),
    ("forecasts", forecasts.forecast),
    ("quotas", forecasts.set_quotas),
    ("tickets", service.serve),
    ("surveys", surveys.listen),
    ("activities", work.do),
    ("campaigns", campaigns.run),
    ("competitors", competing.run),
    ("standings", customers.settle),
    ("custom fields", custom_fields.fill),
    ("addresses", addresses.tell),
    ("erasure", erasing.ask),
    ("story", story.play),
    ("pool", pool.fill),
    ("mail", mail.write),
    ("mailings", mailings.send),
    ("leads", leads.come_in),
    ("numbers", measuring.measure),
    ("dashboards", dashboards.compose),
)
# What the planner knows of the tables is brought up to date: these change or read much of what was filled till then.
BEFORE_THESE = ("standings", "pool")


@transaction.atomic
def fill(*, today: date, size: str = "full", progress: Callable[[str], None] = lambda step: None) -> World:
    world = World(today=today, size=SIZES[size], days=StoryDays.of(today))
    for name, step in STEPS:
        progress(name)
        if name in BEFORE_THESE:
            storing.analyze()
        step(world)
    company = world.teams["company"]
    world.tell(FILLED, company, by=None, at=world.now, about=[])
    progress("timelines")
    world.write_down()
    progress("search")
    _make_it_findable()
    duplicate.scan(world.now)
    _let_the_past_rest()
    return world


def _make_it_findable() -> None:
    """Anew, the little that the actions did already too."""
    SearchDocument.objects.all().delete()
    MatchKey.objects.all().delete()
    with storing.indexed_afterwards(SearchDocument, "search_words"):
        for kind in documents.searchable_kinds():
            for _ in rebuilding.rebuild(kind, are_new=True):
                pass


def _let_the_past_rest() -> None:
    """What happened is nothing that anybody still has to be told of: no deliveries, and nobody is woken for them."""
    Delivery.objects.all().delete()
    connection.run_on_commit = [row for row in connection.run_on_commit if row[1] is not recording._ring]
