"""The rows numbers are made of, written directly, so that a test can say exactly what happened when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from crm.models import User
from customers.models import Activity, Contact, Customer
from customers.sales.models import (
    Campaign,
    CampaignName,
    Cost,
    ForecastSubmission,
    Lead,
    Opportunity,
    Order,
    OrderLine,
    OrderReturn,
    Pipeline,
    Product,
    Quota,
    Quote,
    ReturnReason,
    Stage,
    StageChange,
    UnitCost,
)
from evaluation.actions import measurements
from service.models import Queue, Ticket, TicketEvent, TicketState
from surveys.models import Invitation, Response, Survey

_number = count(1)


def moment(text: str) -> datetime:
    """ "2026-04-03" or "2026-04-03 09:30", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_customer(name: str = "", owner: User | None = None, **fields: Any) -> Customer:
    return Customer.objects.create(
        name=name or f"Customer {next(_number)}", owner=owner, team=owner.team if owner else None, **fields
    )


def a_product(name: str = "") -> Product:
    return Product.objects.create(name=name or f"Product {next(_number)}")


def a_unit_cost(product: Product, since: str, cost: Any, currency: str = "USD") -> None:
    UnitCost.objects.create(product=product, valid_from=date.fromisoformat(since), cost=cost, currency=currency)


def stages() -> dict[str, Stage]:
    """One pipeline with two open stages, "open" and "later", and "won" and "lost"."""
    pipeline, _ = Pipeline.objects.get_or_create(name="Numbers")
    for position, (name, outcome, probability) in enumerate(
        [("open", "open", "0.2"), ("later", "open", "0.6"), ("won", "won", "1"), ("lost", "lost", "0")]
    ):
        Stage.objects.get_or_create(
            pipeline=pipeline,
            name=name,
            defaults={"outcome": outcome, "probability": Decimal(probability), "position": position},
        )
    return {stage.name: stage for stage in pipeline.stages.all()}


def an_opportunity(
    *history: tuple[Any, ...],
    owner: User | None = None,
    customer: Customer | None = None,
    opened: str | None = None,
    amount: Any = 1000,
    currency: str = "USD",
    product: Product | None = None,
    **fields: Any,
) -> Opportunity:
    """An opportunity with its history: (stage, when) or (stage, when, {what else was true then})."""
    known, rows, before = stages(), [], None
    now: dict[str, Any] = {"owner": owner, "amount": amount, "currency": currency, "product": product}
    for stage, when, *more in history:
        now = {**now, **(more[0] if more else {})}
        rows.append((before, known[stage], moment(when), dict(now)))
        before = known[stage]
    stage, at = rows[-1][1], rows[-1][2]
    closed = stage.outcome != "open"
    entered = next((row[2] for row in reversed(rows) if row[0] != row[1]), at)
    opportunity = Opportunity.objects.create(
        name=fields.pop("name", f"Opportunity {next(_number)}"),
        customer=customer,
        pipeline=stage.pipeline,
        stage=stage,
        stage_since=entered,
        closed_at=entered if closed else None,
        opened_at=moment(opened) if opened else None,
        team=now["owner"].team if now["owner"] else None,
        **now,
        **fields,
    )
    StageChange.objects.bulk_create(
        StageChange(
            opportunity=opportunity,
            pipeline=to.pipeline,
            from_stage=origin,
            to_stage=to,
            outcome=to.outcome,
            at=when,
            recorded_at=when,
            team=said["owner"].team if said["owner"] else None,
            customer=customer,
            probability=to.probability,
            **said,
        )
        for origin, to, when, said in rows
    )
    return opportunity


def won(when: str, owner: User | None = None, customer: Customer | None = None, **fields: Any) -> Opportunity:
    return an_opportunity(("won", when), owner=owner, customer=customer, **fields)


def lost(when: str, owner: User | None = None, customer: Customer | None = None, **fields: Any) -> Opportunity:
    return an_opportunity(("lost", when), owner=owner, customer=customer, **fields)


