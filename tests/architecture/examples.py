"""One record of each kind, belonging to somebody: what the matrix puts into the URLs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


def customer(owner: Any, team: Any) -> Any:
    from customers.models import Customer

    return Customer.objects.create(name="Example", owner=owner, team=team, created_at=NOW, updated_at=NOW)


def pool(owner: Any, team: Any) -> Any:
    from customers.models import PooledCustomer

    return PooledCustomer.objects.create(name="Example", team=team, created_at=NOW, updated_at=NOW)


def segment(owner: Any, team: Any) -> Any:
    from customers.models import Segment

    return Segment.objects.create(name="Example", question={"tier": ["A"]}, owner=owner, team=team)


def contact(owner: Any, team: Any) -> Any:
    from customers.models import Contact

    return Contact.objects.create(name="Example", owner=owner, team=team, email="example@example.com")


def erasure(owner: Any, team: Any) -> Any:
    from customers.models import ErasureRequest

    person = contact(owner, team)
    return ErasureRequest.objects.create(
        subject_kind="contact", subject_id=person.pk, asked_on=NOW.date(), identity="document", owner=owner, team=team
    )


def activity(owner: Any, team: Any) -> Any:
    from customers.models import Activity

    return Activity.objects.create(
        customer=customer(owner, team), type="call", at=NOW, subject="Example", owner=owner, team=team
    )


def task(owner: Any, team: Any) -> Any:
    from customers.models import Task

    return Task.objects.create(title="Example", owner=owner, team=team, due_at=NOW)


def email(owner: Any, team: Any) -> Any:
    """Private to its owner: nobody else's role reaches it."""
    from customers.models import Email

    return Email.objects.create(
        owner=owner or somebody_else(), customer=customer(owner, team), direction="inbound", state="received", at=NOW,
        sender="example@example.com", to=["example@example.org"], subject="Example", text="Example",
    )  # fmt: skip


def attachment(owner: Any, team: Any) -> Any:
    from django.core.files.base import ContentFile

    from crm.actions import attachments

    [kept] = attachments.add(customer(owner, team), [ContentFile(b"Example", "example.txt")], by=owner, at=NOW)
    return kept


def lead(owner: Any, team: Any) -> Any:
    from customers.sales.models import Lead

    return Lead.objects.create(
        name="Example", organisation="Example Ltd", owner=owner, team=team, created_at=NOW, updated_at=NOW
    )


def opportunity(owner: Any, team: Any) -> Any:
    from customers.sales.models import Opportunity, Pipeline

    pipeline = Pipeline.objects.order_by("pk").first()
    return Opportunity.objects.create(
        name="Example", customer=customer(owner, team), owner=owner, team=team, pipeline=pipeline,
        stage=pipeline.stages.order_by("position").first(), stage_since=NOW, amount=Decimal(100),
    )  # fmt: skip


def forecast(owner: Any, team: Any) -> Any:
    from customers.sales.models import ForecastSubmission

    by = owner or somebody_else()
    return ForecastSubmission.objects.create(
        owner=by, team=team, by=by, period_kind="quarter", period_start="2026-04-01", week="2026-05-11",
        submitted_at=NOW, currency="USD", commit=100, best_case=200, note="Example",
    )  # fmt: skip


def quota(owner: Any, team: Any) -> Any:
    from customers.sales.models import Quota

    # Of a person, or of a team as a whole; there is one for each month.
    month = f"{2000 + Quota.objects.count()}-01-01"
    for_team = None if owner else team
    return Quota.objects.create(
        owner=owner or (None if team else somebody_else()), team=team, for_team=for_team, month=month, amount=100
    )


def somebody_else() -> Any:
    from crm.models import User

    return User.objects.get_or_create(name="Somebody else", email="somebody.else@example.com")[0]


def order(owner: Any, team: Any) -> Any:
    from customers.sales.models import Order

    return Order.objects.create(
        number=f"O-{customer(owner, team).pk}", customer=customer(owner, team), owner=owner, team=team,
        ordered_at=NOW, amount=Decimal(100),
    )  # fmt: skip


