"""Contracts of those who bought: renewed mostly, left more often in the quarter of the fall and less after the plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crm.actions import records
from customers.sales.actions.contract_movements import A_DAY, new_row, stand, term_end
from customers.sales.actions.contract_renewals import reason_for_lapsed
from customers.sales.actions.stage_changes import tidy_currency
from customers.sales.models import GRACE, ChurnReason, Contract, ContractMovement, ContractRenewal, RenewalRules
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import SEED, Share, World, at_clock

Type = ContractMovement.Type

UNDER_CONTRACT = 0.7  # of the customers who bought
RENEWED = {"before": 0.92, "fall": 0.66, "recovering": 0.9, "improved": 0.95}
GROWS, SHRINKS, COMES_BACK, LEAVES_SOON = 0.42, 0.07, 0.12, 0.06
BY_ITSELF, OPEN_ENDED, UNNOTICED = 0.35, 0.08, 0.2
MONTHS, MONTHS_WEIGHTS = (12, 6, 3), (6, 2, 1)
REASONS = {
    "Price": "Price 价格", "Chose a competitor": "Chose a competitor 选择竞品", "Service": "Service 服务",
    "No longer needed": "No longer needed 不再需要", "Business closed": "Business closed 停业",
    "Not renewed": "Not renewed 未续约",
}  # fmt: skip
WHY, WHY_IN_THE_FALL = (4, 3, 2, 2, 1), (3, 4, 8, 1, 1)  # weights, in the order above
NAMES = {words.ENGLISH: "Care for {product}", words.CHINESE: "{product} 维保服务"}


@dataclass
class Play:
    """Chance of its own: what others make stays as it was."""

    world: World
    random: Random = field(default_factory=lambda: Random(SEED + 1))
    shares: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    reasons: list[ChurnReason] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def renews(self, due: date) -> bool:
        phase = self.world.days.phase(due)
        return self.shares[phase].says_yes(RENEWED[phase])

    def reason(self, day: date) -> ChurnReason:
        weights = WHY_IN_THE_FALL if self.world.days.phase(day) in ("fall", "recovering") else WHY
        return self.random.choices(self.reasons, weights)[0]


def sign(world: World) -> None:
    play = Play(world)
    lapsed = _reasons(play)
    made = [(customer, rows) for customer in world.customers if (rows := _course(play, customer, lapsed))]
    made.sort(key=lambda pair: pair[1][0].recorded_at)
    contracts = [rows[0].contract for _, rows in made]
    storing.store(Contract, contracts)
    rows = sorted((row for _, rows in made for row in rows), key=lambda row: (row.recorded_at, row.contract.pk))
    for row in rows:
        row.contract = row.contract  # takes over the id that the bulk insert gave
    storing.store(ContractMovement, rows)
    for customer, own in made:
        begun = [row for row in own if row.type in ContractMovement.BEGINS and row.counts_from < world.today]
        world.kept[customer.pk] = [at_clock(row.counts_from, 9) for row in begun]
        for row in own:
            _tell(world, customer, row)
    _prepare(world, contracts)


def _reasons(play: Play) -> ChurnReason:
    lapsed = reason_for_lapsed()
    for name, shown in REASONS.items():
        ChurnReason.objects.filter(name=name).update(name=shown)
    known = {reason.name: reason for reason in ChurnReason.objects.all()}
    play.reasons = [known[name] for name in list(REASONS.values())[: len(WHY)]]
    lapsed.refresh_from_db()
    return lapsed


def _course(play: Play, customer: Any, lapsed: ChurnReason) -> list[ContractMovement]:
    """One contract from its first day to today; nothing of those who never bought, or just now."""
    world = play.world
    bought = sorted(world.wins.get(customer.pk, []))
    if not bought or not play.chance(UNDER_CONTRACT):
        return []
    start = bought[0].date() + timedelta(days=play.random.randrange(5, 40))
    on_sale = [product for product in world.products if product.created_at.date() < start]
    if start >= world.today:
        return []
    months = play.random.choices(MONTHS, MONTHS_WEIGHTS)[0]
    is_open = play.chance(OPEN_ENDED)
    product, value = (
        play.random.choice(on_sale),
        Decimal(int(play.random.lognormvariate(6.2, 0.6))).quantize(Decimal(1)),
    )
    contract = Contract(
        name=NAMES[language_of(customer)].format(product=product.name)[:200], customer=customer, product=product,
        start=start, end=None if is_open else term_end(start, months), monthly_value=value, currency=tidy_currency(""),
        notice_days=play.random.choice((0, 30, 30, 60)), renewal_months=months,
        renews_automatically=not is_open and play.chance(BY_ITSELF), created_at=at_clock(start, 10),
    )  # fmt: skip
    rows = [_row(play, contract, Type.NEW, start, start, Decimal(0), value, until=contract.end)]
    while rows[-1].type != Type.CHURN and contract.end and _grown(play, contract, rows) and contract.end < world.today:
        rows += _at_the_end(play, contract, lapsed)
        stand(contract, rows)
        if rows[-1].type == Type.CHURN and play.chance(COMES_BACK):
            rows += _back(play, contract)
        if contract.end < world.today and rows[-1].until != contract.end:
            break  # it ran out, and nobody has said yet what becomes of it
    return _settled(play, contract, rows)


def _grown(play: Play, contract: Contract, rows: list[ContractMovement]) -> bool:
    """Perhaps more, perhaps less, somewhere within the term that runs."""
    began, last = rows[-1].counts_from, min(contract.end, play.world.today - A_DAY)  # type: ignore[type-var]
    factor = 1.25 if play.chance(GROWS) else 0.75 if play.chance(SHRINKS) else None
    if factor and (last - began).days > 60:
        day = began + timedelta(days=play.random.randrange(30, (last - began).days))
        value = (contract.monthly_value * Decimal(factor)).quantize(Decimal(1))
        type_ = Type.EXPANSION if factor > 1 else Type.CONTRACTION
        rows.append(_row(play, contract, type_, day, day, contract.monthly_value, value))
        stand(contract, rows)
    return True


def _at_the_end(play: Play, contract: Contract, lapsed: ChurnReason) -> list[ContractMovement]:
    """Renewed in time, ended by notice, or by nobody saying anything. What ran out just now may still be open."""
    due, value, today = contract.end, contract.monthly_value, play.world.today
    if due is None:
        return []
    begins = due + A_DAY
    if play.renews(due):
        until, by_itself = term_end(begins, contract.renewal_months), contract.renews_automatically
        agreed = begins if by_itself else due - timedelta(days=play.random.randrange(0, 40))
        how = {"due": due, "until": until, "automatic": by_itself}
        return [_row(play, contract, Type.RENEWAL, begins, agreed, value, value, **how)]
    if not contract.renews_automatically and play.chance(UNNOTICED):
        if due + GRACE >= today:
            return []
        how = {"due": due, "churn_reason": lapsed, "automatic": True}
        return [_row(play, contract, Type.CHURN, begins, begins, value, Decimal(0), **how)]
    agreed = max(due - timedelta(days=play.random.randrange(5, 60)), contract.start)
    how = {"due": due, "churn_reason": play.reason(due)}
    return [_row(play, contract, Type.CHURN, begins, agreed, value, Decimal(0), **how)]


def _back(play: Play, contract: Contract) -> list[ContractMovement]:
    """Won back some months later, for less."""
    day = (contract.churned_from or contract.start) + timedelta(days=play.random.randrange(40, 150))
    if day >= play.world.today:
        return []
    value = (contract.monthly_value * Decimal("0.85")).quantize(Decimal(1))
    until = term_end(day, contract.renewal_months)
    row = _row(play, contract, Type.REACTIVATION, day, day, Decimal(0), value, until=until)
    contract.end, contract.monthly_value = until, value
    return [row]


def _settled(play: Play, contract: Contract, rows: list[ContractMovement]) -> list[ContractMovement]:
    """Some of what runs has been cancelled for the end of its term. The contract is its holder's of today."""
    world, due = play.world, contract.end
    if (
        due
        and rows[-1].type != Type.CHURN
        and world.today <= due < world.today + GRACE * 2
        and play.chance(LEAVES_SOON)
    ):
        said = world.today - timedelta(days=play.random.randrange(1, 20))
        how = {"due": due, "churn_reason": play.reason(due)}
        rows.append(_row(play, contract, Type.CHURN, due + A_DAY, said, contract.monthly_value, Decimal(0), **how))
    stand(contract, rows)
    contract.owner = world.owner_at(contract.customer, world.now)
    contract.team = contract.owner.team
    contract.version, contract.updated_at = len(rows), rows[-1].recorded_at
    return rows


