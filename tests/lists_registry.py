"""How to make rows for each list, by its URL name. A list that is not named here fails its tests.

Each function makes `count` rows that an administrator sees, with different owners, customers and the like in each,
so that a query for each row cannot hide behind a shared one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count as counter
from typing import Any

from customers.actions import erasures, pool, segments
from customers.models import Duplicate
from evaluation.engine import scopes
from evaluation.models import Dashboard
from tests.factories import customers, goals, reviews, sales, service, surveys
from tests.factories.crm import UserFactory

_number = counter(1)


def _owners(cast: Any, count: int) -> list[Any]:
    """Somebody else for each row."""
    return [UserFactory(name=f"Owner {next(_number)}", team=cast.north) for _ in range(count)]


def some_customers(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customers.make_customer(owner, f"Customer {next(_number)}", at=now)


def some_duplicates(cast: Any, count: int, now: datetime) -> None:
    for first_owner, second_owner in zip(_owners(cast, count), _owners(cast, count), strict=True):
        name = f"Customer {next(_number)}"
        pair = [customers.make_customer(owner, name, at=now) for owner in (first_owner, second_owner)]
        Duplicate.objects.create(first=pair[0], second=pair[1], signs=[5], strength=1, found_at=now)


def some_of_the_pool(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customer = customers.make_customer(owner, f"Customer {next(_number)}", at=now)
        pool.release(customer, reason="No time", by=owner, at=now)


def some_segments(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        segments.create(name=f"Segment {next(_number)}", question={"tier": ["A"]}, by=owner, at=now)


def some_erasures(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        contact = customers.make_contact(owner, f"Contact {next(_number)}", at=now)
        erasures.ask(contact, asked_by="person", asked_on=now.date(), identity="document", by=owner, at=now)


def some_contacts(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customer = customers.make_customer(owner, f"Customer {next(_number)}", at=now)
        customers.make_contact(owner, f"Contact {next(_number)}", customer=customer, at=now)


def some_activities(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customer = customers.make_customer(owner, f"Customer {next(_number)}", at=now)
        customers.make_activity(owner, customer, f"Call {next(_number)}", at=now)


def some_tasks(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customer = customers.make_customer(owner, f"Customer {next(_number)}", at=now)
        customers.make_task(owner, f"Task {next(_number)}", customer=customer, due_at=now, at=now)


def some_leads(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_lead(owner, f"Lead {next(_number)}", at=now)


def some_opportunities(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_opportunity(owner, name=f"Opportunity {next(_number)}", at=now)


def some_forecasts(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_forecast(owner, at=now)


def some_quotas(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_quota(owner, at=now)


def some_orders(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_order(owner, at=now)


def some_returns(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_return(sales.make_order(owner, at=now), at=now, amount=1)


def some_contracts(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_contract(owner, at=now)


def some_campaigns(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_campaign(owner, name=f"Campaign {next(_number)}", at=now)


def some_mailings(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        campaign = sales.make_campaign(owner, name=f"Campaign {next(_number)}", at=now)
        sales.make_mailing(campaign, owner, name=f"Mailing {next(_number)}", at=now)


def some_competitors(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        competitor = sales.make_competitor(f"Competitor {next(_number)}", at=now)
        sales.meet(sales.make_opportunity(owner, at=now), competitor)


def some_costs(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_cost(owner, at=now)


def some_quotes(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        sales.make_quote(owner, at=now)


def some_products(cast: Any, count: int, now: datetime) -> None:
    for _ in range(count):
        sales.make_product(f"Product {next(_number)}", at=now)


def some_tickets(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        customer = service.a_customer(owner, f"Customer {next(_number)}")
        contact = service.a_contact(customer, f"Contact {next(_number)}", email=f"c{next(_number)}@example.com")
        queue = service.a_queue(cast.north)
        service.a_ticket(owner, now, customer=customer, contact=contact, queue=queue, owner=owner)


def _contacts(cast: Any, count: int) -> list[Any]:
    made = []
    for owner in _owners(cast, count):
        customer = service.a_customer(owner, f"Customer {next(_number)}")
        made.append(service.a_contact(customer, f"Contact {next(_number)}", email=f"c{next(_number)}@example.com"))
    return made


def some_invitations(cast: Any, count: int, now: datetime) -> None:
    for contact in _contacts(cast, count):
        surveys.an_invitation(contact, now)


def some_responses(cast: Any, count: int, now: datetime) -> None:
    for contact in _contacts(cast, count):
        surveys.a_response(contact, now, 9)


def some_goals(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        goals.a_goal(owner, at=now)


def some_dashboards(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        Dashboard.objects.create(name="Mondays", owner=owner, audience="everyone", created_at=now, updated_at=now)


def some_cycles(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        reviews.a_cycle(cast, name=f"Cycle {next(_number)}", people=[owner], by=owner)


def some_plans(cast: Any, count: int, now: datetime) -> None:
    for owner in _owners(cast, count):
        reviews.a_plan(cast, name=f"Plan {next(_number)}", scope=scopes.of_person(owner), owner=owner)


def nothing(cast: Any, count: int, now: datetime) -> None:
    """The installation comes with its rows."""


ROWS: dict[str, Callable[[Any, int, datetime], None]] = {
    "customer-list": some_customers,
    "contact-list": some_contacts,
    "duplicate-list": some_duplicates,
    "pool-list": some_of_the_pool,
    "segment-list": some_segments,
    "erasure-list": some_erasures,
    "activity-list": some_activities,
    "task-list": some_tasks,
    "lead-list": some_leads,
    "opportunity-list": some_opportunities,
    "forecast-list": some_forecasts,
    "quota-list": some_quotas,
    "order-list": some_orders,
    "order-return-list": some_returns,
    "contract-list": some_contracts,
    "quote-list": some_quotes,
    "campaign-list": some_campaigns,
    "mailing-list": some_mailings,
    "cost-list": some_costs,
    "competitor-list": some_competitors,
    "product-list": some_products,
    "ticket-list": some_tickets,
    "survey-list": nothing,
    "invitation-list": some_invitations,
    "response-list": some_responses,
    "goal-list": some_goals,
    "dashboard-list": some_dashboards,
    "cycle-list": some_cycles,
    "plan-list": some_plans,
}
