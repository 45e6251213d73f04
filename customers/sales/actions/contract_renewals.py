"""What becomes of contracts by itself, every night: renewed, ended where nobody renewed them, and prepared in time.

Each step finds and writes all its rows with one statement, whose keys are unique in the database: it can be repeated,
and two of it at once do no harm. Only what was written is then told, one by one.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from crm import events
from crm.actions.notifications import notify
from customers.sales.actions import contracts, opportunities
from customers.sales.actions.contract_movements import about
from customers.sales.models import GRACE, ChurnReason, Contract, ContractRenewal, RenewalRules
from customers.sales.models.forecast_period import local_day

NOT_RENEWED = "Not renewed"
REASONS = ["Price", "Chose a competitor", "Service", "No longer needed", "Business closed"]

# `end` is a word of SQL's own.
_RENEW = """
WITH ending AS (
    SELECT contract.id, contract."end" AS due, contract.monthly_value AS value, contract.owner_id, contract.team_id,
        (contract."end" + 1 + make_interval(months => contract.renewal_months))::date - 1 AS until
    FROM sales_contract AS contract
    WHERE contract.renews_automatically AND contract."end" < %(today)s AND contract.churned_from IS NULL
        AND contract.deleted_at IS NULL
    ORDER BY contract.id FOR UPDATE
), written AS (
    INSERT INTO sales_contractmovement (contract_id, type, counts_from, agreed_on, before, after, due, until, reason,
        automatic, owner_id, team_id, recorded_at)
    SELECT id, 'renewal', due + 1, due + 1, value, value, due, until, '', TRUE, owner_id, team_id, %(at)s FROM ending
    ON CONFLICT DO NOTHING RETURNING contract_id, until
)
UPDATE sales_contract AS contract SET "end" = written.until, version = version + 1, updated_at = %(at)s
FROM written WHERE contract.id = written.contract_id RETURNING contract.id
"""

_LAPSE = """
WITH lapsed AS (
    SELECT contract.id, contract."end" AS due, contract.monthly_value AS value, contract.owner_id, contract.team_id
    FROM sales_contract AS contract
    WHERE NOT contract.renews_automatically AND contract."end" < %(today)s - %(grace)s
        AND contract.churned_from IS NULL AND contract.deleted_at IS NULL
    ORDER BY contract.id FOR UPDATE
), written AS (
    INSERT INTO sales_contractmovement (contract_id, type, counts_from, agreed_on, before, after, due, reason,
        churn_reason_id, automatic, owner_id, team_id, recorded_at)
    SELECT id, 'churn', due + 1, due + 1, value, 0, due, '', %(reason)s, TRUE, owner_id, team_id, %(at)s FROM lapsed
    ON CONFLICT DO NOTHING RETURNING contract_id, counts_from
)
UPDATE sales_contract AS contract SET churned_from = written.counts_from, churn_reason_id = %(reason)s,
    version = version + 1, updated_at = %(at)s
FROM written WHERE contract.id = written.contract_id RETURNING contract.id
"""

_PREPARE = """
INSERT INTO sales_contractrenewal (contract_id, due, prepared_at)
SELECT contract.id, contract."end", %(at)s FROM sales_contract AS contract
JOIN customers_customer AS customer ON customer.id = contract.customer_id AND customer.deleted_at IS NULL
WHERE contract.churned_from IS NULL AND contract.deleted_at IS NULL AND contract."end" >= %(today)s
    AND contract."end" - contract.notice_days <= %(today)s + %(ahead)s
