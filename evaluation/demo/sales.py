"""Products, opportunities with the whole of their history, and the orders that came of them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from crm.actions import records
from customers.sales.actions import stage_changes
from customers.sales.actions.stage_changes import PastChange
from customers.sales.models import (
    ExitCriterion,
    LostReason,
    Opportunity,
    Order,
    OrderLine,
    Pipeline,
    Product,
    Stage,
    StageChange,
    UnitCost,
)
from customers.sales.models.rank import between
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World
from service.models import Queue

WIN_SHARE = 0.44
ROT_DAYS = (30, 21, 14)  # of the open stages: the further on, the sooner
ASKED_OF_A_PROPOSAL = (("next_step", ""), ("manual", "Price agreed with who decides 已与决策人谈妥价格"))
EXTRA_WINS = {"improved": 0.04, "fall": -0.08}  # unhappy customers buy less
OPEN_STAGES = (0.3, 0.5, 0.85)  # when, within the whole of its course, a sale enters the 2nd, 3rd, last stage
REPRICED = 0.25
ORDERED = 0.6  # of what was won has its order written down here
LOOSE_ORDERS = 0.15  # orders without an opportunity, by the number of won ones


@dataclass(frozen=True)
class Stages:
    """The shipped pipeline's, by what they are for."""

    open: list[Stage]
    won: Stage
    lost: Stage

    @classmethod
    def of(cls, pipeline: Pipeline) -> Stages:
        stages = list(pipeline.stages.select_related("pipeline").order_by("position"))
        won, lost = next(one for one in stages if one.is_won), next(one for one in stages if one.is_lost)
        return cls([stage for stage in stages if stage.is_open], won, lost)


COST_OF_GOODS = Decimal("0.58")  # of the price


@dataclass(frozen=True)
class Made:
    opportunity: Opportunity
    rows: list[StageChange]


def stock(world: World) -> None:
    """What is sold; Atlas 3 came on the market when the trouble began."""
    for model in (Pipeline, Stage, LostReason, Queue):
        for record in model.objects.filter(name__in=words.SHIPPED):
            model.objects.filter(pk=record.pk).update(name=words.SHIPPED[record.name])
    launched = world.days.fall.first
    for name, code, series, price in words.PRODUCTS:
        at = world.working_moment(launched if words.ATLAS_3 in name else world.start - timedelta(days=60))
        product = Product(name=name, code=code, series=series, price=Decimal(price), created_at=at, updated_at=at)
        product.full_clean()
        product.save()
        cost = (product.price * COST_OF_GOODS).quantize(Decimal("0.01"))
        UnitCost.objects.create(product=product, cost=cost, valid_from=at.date())
        world.products.append(product)
    for stage, days in zip(Stage.objects.open().order_by("position", "pk"), ROT_DAYS, strict=False):
        Stage.objects.filter(pk=stage.pk).update(rot_days=days)
    proposal = Stage.objects.get(name=words.SHIPPED["Proposal"])
    for place, (what, text) in enumerate(ASKED_OF_A_PROPOSAL):
        ExitCriterion.objects.create(stage=proposal, what=what, text=text, position=place)
    world.reasons = list(LostReason.objects.active().order_by("pk"))


def sell(world: World) -> None:
    """Opportunities that know where they stand; the rows of their history are stored after them."""
    pipeline = Pipeline.objects.active().order_by("position", "pk").first()
    stages = Stages.of(pipeline)
    made = [_opportunity(world, stages, *chance) for chance in _chances(world)]
    made.sort(key=lambda one: one.rows[0].at)
    _rank([one.opportunity for one in made])
    world.opportunities = [one.opportunity for one in made]
    storing.store(Opportunity, world.opportunities)
    rows = sorted((row for one in made for row in one.rows), key=lambda row: row.at)
    for row in rows:
        row.opportunity = row.opportunity  # takes over the id that the bulk insert gave
    storing.store(StageChange, rows)
    for one in made:
        _tell(world, one)
    _order(world)


def _chances(world: World) -> Iterator[tuple[Any, datetime]]:
    """Who begins to ask when: a steady trickle that grows a little, by whoever is a customer then."""
    since = [customer.created_at for customer in world.customers]  # in that order
    eager = list(accumulate(3 if one.tier == "A" else 2 if one.tier == "B" else 1 for one in world.customers))
    for _ in range(world.size.opportunities):
        opened = world.past_moment(world.steady_day(world.start))
        there = max(bisect(since, opened - timedelta(minutes=5)), 1)
        buyer = world.random.choices(world.customers[:there], cum_weights=eager[:there])[0]
        yield buyer, max(opened, buyer.created_at + timedelta(minutes=5))


def _opportunity(world: World, stages: Stages, customer: Any, opened: datetime) -> Made:
    on_sale = [product for product in world.products if product.created_at < opened]
    product = world.pick(on_sale)
    quantity = max(1, int(world.random.lognormvariate(1.0, 0.7)))
    amount = (product.price * quantity).quantize(Decimal("0.01"))
    owner = world.owner_at(customer, opened)
    language = language_of(customer)
    opportunity = Opportunity(
        name=world.pick(words.OPPORTUNITY[language]).format(product=product.name)[:200], customer=customer,
        contact=world.people[customer.pk][0], owner=owner, team=owner.team, product=product, amount=amount,
        currency="", opened_at=opened, created_at=opened, updated_at=opened,
    )  # fmt: skip
    changes = _course(world, stages, opportunity, opened)
    opportunity.currency = stage_changes.tidy_currency("")
    rows = stage_changes.chain(opportunity, None, changes, by=owner, recorded_at=opened)
    for row in rows:
        row.recorded_at, row.by = row.at, row.owner
    stage_changes.stand(opportunity, rows)
    opportunity.updated_at, opportunity.version = rows[-1].at, len(rows)
    if rows[-1].outcome == Stage.Outcome.WON:
        world.wins.setdefault(customer.pk, []).append(rows[-1].at)
    return Made(opportunity, rows)


