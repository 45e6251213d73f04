"""Nobody to whom amounts are closed learns the amount of a sale, at any address, in any writing, in any sum.

One peculiar amount stands on every sale there is, one sale in each stage, of each month: whatever adds up, averages,
weighs or divides it says it again. The reader's role may otherwise do everything to every record. Each address is asked
twice: by them, and by somebody with the same role without that one line, to whom the figure has to be told at many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.access import kinds
from crm.access.permissions import Level, Reach, Verb
from crm.models import Event, Role
from crm.web import sessions
from customers.actions import daily_summaries
from customers.models import DailySummary
from customers.sales.actions import opportunities
from customers.sales.actions.opportunity_lines import Line, replace
from customers.sales.models import BigSaleRule, ExitCriterion
from customers.sales.subscriptions import tell_of_big_sales
from evaluation.actions import measurements
from evaluation.actions.dashboards import add_tile, create
from tests.architecture.examples import MAKERS
from tests.architecture.routes import ROUTES as WRITTEN_DOWN
from tests.architecture.shared_routes import declared
from tests.factories import sales

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_refusals", "described_once")]
ROUTES = WRITTEN_DOWN | declared()
AMOUNT = Decimal("773913.37")
SEPARATOR = re.compile(r"(?<=\d)[,\u202f\u00a0 ](?=\d{3})")
KPIS = ("revenue", "pipeline_value", "weighted_pipeline", "win_rate", "credited_revenue", "next_step_coverage")
# Where somebody to whom amounts are open is told them: as many doors would say them if they were not closed.
DOORS = {
    "api:customer-personal-data", "api:customer-roll-up", "api:opportunity-detail", "api:opportunity-list",
    "api:pipeline-as-of-list", "api:today-list", "api:waterfall-list", "customer-detail", "customer-opportunities",
    "customer-timeline", "dashboard", "forecast", "forecast-board", "kpi-detail", "kpi-evidence", "kpi-explanation",
    "my-opportunities", "notification-list", "opportunity-board", "opportunity-board-totals", "opportunity-credit",
    "opportunity-detail", "opportunity-edit", "opportunity-list", "opportunity-list-export", "opportunity-timeline",
    "opportunity-win", "pipeline-waterfall", "pipeline-waterfall-export", "pipeline-waterfall-records",
    "quota-table", "segment-tile", "tile", "today",
}  # fmt: skip
SALES = 4  # of which sums can be made


def figures() -> re.Pattern[str]:
    """The amount and the sums there can be, whole, weighted by a probability, with cents, without, in thousands."""
    found = set()
    for count in range(1, SALES + 1):
        for share in (Decimal(percent) / 20 for percent in range(1, 21)):
            said = AMOUNT * count * share
            found |= {f"{int(said)}", f"{said:.0f}"}
        found |= {f"{AMOUNT * count / 1000:.1f}", f"{AMOUNT * count / 10000:.2f}"}
    found = {one for one in found if len(one) > 4}
    # Not inside of a token; after the code of a currency it is an amount, and so it is before a K or an M.
    begins, ends = r"(?:(?<![\da-zA-Z.])|(?<=(?<![\da-zA-Z])[A-Z]{3}))", r"(?=[KMBk]?(?![\da-zA-Z]))"
    return re.compile(rf"{begins}(?:{'|'.join(sorted(map(re.escape, found)))}){ends}")


FIGURES = figures()


@pytest.fixture(autouse=True)
def without_the_session(monkeypatch):
    monkeypatch.setattr(sessions, "is_noted", lambda request, now: True)


class Sold:
    """Sales of each outcome, with all that is made of them."""

    def __init__(self, cast: Any) -> None:
        self.now = timezone.now()
        self.rows = {kind: [make(cast.teammate, cast.north)] for kind, make in MAKERS.items()}
        sale_of = self.rows["opportunity"][0]
        type(sale_of)._base_manager.update(amount=None)
        self.customer, self.product = self.rows["customer"][0], self.rows["product"][0]
        ExitCriterion.objects.create(stage=sale_of.stage, what=ExitCriterion.What.AMOUNT)
        BigSaleRule.objects.create(amount=5000).people.add(cast.closed, cast.open)
        self.rows["opportunity"] = [self._sale(cast, name) for name in ("open", "priced", "won", "lost")]
        self._work(cast)
        for event in Event.objects.filter(subject_kind="opportunity").order_by("pk"):
            tell_of_big_sales(event)
        self._composed(cast)

    def _sale(self, cast: Any, name: str) -> Any:
        sale = sales.make_opportunity(
            cast.teammate, at=self.now - timedelta(days=40), customer=self.customer, name=f"Sale {name}", amount=1,
            expected_close=(self.now - timedelta(days=1)).date(), pipeline=sales.make_pipeline(f"Of {name}"),
        )  # fmt: skip
        how = {"by": cast.teammate, "at": self.now - timedelta(days=1)}
        if name == "priced":
            sale = replace(sale, [Line(self.product, Decimal(1), AMOUNT, Decimal(0), None)], **how)
        else:
            sale = opportunities.update(sale, {"amount": AMOUNT}, **how)
        if name == "won":
            sale = opportunities.win(sale, **how)
        if name == "lost":
            sale = opportunities.lose(sale, reason=sales.lost_reason(), **how)
        return sale

    def _work(self, cast: Any) -> None:
        for person in (cast.closed, cast.open):
            how = {"at": self.now - timedelta(days=1), "by": cast.teammate}
            mine = sales.make_opportunity(
                person, customer=self.customer, name=f"Of {person.name}", amount=None, at=how["at"],
                pipeline=sales.make_pipeline(f"Of {person.name}"),
                expected_close=(self.now - timedelta(days=2)).date(),
            )  # fmt: skip
            opportunities.update(mine, {"amount": AMOUNT}, **how)
            self.rows["opportunity"].append(mine)

    def _composed(self, cast: Any) -> None:
        """Numbers that are kept, and a dashboard of everything that can be said of amounts."""
        measurements.measure_current(now=self.now)
        made = create(name="Money", audience="everyone", by=cast.administrator, at=self.now)
        for kind, settings in (
            ("number", {"kpi": "revenue", "period": "month", "scope": "company", "segment": ""}),
            ("split", {"kpi": "revenue", "period": "month", "scope": "company", "segment": "", "by": "person"}),
            ("chart", {"list": "opportunity-list", "divided_by": "stage", "measure": "sum:amount"}),
            ("table", {"list": "opportunity-list", "rows": 5}),
        ):
            made = add_tile(made, kind=kind, settings=settings, by=cast.administrator, at=self.now)
        self.board = made


def reader(cast: Any, name: str) -> Any:
    role, _made = Role.objects.get_or_create(code=name, name=name)
    for kind in kinds.all_kinds():
        for verb in Verb:
            if kind.code != "settings":
                role.grants.create(kind=kind.code, verb=verb, reach=Reach.ALL)
    person = cast.person(f"{name.title()} Reader", cast.north)
    person.roles.add(role)
    return person


@pytest.fixture
def sold(cast):
    cache.clear()
    cast.closed, cast.open = reader(cast, "closed"), reader(cast, "open")
    cast.closed.roles.get().fields.create(kind="opportunity", name="amount", level=Level.HIDDEN)
    return Sold(cast)


def addresses(sold: Sold) -> Iterator[tuple[str, str]]:
    for name, route in sorted(ROUTES.items()):
        if "GET" not in route.methods:
            continue
        for record in sold.rows.get(route.kind, []) if route.kwarg else [None]:
            kwargs = dict(route.others) | ({route.kwarg: record.pk} if record is not None else {})
            for code in KPIS if "code" in kwargs and record is None else [None]:
                url = reverse(name, kwargs=(kwargs | ({"code": code} if code else {})) or None)
                yield from ((name, each) for each in questions(name, url, sold))
    for tile in sold.board.all_tiles:
        yield "tile", reverse("dashboard-tile", args=[sold.board.pk, tile.id])


def questions(name: str, url: str, sold: Sold) -> Iterator[str]:
    from crm.web.lists import registry

    yield url
    lists = registry.all_lists()
    if name in lists or name.removesuffix("-export") in lists:
        columns = ",".join(column.code for column in lists[name.removesuffix("-export")].columns)
        yield f"{url}?columns={columns}&filters=open"
        yield f"{url}?sort=-amount&columns={columns}"
    pipelines = {sale.pipeline_id for sale in sold.rows["opportunity"]}
    if name in ("opportunity-board", "opportunity-board-totals", "win-probability", "forecast-board") or (
        "waterfall" in name or "pipeline-" in name
    ):
        yield from (f"{url}?pipeline={number}" for number in sorted(pipelines))
    if name.startswith("kpi-") or name in ("retention-curve", "dashboard"):
        yield f"{url}?scope=company&period={sold.now:%Y}"
    if name.endswith("-new"):
        yield f"{url}?about_kind=opportunity&about_id={sold.rows['opportunity'][0].pk}&customer={sold.customer.pk}"
    if name in ("search", "search-palette"):
        yield f"{url}?q=sale"


def read(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode("utf-8", "replace") + " ".join(f"{key} {value}" for key, value in response.headers.items())
    return SEPARATOR.sub("", text)


def told_by(client: Client, url: str) -> list[str]:
    mark = transaction.savepoint()
    response = client.get(url)
    transaction.savepoint_rollback(mark)
    text = read(response)
    if response.status_code >= 500:
        return [f"status {response.status_code}"]
    return [text[max(found.start() - 60, 0) : found.end() + 20] for found in FIGURES.finditer(text)]


def test_no_address_tells_an_amount_to_whom_amounts_are_closed(cast, sold):
    closed, opened = Client(), Client()
    closed.force_login(cast.closed)
    opened.force_login(cast.open)
    wrong, told, calls = [], set(), 0
    for name, url in addresses(sold):
        calls += 1
        if name in DOORS - told and told_by(opened, url):
            told.add(name)
        wrong += [f"{url} says {said!r}" for said in told_by(closed, url)[:1]]
    assert calls > 400
    assert not wrong, f"{len(wrong)} leaks in {calls} answers:\n" + "\n".join(wrong)
    assert told == DOORS, f"to others it is told: {sorted(DOORS - told)}"


def test_no_answer_to_what_was_sent_tells_an_amount_either(cast, sold):
    """Moved on the board, edited, refused: what is drawn after something was written."""
    client, wrong, calls = Client(), [], 0
    client.force_login(cast.closed)
    for name, route in sorted(ROUTES.items()):
        if "POST" not in route.methods or route.kind not in ("opportunity", "goal", "measurement", "customer"):
            continue
        for record in sold.rows.get(route.kind, [])[:3] if route.kwarg else [None]:
            url = reverse(name, kwargs=dict(route.others) | ({route.kwarg: record.pk} if record else {}) or None)
            sale = sold.rows["opportunity"][0]
            later = sale.pipeline.stages.open().order_by("position").last()
            sent = {"stage": later.pk, "version": sale.version, "name": "Other", "opportunity": sale.pk, "seen": 0}
            as_json = {"content_type": "application/json"} if url.startswith("/api/") else {}
            mark = transaction.savepoint()
            text = read(client.post(url, sent, **as_json))
            transaction.savepoint_rollback(mark)
            calls += 1
            wrong += [f"{url} says {found.group()!r}" for found in FIGURES.finditer(text)]
    assert calls > 40
    assert wrong == []


def test_the_mail_of_the_day_tells_no_amount(cast, sold):
    for person in (cast.closed, cast.open):
        daily_summaries.make(person, sold.now)
    said = {row.user_id: SEPARATOR.sub("", row.text) for row in DailySummary.objects.all()}
    assert FIGURES.search(said[cast.open.pk])
    assert not FIGURES.search(said[cast.closed.pk])


@pytest.mark.parametrize("written", ["773913.37", "US$773913", "USD773913", "773.9K", ">773913<", '"773913.37"'])
def test_the_fence_knows_an_amount_however_it_is_written(written):
    assert FIGURES.search(written)


@pytest.mark.parametrize("written", ["a773913b", "x9f773913", "1773913", "7739134", "773913e4d2"])
def test_the_fence_takes_no_part_of_a_token_or_a_longer_number_for_an_amount(written):
    assert not FIGURES.search(written)