def quote(owner: Any, team: Any) -> Any:
    """One that was declined: then each of its texts may be filled."""
    from datetime import date

    from customers.sales.models import Quote, QuoteLine

    number = Quote.objects.count() + 1
    made = Quote.objects.create(
        number=f"Q-{number}", owner=owner, team=team, customer=customer(owner, team), valid_until=date(2026, 6, 1),
        net=100, total=100,
    )  # fmt: skip
    QuoteLine.objects.create(quote=made, text="Example", unit_price=100)
    Quote.objects.filter(pk=made.pk).update(
        state="declined", sent_at=NOW, token_hash=f"hash-{number}", nonce="nonce", language="en", answered_at=NOW,
        answered_by="Example",
    )  # fmt: skip
    made.refresh_from_db()
    return made


def contract(owner: Any, team: Any) -> Any:
    from datetime import date

    from customers.sales.models import Contract, ContractMovement

    made = Contract.objects.create(
        owner=owner, team=team, name="Example", customer=customer(owner, team), start=date(2026, 1, 1),
        end=date(2026, 12, 31), monthly_value=100,
    )  # fmt: skip
    ContractMovement.objects.create(
        contract=made, type="new", counts_from=made.start, agreed_on=made.start, before=0, after=100, until=made.end,
        owner=owner, team=team, recorded_at=NOW,
    )  # fmt: skip
    return made


def campaign(owner: Any, team: Any) -> Any:
    from customers.sales.models import Campaign

    return Campaign.objects.create(name="Example", owner=owner, team=team, channel="event", budget=100)


def mailing(owner: Any, team: Any) -> Any:
    """Prepared: one letter to a contact of the same person's."""
    from customers.models import Purpose
    from customers.sales.models import CampaignMember, Mailing, MailingLetter, MailingText

    made = Mailing.objects.create(
        name="Example", campaign=campaign(owner, team), purpose=Purpose.objects.get(code="marketing"), owner=owner,
        team=team, prepared_by=owner,
        prepared_at=NOW if owner else None,
    )  # fmt: skip
    MailingText.objects.create(mailing=made, language="en", subject="Example", body="Example")
    member = CampaignMember.objects.create(campaign=made.campaign, contact=contact(owner, team), added_at=NOW)
    letter = MailingLetter(mailing=made, member=member, address="example@example.com", language="en", text="Example")
    letter.keep_hash()
    letter.save()
    return made


def cost(owner: Any, team: Any) -> Any:
    from customers.sales.models import Cost

    return Cost.objects.create(month="2026-04-01", category="media", amount=100, owner=owner, team=team)


def product(owner: Any, team: Any) -> Any:
    from customers.sales.models import Product

    return Product.objects.create(name=f"Example {Product.objects.count()}", price=Decimal(10))


def ticket(owner: Any, team: Any) -> Any:
    from service.models import Queue, Ticket, TicketState

    state = TicketState.objects.get(category="open", is_default=True)
    return Ticket.objects.create(
        number=f"T-{customer(owner, team).pk}", subject="Example", customer=customer(owner, team), owner=owner,
        team=team, queue=Queue.objects.order_by("pk").first(), state=state, opened_at=NOW,
    )  # fmt: skip


def survey(owner: Any, team: Any) -> Any:
    from surveys.models import Survey

    return Survey.objects.order_by("pk").first()


def invitation(owner: Any, team: Any) -> Any:
    from surveys.models import Invitation

    return Invitation.objects.create(
        survey=survey(owner, team), contact=contact(owner, team), owner=owner, team=team, invited_at=NOW
    )


def response(owner: Any, team: Any) -> Any:
    from surveys.models import Response

    asked = invitation(owner, team)
    return Response.objects.create(
        invitation=asked, survey=asked.survey, contact=asked.contact, score=4, answered_at=NOW, owner=owner, team=team
    )


def an_import(owner: Any, team: Any) -> Any:
    from crm.models import ImportBatch, User

    # A file is somebody's own: one that belongs to a team only belongs, for everybody, to somebody else.
    by = owner or User.objects.create(name="Somebody else")
    return ImportBatch.objects.create(target="customer", file_name="example.csv", heads=["name"], by=by, created_at=NOW)


def goal(owner: Any, team: Any) -> Any:
    from evaluation.models import Goal

    return Goal.objects.create(
        kpi_code="win_rate", scope_kind="customer", scope_key=str(customer(owner, team).pk), period_kind="month",
        starts_on="2026-05-01", target_kind="at_least", target=0.5, owner=owner, team=team,
    )  # fmt: skip