def _course(world: World, stages: Stages, opportunity: Opportunity, opened: datetime) -> list[PastChange]:
    """Through the open stages to won or lost; what would happen from today on has not happened."""
    length = timedelta(days=min(8 + world.random.lognormvariate(3.6, 0.6), 300))
    closing = world.working_moment((opened + length).date())
    expected = (opened + length * world.random.uniform(0.8, 1.2)).date()
    share = WIN_SHARE + EXTRA_WINS.get(world.days.phase(closing.date()), 0.0)
    is_won = world.chance(share)
    plan = [PastChange(stages.open[0], opened, {"expected_close": expected})]
    stops_at = len(stages.open) if is_won else world.random.randrange(1, len(stages.open) + 1)
    for stage, part in list(zip(stages.open[1:], OPEN_STAGES, strict=False))[: stops_at - 1]:
        values: dict[str, Any] = {}
        if world.chance(REPRICED):
            values["amount"] = (opportunity.amount * Decimal(world.pick((0.8, 0.9, 1.1, 1.25)))).quantize(Decimal("1"))
        plan.append(PastChange(stage, world.working_moment((opened + length * part).date()), values))
    reason = {} if is_won else {"lost_reason": world.pick(world.reasons, (5, 4, 3, 3, 2)[: len(world.reasons)])}
    plan.append(PastChange(stages.won if is_won else stages.lost, closing, reason))
    happened = [change for change in _in_order(plan) if change.at < world.now]
    for change in happened:
        owner = world.owner_at(opportunity.customer, change.at)
        change.values.update(owner=owner, team=owner.team)
    if happened[-1].stage.is_open and expected < world.today and world.chance(0.7):
        happened[-1].values["expected_close"] = world.today + timedelta(days=world.random.randrange(5, 60))
    return happened


def _in_order(plan: list[PastChange]) -> list[PastChange]:
    """Steps that fall on the same working day follow each other by an hour."""
    ordered = plan[:1]
    for change in plan[1:]:
        earliest = ordered[-1].at + timedelta(hours=1)
        ordered.append(PastChange(change.stage, max(change.at, earliest), change.values))
    return ordered


def _rank(opportunities: list[Opportunity]) -> None:
    """Each on top of its column, in the order in which they came to it."""
    top: dict[int, str] = {}
    for opportunity in sorted(opportunities, key=lambda one: one.stage_since):
        rank = between("", top.get(opportunity.stage_id, ""))
        opportunity.rank = top[opportunity.stage_id] = rank


def _tell(world: World, made: Made) -> None:
    opportunity = made.opportunity
    for place, row in enumerate(made.rows):
        verb = "created" if not place else {"won": "won", "lost": "lost"}.get(row.outcome, "moved")
        data: dict[str, Any] = {}
        if row.from_stage:
            stage = [records.as_json(row.from_stage), records.as_json(row.to_stage)]
            data = {"stage": stage, "amount": str(row.amount), "currency": row.currency}
        if row.lost_reason:
            data["lost_reason"] = records.as_json(row.lost_reason)
        about = [opportunity.customer]
        world.tell(f"opportunity.{verb}", opportunity, by=row.owner, at=row.at, data=data, about=about)


def _order(world: World) -> None:
    """Most of what was won is ordered a few days later; some customers order again without any opportunity."""
    won = [one for one in world.opportunities if one.stage.is_won]
    orders = []
    for opportunity in won:
        if world.chance(ORDERED):
            day = opportunity.closed_at.date() + timedelta(days=world.random.randrange(1, 12))
            orders.append(_one_order(world, opportunity.customer, day, opportunity.product, opportunity))
    for _ in range(int(len(won) * LOOSE_ORDERS)):
        before = world.pick(won)
        day = world.day_between(before.closed_at.date() + timedelta(days=20), world.today - timedelta(days=1))
        small = [product for product in world.products if product.price < 6000]
        orders.append(_one_order(world, before.customer, day, world.pick(small), None))
    orders = sorted((pair for pair in orders if pair[0].ordered_at < world.now), key=lambda pair: pair[0].ordered_at)
    for place, (order, _) in enumerate(orders, start=1):
        order.number = f"S{place:06d}"
    storing.store(Order, [order for order, _ in orders])
    for order, line in orders:
        line.order = order
        if order.opportunity_id is None:
            world.wins.setdefault(order.customer_id, []).append(order.ordered_at)
        world.tell("order.created", order, by=order.owner, at=order.ordered_at, about=[order.customer])
    storing.store(OrderLine, [line for _, line in orders])


def _one_order(world: World, customer: Any, day: Any, product: Product, opportunity: Any) -> tuple[Order, OrderLine]:
    at = world.working_moment(day)
    owner = world.owner_at(customer, at)
    price = product.price or Decimal(0)
    quantity = Decimal(world.random.randrange(1, 6))
    if opportunity is not None:
        quantity, price = Decimal(1), opportunity.amount
    order = Order(
        customer=customer, opportunity=opportunity, ordered_at=at, amount=quantity * price,
        currency=stage_changes.tidy_currency(""), owner=owner, team=owner.team, created_at=at, updated_at=at,
    )  # fmt: skip
    return order, OrderLine(order=order, product=product, quantity=quantity, unit_price=price)