def an_order(
    when: str, customer: Customer | None = None, owner: User | None = None, amount: Any = 500, **fields: Any
) -> Order:
    products: Iterable[Product] = fields.pop("products", ())
    order = Order.objects.create(
        number=f"O-{next(_number)}",
        customer=customer or a_customer(),
        owner=owner,
        team=owner.team if owner else None,
        ordered_at=moment(when),
        amount=amount,
        **{"currency": "USD", **fields},
    )
    for product in products:
        OrderLine.objects.create(order=order, product=product, unit_price=amount)
    return order


def a_quote(
    sent: str, ordered: str = "", owner: User | None = None, customer: Customer | None = None, **fields: Any
) -> Quote:
    """A quote sent one day; with `ordered` it was accepted and became an order on another."""
    number, customer = next(_number), customer or a_customer()
    if ordered:
        order = an_order(ordered, customer, owner)
        fields |= {"state": "accepted", "answered_at": moment(ordered), "answered_by": "Buyer", "order": order}
    return Quote.objects.create(
        customer=customer,
        owner=owner,
        team=owner.team if owner else None,
        sent_at=moment(sent),
        **{"number": f"Q-{number}", "state": "sent", "token_hash": f"{number:064}", "currency": "USD",
           "valid_until": date(2030, 1, 1), **fields},
    )  # fmt: skip


def an_activity(when: str, owner: User | None = None, customer: Customer | None = None, **fields: Any) -> Activity:
    return Activity.objects.create(
        customer=customer or a_customer(),
        owner=owner,
        team=owner.team if owner else None,
        at=moment(when),
        **{"type": "call", "direction": "outbound", "subject": "Called", **fields},
    )


_CATEGORIES = {"paused": "paused", "resolved": "resolved", "closed": "resolved"}


def a_ticket(
    opened: str,
    *events: tuple[Any, ...],
    owner: User | None = None,
    customer: Customer | None = None,
    clock: bool = True,
    **fields: Any,
) -> Ticket:
    """A ticket with its history: (type, when) or (type, when, {"elapsed": hours, "owner": …}).

    With `clock` business time is calendar time, pauses taken out by hand through "elapsed"; without, there is none.
    """
    start, state, rows = moment(opened), "open", []
    now: dict[str, Any] = {"owner": owner}
    for type_, when, *more in [("opened", opened), *events]:
        said = dict(more[0]) if more else {}
        hours = said.pop("elapsed", None)
        now = {**now, **said}
        if type_ in _CATEGORIES or type_ in ("resumed", "reopened"):
            state = _CATEGORIES.get(type_, "open")
        at = moment(when)
        rows.append((type_, at, state, (timedelta(hours=hours) if hours is not None else at - start), dict(now)))
    queue = Queue.objects.get_or_create(name="Numbers")[0]
    answers, resolutions = ([row[1] for row in rows if row[0] == name] for name in ("answered", "resolved"))
    resolved = state == "resolved"
    due = {name: moment(fields.pop(name)) for name in ("first_response_due_at", "resolution_due_at") if name in fields}
    ticket = Ticket.objects.create(
        number=f"T-{next(_number)}",
        subject="Help",
        customer=customer,
        queue=queue,
        state=_state(state),
        opened_at=start,
        owner=now["owner"],
        team=now["owner"].team if now["owner"] else None,
        first_response_at=min(answers, default=None),
        resolved_at=max(resolutions, default=rows[-1][1]) if resolved else None,
        **due,
        **fields,
    )
    TicketEvent.objects.bulk_create(
        TicketEvent(
            ticket=ticket,
            type=type_,
            at=at,
            recorded_at=at,
            state=_state(category),
            category=category,
            queue=queue,
            priority=ticket.priority,
            elapsed=elapsed if clock else None,
            owner=said["owner"],
            team=said["owner"].team if said["owner"] else None,
        )
        for type_, at, category, elapsed, said in rows
    )
    return ticket


