"""Opportunities, orders and products, made by the very actions that make them in life."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from crm.models import MailTemplate
from customers.models import Customer, Purpose
from customers.sales.actions import (
    campaigns,
    competitors,
    contracts,
    costs,
    credit,
    forecasts,
    leads,
    mailings,
    opportunities,
    order_returns,
    orders,
    pipelines,
    products,
    quotas,
    quotes,
)
from customers.sales.actions.quote_lines import Line
from customers.sales.models import (
    Campaign,
    ChurnReason,
    Competitor,
    Contract,
    Cost,
    CreditSplit,
    ForecastSubmission,
    Lead,
    LostReason,
    Mailing,
    Opportunity,
    OpportunityCompetitor,
    Order,
    OrderReturn,
    Pipeline,
    Product,
    Quota,
    Quote,
    ReturnReason,
    Stage,
)
from customers.sales.models.forecast_period import Period

WEDNESDAY = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


def make_pipeline(name: str = "Projects") -> Pipeline:
    """Qualifying 10 %, Proposal 40 %, Negotiation 70 %, Won, Lost."""
    pipeline = Pipeline.objects.create(name=name, position=10)
    for place, (stage, outcome, probability) in enumerate(pipelines.STAGES, start=1):
        Stage.objects.create(
            pipeline=pipeline, name=stage, position=place, outcome=outcome, probability=Decimal(probability)
        )
    return pipeline


def default_pipeline() -> Pipeline:
    """The one every installation starts with."""
    pipelines.install_default()
    return Pipeline.objects.get(name="Sales")


def stage(name: str, pipeline: Pipeline | None = None) -> Stage:
    return (pipeline or default_pipeline()).stages.get(name=name)


def lost_reason(name: str = "Price") -> LostReason:
    return LostReason.objects.get_or_create(name=name)[0]


def make_customer(owner: Any = None, name: str = "Acme", **fields: Any) -> Customer:
    return Customer.objects.create(name=name, owner=owner, team=owner.team if owner else None, **fields)


def make_lead(owner: Any = None, name: str = "Lena Lead", *, at: datetime = WEDNESDAY, **fields: Any) -> Lead:
    """Somebody from Lead Ltd who asked on the website, with `owner`."""
    fields.setdefault("organisation", "Lead Ltd")
    fields.setdefault("channel", "website")
    return leads.create(name=name, owner=owner, by=fields.pop("by", owner), at=at, **fields)


def make_opportunity(owner: Any = None, *, at: datetime = WEDNESDAY, by: Any = None, **fields: Any) -> Opportunity:
    """An open opportunity of `owner`, about 1,000.00 in the organisation's currency, in the first stage."""
    fields.setdefault("amount", Decimal("1000.00"))
    if "customer" not in fields:
        fields["customer"] = make_customer(owner)
    if not {"stage", "pipeline", "history"} & set(fields):
        fields["pipeline"] = default_pipeline()
    name = fields.pop("name", "New machines")
    return opportunities.open(name=name, owner=owner, by=by or owner, at=at, **fields)


def make_product(name: str = "Pump", *, at: datetime = WEDNESDAY, price: Any = "250.00", **fields: Any) -> Product:
    return products.create(name=name, price=Decimal(price), by=None, at=at, **fields)


def make_order(owner: Any = None, *, at: datetime = WEDNESDAY, **fields: Any) -> Order:
    fields.setdefault("customer", fields["opportunity"].customer if fields.get("opportunity") else make_customer(owner))
    if not fields.get("lines"):
        fields.setdefault("amount", Decimal("500.00"))
    return orders.create(owner=owner, by=owner, at=at, **fields)


def return_reason(name: str = "Faulty") -> ReturnReason:
    return ReturnReason.objects.get_or_create(name=name)[0]


def make_return(order: Order, *, at: datetime = WEDNESDAY, by: Any = None, **said: Any) -> OrderReturn:
    """So much of each line, in their order: `quantities`; what was paid back is `amount`, or their price."""
    sold = zip(order.lines.all(), said.pop("quantities", ()), strict=False)
    lines = [order_returns.Back(line, Decimal(quantity)) for line, quantity in sold if quantity]
    said.setdefault("reason", return_reason())
    return order_returns.note(order, lines=lines, by=by or order.owner, at=at, **said)