def dashboard(owner: Any, team: Any) -> Any:
    """For the team and those below, with a tile that asks for records as whoever looks."""
    from evaluation.models import Dashboard

    tile = {"id": "first", "kind": "table", "settings": {"list": "customer-list", "rows": 5}}
    name = f"Example {Dashboard._base_manager.count()}"
    audience = "team" if team else "personal"
    return Dashboard.objects.create(
        name=name, owner=owner or somebody_else(), team=team, audience=audience, tiles=[tile]
    )


def review_cycle(owner: Any, team: Any) -> Any:
    from evaluation.models import Cycle

    return Cycle.objects.create(
        name="Example", period_kind="quarter", period_start="2026-01-01", period_end="2026-03-31",
        kpi_codes=["win_rate", "csat"], owner=owner, team=team,
    )  # fmt: skip


def review(owner: Any, team: Any) -> Any:
    """Frozen, with one line."""
    from crm.models import User
    from evaluation.actions import freezing
    from evaluation.engine import COMPANY
    from evaluation.models import Cycle, KpiVersion, Review

    boss, _ = User.objects.get_or_create(name="Somebody else", email="somebody.else@example.com")
    person = owner or User.objects.create(name="Example")
    cycle = review_cycle(boss, None)
    Cycle.objects.filter(pk=cycle.pk).update(state="frozen", frozen_at=NOW)
    cycle.refresh_from_db()
    made = Review.objects.create(
        cycle=cycle, person=person, owner=person, team=team, reviewer=boss, state=Review.State.SELF_REVIEW
    )
    drafted = freezing.draft(cycle.kpis[0], COMPANY, cycle.period, at=NOW)
    version = KpiVersion.objects.in_force().filter(code="win_rate").first()
    freezing.freeze(made, drafted, version=version, position=1, by=None, at=NOW)
    return made


def action_plan(owner: Any, team: Any) -> Any:
    from evaluation.models import ActionPlan

    return ActionPlan.objects.create(
        name="Example", reason="Because", kpi_code="win_rate", expected_effect=0.1, scope_kind="company",
        due_on="2026-06-30", effect_due_on="2026-09-30", owner=owner, team=team,
    )  # fmt: skip


def action_step(owner: Any, team: Any) -> Any:
    from evaluation.models import PlanStep

    return PlanStep.objects.create(plan=action_plan(owner, team), title="Example", owner=owner)


def measurement(owner: Any, team: Any) -> Any:
    from evaluation.models import KpiVersion, Measurement

    version = KpiVersion.objects.in_force().first()
    return Measurement.objects.create(
        kpi=version, scope_kind="person", scope_key=f"{owner.pk if owner else 0}-{Measurement.objects.count()}",
        person=owner, team=team, period_kind="month", period_start="2026-04-01",
        period_end="2026-04-30", measured_at=NOW,
    )  # fmt: skip


def queue(owner: Any, team: Any) -> Any:
    from service.models import Queue

    return Queue.objects.order_by("pk").first()


def competitor(owner: Any, team: Any) -> Any:
    from customers.sales.models import Competitor

    return Competitor.objects.create(name=f"Example {Competitor.objects.count() + 1}")


def pipeline(owner: Any, team: Any) -> Any:
    from customers.sales.models import Pipeline

    return Pipeline.objects.order_by("pk").first()


def currency_rate(owner: Any, team: Any) -> Any:
    from customers.sales.models import CurrencyRate

    number = CurrencyRate.objects.count()
    return CurrencyRate.objects.create(currency="EUR", valid_from=date(2020, 1, 1 + number), rate=1)


def person(owner: Any, team: Any) -> Any:
    from crm.models import User

    return User.objects.create(name="Example", team=team)


def team(owner: Any, team: Any) -> Any:
    from crm.models import Team

    return Team.objects.create(name=f"Example {Team.objects.count()}")


MAKERS: dict[str, Callable[[Any, Any], Any]] = {
    maker.__name__: maker
    for maker in (
        customer, pool, segment, contact, erasure, activity, task, email, attachment, lead, contract, opportunity,
        forecast, quota, order, product, ticket, survey, invitation, response, goal, dashboard, review_cycle, review,
        action_plan, action_step, measurement, queue, pipeline, currency_rate, quote, campaign, mailing, cost,
        competitor, person, team,
    )
}  # fmt: skip
MAKERS["import"] = an_import