ORDER BY contract.id ON CONFLICT DO NOTHING RETURNING contract_id
"""


def run(now: datetime) -> None:
    """Everything that is due on the day of `now`; what was missed while nothing ran is caught up."""
    today = local_day(now)
    while renew_by_themselves(today, at=now):
        pass  # a term that was missed may have been followed by another
    end_what_lapsed(today, at=now)
    prepare(today, at=now)


@transaction.atomic
def renew_by_themselves(today: date, *, at: datetime) -> int:
    """Contracts whose term is over, and that renew by themselves, are in the next one."""
    renewed = _written(_RENEW, today=today, at=at)
    for contract in renewed:
        data = {"until": contract.end.isoformat() if contract.end else "", "automatic": True}
        events.record("contract.renewed", contract, by=None, at=at, data=data, about=about(contract))
    return len(renewed)


@transaction.atomic
def end_what_lapsed(today: date, *, at: datetime) -> int:
    """Contracts that nobody renewed within the days of grace have ended with their term."""
    reason = reason_for_lapsed()
    ended = _written(_LAPSE, today=today, at=at, grace=GRACE.days, reason=reason.pk)
    for contract in ended:
        data: dict[str, Any] = {"day": contract.end.isoformat() if contract.end else ""}
        data["churn_reason"] = {"id": reason.pk, "label": reason.name}
        events.record("contract.ended", contract, by=None, at=at, data=data, about=about(contract))
        message = gettext_noop("The contract “%(contract)s” ran out and was not renewed.")
        _tell(contract, message, f"contract-lapsed:{contract.pk}:{contract.end}", at=at)
    return len(ended)


@transaction.atomic
def prepare(today: date, *, at: datetime) -> int:
    """In time before a contract must be renewed or cancelled: an opportunity for whoever holds the customer, and word.

    One that renews by itself needs no sale: its owner is told only, while it can still be cancelled.
    """
    rules = RenewalRules.objects.select_related("pipeline").first() or RenewalRules()
    found = _written(_PREPARE, today=today, at=at, ahead=rules.days_ahead)
    for contract in found:
        if contract.renews_automatically:
            message = gettext_noop("“%(contract)s” renews by itself after %(day)s.")
        else:
            message = gettext_noop("“%(contract)s” runs out on %(day)s: an opportunity for its renewal is open.")
            _open_sale(contract, rules, at=at)
        _tell(contract, message, f"contract-renewal:{contract.pk}:{contract.end}", at=at)
    return len(found)


@transaction.atomic
def renew_as_sold(opportunity_id: int, *, by: Any, at: datetime) -> Contract | None:
    """The sale of a renewal was won: the contract is renewed, unless that was done already or it has ended."""
    found = ContractRenewal.objects.filter(opportunity=opportunity_id, contract__end=F("due"))
    renewal = found.filter(contract__churned_from=None, contract__deleted_at=None).select_related("contract").first()
    return contracts.renew(renewal.contract, by=by, at=at) if renewal else None


def install_reasons(**_: Any) -> None:
    """Reasons to begin with, where there are none. The names are data: administrators write their own."""
    if not ChurnReason.objects.exists():
        ChurnReason.objects.bulk_create(ChurnReason(name=name) for name in REASONS)
        reason_for_lapsed()


def reason_for_lapsed() -> ChurnReason:
    return ChurnReason.objects.get_or_create(for_lapsed=True, defaults={"name": NOT_RENEWED})[0]


def _written(sql: str, **values: Any) -> list[Contract]:
    """The contracts a statement wrote something for."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        ids = [row[0] for row in cursor.fetchall()]
    related = ("customer__owner", "customer__team", "opportunity", "owner", "product")
    return list(Contract.objects.filter(pk__in=ids).select_related(*related).order_by("pk")) if ids else []


def _open_sale(contract: Contract, rules: RenewalRules, *, at: datetime) -> None:
    """Who holds the customer now works on it."""
    holder = contract.customer.owner or contract.owner
    try:
        with transaction.atomic():
            sale = opportunities.open(
                name=contract.name[:200], customer=contract.customer, product=contract.product, owner=holder,
                team=contract.customer.team or contract.team, amount=contract.renewal_value,
                currency=contract.currency, expected_close=contract.end, pipeline=rules.pipeline, by=None, at=at,
            )  # fmt: skip
    except ValidationError:
        return  # no pipeline to put it into: whoever holds the contract is told all the same
    contract.renewals.filter(due=contract.end).update(opportunity=sale)  # type: ignore[misc]


def _tell(contract: Contract, message: str, key: str, *, at: datetime) -> None:
    values = {"contract": contract.name, "day": contract.end.isoformat() if contract.end else ""}
    receiver = contract.customer.owner or contract.owner
    notify(receiver, message, values=values, url=contract.get_absolute_url(), key=key, at=at)