def make_forecast(
    owner: Any,
    period: str = "2026-Q2",
    commit: Any = 100,
    best_case: Any = None,
    *,
    at: datetime = WEDNESDAY,
    **how: Any,
) -> ForecastSubmission:
    """What somebody submits: for the quarter of WEDNESDAY, unless said otherwise."""
    best = Decimal(commit) * 2 if best_case is None else Decimal(best_case)
    named = Period.named(period)
    return forecasts.submit(period=named, commit=Decimal(commit), best_case=best, by=owner, at=at, **how)


def make_quota(owner: Any, month: str = "2026-05-01", amount: Any = 1000, *, at: datetime = WEDNESDAY) -> Quota:
    return quotas.create(owner=owner, month=date.fromisoformat(month), amount=Decimal(amount), by=None, at=at)


def make_contract(owner: Any = None, *, at: datetime = WEDNESDAY, **fields: Any) -> Contract:
    """100.00 a month for the year 2026, unless said otherwise."""
    fields.setdefault("customer", fields.pop("of", None) or make_customer(owner))
    fields.setdefault("monthly_value", Decimal("100.00"))
    days = {name: date.fromisoformat(fields[name]) for name in ("start", "end") if isinstance(fields.get(name), str)}
    fields = {"name": "Care", "start": date(2026, 1, 1), "end": date(2026, 12, 31), **fields, **days}
    return contracts.sign(owner=owner, by=owner, at=at, **fields)


def make_quote(owner: Any = None, *, at: datetime = WEDNESDAY, sent: bool = False, **fields: Any) -> Quote:
    """A draft of 100.00 net and 119.00 altogether, unless said otherwise; `sent` gives it its link."""
    fields.setdefault("customer", fields["opportunity"].customer if fields.get("opportunity") else make_customer(owner))
    fields.setdefault("lines", [Line(Decimal(1), Decimal("100.00"), "Installation", tax_rate=Decimal("0.19"))])
    quote = quotes.create(owner=owner, by=owner, at=at, **fields)
    return quotes.send(quote, by=owner, at=at) if sent else quote


def churn_reason(name: str = "Price") -> ChurnReason:
    return ChurnReason.objects.get_or_create(name=name)[0]


def make_campaign(owner: Any = None, *, at: datetime = WEDNESDAY, **fields: Any) -> Campaign:
    """A campaign that runs, by mail unless said otherwise."""
    named = {"name": f"Campaign {Campaign.objects.count() + 1}", "channel": "campaign", "state": "running"}
    return campaigns.create(owner=owner, by=owner, at=at, **{**named, **fields})


def make_competitor(name: str = "Rival", *, at: datetime = WEDNESDAY, **fields: Any) -> Competitor:
    return competitors.create(name=name, by=None, at=at, **fields)


def meet(opportunity: Opportunity, competitor: Competitor, **said: Any) -> OpportunityCompetitor:
    """They are in the running for it, unless said otherwise."""
    return competitors.note(opportunity, competitor, by=None, at=WEDNESDAY, **said)


def divide(opportunity: Opportunity, *shares: tuple[Any, str], at: datetime = WEDNESDAY, **how: Any) -> CreditSplit:
    """The revenue between people, as (person, "0.6")."""
    given = [credit.Share(person, Decimal(share)) for person, share in shares]
    how = {"kind": "revenue", "by": None, **how}
    return credit.divide(opportunity, shares=given, at=at, **how)  # type: ignore[return-value]


def make_cost(owner: Any, amount: Any = 100, *, at: datetime = WEDNESDAY, **fields: Any) -> Cost:
    """For advertising, in April 2026 unless said otherwise."""
    said = {"month": date(2026, 4, 1), "category": "media"}
    return costs.note(amount=Decimal(amount), by=owner, at=at, **{**said, **fields})


def make_mailing(campaign: Campaign, by: Any, *, at: datetime = WEDNESDAY, **fields: Any) -> Mailing:
    """In English, for marketing, unless said otherwise; not prepared."""
    template, _new = MailTemplate.objects.get_or_create(
        name="News", language="en", defaults={"subject": "News for {contact.name}", "body": "Dear {contact.name}!"}
    )
    named = {"name": "News", "purpose": Purpose.objects.get(code="marketing"), "templates": [template]}
    return mailings.create(campaign=campaign, by=by, at=at, **{**named, **fields})
