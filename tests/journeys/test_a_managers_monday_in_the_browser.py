"""A manager's Monday: from the dashboard to a number, to its records, to one of them; the review; the plan."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from evaluation import tasks
from evaluation.models import Goal, Review
from tests.factories.evaluation import a_response, lost, won
from tests.factories.goals import a_goal
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