def _row(
    play: Play, contract: Contract, type_: Any, day: date, agreed: date, before: Decimal, after: Decimal, **more: Any
) -> ContractMovement:
    """Written down on the day it was agreed, by whoever held the customer then; by itself at night."""
    by_itself = more.get("automatic", False)
    at = at_clock(agreed, 3 if by_itself else 10)
    contract.owner = play.world.owner_at(contract.customer, at)
    contract.team = contract.owner.team
    by = None if by_itself else contract.owner
    return new_row(contract, type_, day, agreed, before, after, by=by, at=at, **more)


VERBS = {
    Type.NEW: "created", Type.EXPANSION: "value_changed", Type.CONTRACTION: "value_changed", Type.RENEWAL: "renewed",
    Type.CHURN: "ended", Type.REACTIVATION: "reactivated",
}  # fmt: skip


def _tell(world: World, customer: Any, row: ContractMovement) -> None:
    is_end = row.type == Type.CHURN
    data = {
        "monthly_value": [str(row.before), str(row.after)], "currency": row.contract.currency,
        "day": (row.counts_from - A_DAY if is_end else row.counts_from).isoformat(),
        "until": row.until.isoformat() if row.until else "", "churn_reason": records.as_json(row.churn_reason),
    }  # fmt: skip
    verb = VERBS[Type(row.type)]
    world.tell(f"contract.{verb}", row.contract, by=row.by, at=row.recorded_at, data=data, about=[customer])


def _prepare(world: World, contracts: list[Contract]) -> None:
    """What is due soon was spoken about already: the first night makes no hundred opportunities at once."""
    ahead = timedelta(days=RenewalRules().days_ahead)
    soon = [
        ContractRenewal(contract=one, due=one.end, prepared_at=world.now - A_DAY)
        for one in contracts
        if one.churned_from is None and one.end and one.end - timedelta(days=one.notice_days) <= world.today + ahead
    ]
    storing.store(ContractRenewal, soon)
