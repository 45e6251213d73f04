"""What somebody sees when the ground moves under an open page, and that nothing is lost or half written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.actions import customers
from customers.models import Activity, Customer
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity, Stage, StageChange
from tests.factories.sales import make_customer, make_opportunity, stage
from tests.journeys.browsing import PHONE, Pages, flaws

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MANY = 50_000


@pytest.fixture
def sale(cast: Any) -> Opportunity:
    return make_opportunity(cast.rep, at=timezone.now(), customer=make_customer(cast.rep), name="Big sale")


def hand_over_to_another_team(cast: Any, sale: Opportunity) -> None:
    hand_over(sale, cast.outsider, cast.administrator)


def hand_over(sale: Opportunity, to: Any, by: Any) -> None:
    customers.hand_over(sale.customer, to=to, by=by, at=timezone.now())
    opportunities.hand_over(sale, owner=to, team=to.team, by=by, at=timezone.now())


def lift(page: Page, card: Any) -> None:
    """Hold a card with the mouse, somewhere between the columns."""
    start = card.bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 50, steps=4)


def drop_on(page: Page, column: Any) -> None:
    end = column.bounding_box()
    page.mouse.move(end["x"] + 80, end["y"] + 20, steps=8)
    page.mouse.up()


def test_whoever_loses_access_while_a_board_is_open_is_told_and_moves_nothing(
    cast: Any, open_page: Pages, sale: Opportunity
) -> None:
    page = open_page(cast.rep, reverse("opportunity-board"))
    card = page.locator("[data-card]", has_text="Big sale")
    hand_over_to_another_team(cast, sale)
    before = StageChange.objects.count()
    lift(page, card)
    drop_on(page, page.locator(f"[data-column='{stage('Proposal').pk}']"))
    expect(page.locator("#toasts")).to_contain_text("not there any more, or not yours to see")
    expect(page.locator(f"[data-column='{stage('Qualifying').pk}'] [data-card]")).to_have_count(1)
    sale.refresh_from_db()
    assert (sale.stage.name, StageChange.objects.count()) == ("Qualifying", before)
    page.reload()
    expect(page.locator("[data-card]")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, PHONE])
def test_whoever_loses_access_while_a_form_is_open_is_told_in_words_and_keeps_what_was_typed(
    cast: Any, open_page: Pages, sale: Opportunity, width: int
) -> None:
    page = open_page(cast.rep, reverse("opportunity-edit", args=[sale.pk]), width=width)
    page.fill("#id_name", "A name that took long to find")
    hand_over_to_another_team(cast, sale)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main, body").first).to_contain_text("it is not yours to see")
    assert flaws(page) == []
    sale.refresh_from_db()
    assert sale.name == "Big sale"
    hand_over(sale, cast.rep, cast.administrator)
    page.goto(reverse("opportunity-edit", args=[sale.pk]))
    expect(page.locator(".draft-note")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("A name that took long to find")


def test_a_stage_that_is_removed_while_a_card_is_dragged_to_it_takes_no_card(
    cast: Any, open_page: Pages, client: Any, sale: Opportunity
) -> None:
    page = open_page(cast.rep, reverse("opportunity-board"))
    goal, before = stage("Negotiation"), StageChange.objects.count()
    column = page.locator(f"[data-column='{goal.pk}']")
    lift(page, page.locator("[data-card]", has_text="Big sale"))
    Stage.objects.get(pk=goal.pk).delete()
    drop_on(page, column)
    expect(page.locator("#toasts")).to_contain_text("There is no such stage in this pipeline")
    expect(page.locator(f"[data-column='{stage('Qualifying').pk}'] [data-card]")).to_have_count(1)
    sale.refresh_from_db()
    assert (sale.stage.name, StageChange.objects.count()) == ("Qualifying", before)
    page.reload()
    expect(page.locator(f"[data-column='{goal.pk}']")).to_have_count(0)
    expect(page.locator("[data-card]")).to_have_count(1)


@pytest.fixture
def busy(cast: Any) -> Customer:
    """A customer with fifty thousand calls, one a quarter of an hour; the last was just now."""
    busy = make_customer(cast.rep, name="Everybody's customer")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {Activity._meta.db_table} (customer_id, owner_id, team_id, type, direction, subject, body,
                outcome, at, created_at, updated_at, version, about_kind)
            SELECT %s, %s, %s, 'call', 'outgoing', 'Call number ' || each, '', '',
                now() - (%s - each) * interval '15 minutes', now(), now(), 1, '' FROM generate_series(1, %s) AS each""",
            [busy.pk, cast.rep.pk, cast.rep.team_id, MANY, MANY],
        )
    return busy


def test_a_customer_of_fifty_thousand_activities_opens_and_is_read_back_page_by_page(
    cast: Any, open_page: Pages, client: Any, busy: Customer, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.rep)
    for address in (busy.get_absolute_url(), reverse("customer-timeline", args=[busy.pk])):
        client.get(address)
        with django_assert_max_num_queries(45):
            assert client.get(address).status_code == 200
    page = open_page(cast.rep, busy.get_absolute_url())
    calls = page.locator("main :text-matches('^Call number [0-9]+$')")
    for shown in (20, 40, 60):
        expect(calls).to_have_count(shown)
        if shown < 60:
            page.get_by_role("link", name="older").or_(page.get_by_role("button", name="older")).first.click()
    assert calls.all_inner_texts() == [f"Call number {number}" for number in range(MANY, MANY - 60, -1)]