def _state(category: str) -> TicketState:
    known = TicketState.objects.filter(category=category).order_by("position").first()
    return known or TicketState.objects.create(name=category, category=category, is_default=True)


def an_invitation(
    sent: str, answered: str | None = None, owner: User | None = None, type_: str = "csat", **fields: Any
) -> Invitation:
    survey, _ = Survey.objects.get_or_create(code=f"numbers-{type_}", defaults={"name": type_.upper(), "type": type_})
    contact = fields.pop("contact", None) or Contact.objects.create(name=f"Contact {next(_number)}")
    return Invitation.objects.create(
        survey=survey,
        contact=contact,
        owner=owner,
        team=owner.team if owner else None,
        invited_at=moment(sent),
        sent_at=moment(sent),
        answered_at=moment(answered) if answered else None,
        **{"state": "answered" if answered else "sent", **fields},
    )


def a_response(
    when: str, score: int, owner: User | None = None, type_: str = "csat", customer: Customer | None = None
) -> Response:
    invitation = an_invitation(when, when, owner, type_, customer=customer)
    return Response.objects.create(
        invitation=invitation,
        survey=invitation.survey,
        contact=invitation.contact,
        customer=customer,
        owner=owner,
        team=owner.team if owner else None,
        score=score,
        answered_at=moment(when),
    )


def came_in(when: str, owner: User | None = None, converted: str = "", **fields: Any) -> Lead:
    """A lead; `converted` says when it became a customer, if it did."""
    if converted:
        fields |= {"state": "converted", "converted_at": moment(converted), "customer": a_customer()}
    return Lead.objects.create(
        name="Somebody",
        owner=owner,
        team=owner.team if owner else None,
        created_at=moment(when),
        updated_at=moment(when),
        **fields,
    )


def a_commit(owner: User, month: str, commit: Any, on: str = "", kind: str = "month", **fields: Any) -> None:
    """What somebody said they would win, on the first day of the period unless said otherwise."""
    first = date.fromisoformat(f"{month}-01")
    day = date.fromisoformat(on) if on else first
    ForecastSubmission.objects.create(
        owner=owner,
        team=owner.team,
        period_kind=kind,
        period_start=first,
        week=day - timedelta(days=day.weekday()),
        submitted_at=moment(str(day)),
        by=owner,
        commit=commit,
        best_case=commit,
        **{"currency": "USD", **fields},
    )


def a_quota(owner: User, month: str, amount: Any) -> None:
    first = date.fromisoformat(f"{month}-01")
    Quota.objects.create(owner=owner, team=owner.team, month=first, amount=amount, currency="USD")


def a_cost(month: str, amount: Any, category: str = "media", noted: str = "2026-05-31", **fields: Any) -> Cost:
    said = {"currency": "USD", "created_at": moment(noted), **fields}
    return Cost.objects.create(month=date.fromisoformat(f"{month}-01"), amount=amount, category=category, **said)


def a_campaign(name: str, **fields: Any) -> Campaign:
    campaign = Campaign.objects.create(name=name, **{"channel": "event", **fields})
    CampaignName.objects.create(campaign=campaign, name=name)
    return campaign


def a_return(order: Order, when: str, amount: Any, *, cancelled: str = "") -> OrderReturn:
    return OrderReturn.objects.create(
        number=f"R-{next(_number)}",
        order=order,
        returned_at=moment(when),
        amount=amount,
        reason=ReturnReason.objects.get_or_create(name="Faulty")[0],
        recorded_at=moment(when),
        cancelled_at=moment(cancelled) if cancelled else None,
    )


def measure_open(now: datetime) -> int:
    """Every period that is not final yet, as the hour's and the night's job together; how many numbers were written."""
    return measurements.measure_current(now=now) + measurements.measure_last(now=now)
