"""A manager's Monday: a number and its records, the review, the plan; forecast, quotas, calendar, own dashboard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from customers.models import Task
from customers.sales.models import ForecastSubmission, Opportunity, Quota
from evaluation import tasks
from evaluation.models import Dashboard, Goal, Review
from tests.factories.customers import make_customer, make_task
from tests.factories.evaluation import a_response, lost, won
from tests.factories.goals import a_goal
from tests.factories.sales import make_opportunity
from tests.journeys.browsing import Pages, flaws, flaws_everywhere
from tests.journeys.test_review_of_a_quarter import Q2, at, the_review_is_frozen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NUMBER = "/evaluation/kpis/win_rate/?kind=quarter&period=2026-Q2"


@pytest.fixture
def review(cast: Any) -> Review:
    """Eight opportunities of one quarter, two won; measured, frozen, with a goal."""
    cast.north.manager = cast.manager
    cast.north.save()
    for day in range(2, 10):
        (won if day < 4 else lost)(f"2026-05-{day:02} 10:00", cast.rep, name=f"May no. {day}")
    a_response("2026-05-01", 5, owner=cast.rep)
    a_goal(cast.north, period_kind="quarter", target=0.5, starts_on=Q2.first, by=cast.manager,
           at=at("2026-03-30 09:00"))  # fmt: skip
    tasks.measure_last(at("2026-07-06 03:00"))
    return the_review_is_frozen(cast)


def test_a_number_leads_to_its_records_and_a_review_to_a_plan(cast: Any, review: Review, open_page: Pages) -> None:
    page = open_page(cast.manager, f"/evaluation/?kind=quarter&period=2026-Q2&scope=team:{cast.north.pk}")
    assert flaws(page) == []
    with page.expect_navigation():
        page.locator("#tile-win_rate h3 a").click()
    expect(page.locator("#value-title").locator("..")).to_contain_text("25.0%")
    expect(page.locator("#records tbody tr")).to_have_count(8)
    assert flaws(page) == []
    with page.expect_navigation():
        page.locator("#records").get_by_role("link", name="May no. 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("May no. 2")

    page.goto(review.get_absolute_url())
    assert flaws(page) == []
    page.get_by_role("link", name="Make a plan").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert flaws(page) == []


def test_a_managers_pages_are_sound_in_both_languages_both_themes_and_on_a_phone(
    cast: Any, review: Review, open_page: Pages
) -> None:
    paths = [f"/evaluation/?kind=quarter&period=2026-Q2&scope=team:{cast.north.pk}", NUMBER, "/evaluation/kpis/"]
    paths += [review.get_absolute_url(), review.cycle.get_absolute_url(), Goal.objects.get().get_absolute_url()]
    paths += ["/evaluation/goals/", "/evaluation/plans/", "/evaluation/plans/new/", "/evaluation/reviews/"]
    assert flaws_everywhere(open_page, cast.manager, paths) == {}


def drag(page: Page, card: Locator, onto: Locator) -> None:
    """By mouse, in steps as a hand makes them."""
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 20, start["y"] + start["height"] - 6)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + start["height"] - 12, steps=3)
    page.mouse.move(end["x"] + 40, end["y"] + 20, steps=6)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.mouse.up()


def test_months_forecast_quotas_calendar_and_a_dashboard_of_ones_own(cast: Any, open_page: Pages) -> None:
    cast.north.manager = cast.manager
    cast.north.save()
    now = timezone.now()
    today = timezone.localdate()
    sale = make_opportunity(cast.rep, at=now, name="Forty pumps", amount=Decimal(48000), expected_close=today)
    task = make_task(cast.rep, "Call back", customer=make_customer(cast.rep), due_at=now)

    page = open_page(cast.manager, "/sales/forecast/months/")
    assert flaws(page) == []
    drag(page, page.locator("[data-card]"), page.locator("[data-column]").nth(1))
    moved = Opportunity.objects.get(pk=sale.pk).expected_close
    assert ((moved.year - today.year) * 12 + moved.month - today.month, moved.day >= 1) == (1, True)

    page.goto("/sales/forecast/")
    page.get_by_role("link", name="Submit").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=commit]").fill("40000")
    dialog.locator("[name=best_case]").fill("48000")
    dialog.locator("[type=submit]").click()
    expect(dialog).to_have_count(0)
    said = ForecastSubmission.objects.get()
    assert (said.commit, said.best_case, said.owner) == (Decimal(40000), Decimal(48000), cast.manager)

    page.goto("/sales/quotas/")
    page.get_by_role("link", name="Set Rosa Rep").click()
    dialog.get_by_label("evenly").check()
    dialog.locator("[name=year_amount]").fill("120000")
    dialog.locator("[type=submit]").click()
    expect(page.locator("main")).to_contain_text("120,000")
    assert set(Quota.objects.values_list("owner", "amount")) == {(cast.rep.pk, Decimal(10000))}

    page.goto("/calendar/?view=week")
    place = page.locator("[data-card]")
    here = place.locator("xpath=ancestor::*[@data-column]").get_attribute("data-column")
    other = page.locator(f"[data-column^='h:']:not([data-column='{here}'])").nth(20)
    there = other.get_attribute("data-column")
    other.scroll_into_view_if_needed()
    drag(page, place, other)
    task.refresh_from_db()
    assert f"h:{timezone.localtime(task.due_at):%Y-%m-%dT%H}" == there
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("It is back where it was.")
    assert Task.objects.get(pk=task.pk).due_at == now

    page.goto("/evaluation/dashboards/new/")
    page.get_by_label("Name").fill("My Monday")
    page.locator("main form [type=submit]").click()
    page.get_by_role("link", name="Add a tile").first.click()
    dialog.get_by_role("link", name="Text").click()
    dialog.locator("textarea").fill("Call everybody whose offer is open.")
    dialog.locator("[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Call everybody whose offer is open.")

    page.get_by_role("link", name="Add a tile").first.click()
    dialog.get_by_role("link", name="Chart of a list").click()
    dialog.get_by_role("link", name="Opportunities", exact=True).click()
    dialog.get_by_label("Divided by").select_option("stage")
    assert flaws(page) == []
    dialog.locator(".form-foot [type=submit]").click()
    expect(page.locator("figure[data-chart] svg")).to_be_visible()
    assert flaws(page) == []
    note, chart = (tile.id for tile in Dashboard.objects.get().all_tiles)
    drag(page, page.locator(f"[data-card='{chart}']"), page.locator(f"[data-card='{note}']"))
    assert [tile.id for tile in Dashboard.objects.get().all_tiles] == [chart, note]
    page.get_by_role("button", name="Move “Opportunities”").press("Enter")
    page.keyboard.press("ArrowRight")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")
    assert [tile.id for tile in Dashboard.objects.get().all_tiles] == [note, chart]
