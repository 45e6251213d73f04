"""An administrator changes what a role may see, sees it work, and is told why."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from crm.access.permissions import Reach, Verb
from crm.models import Event, RoleGrant
from tests.factories.customers import make_customer
from tests.journeys.browsing import PHONE, Pages, flaws

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_role_reaches_further_at_once_and_the_reason_can_be_read(cast: Any, open_page: Pages) -> None:
    customer = make_customer(cast.outsider, "Southern Mills")
    rep = open_page(cast.rep, f"/customers/{customer.pk}/")
    expect(rep.locator("body")).not_to_contain_text("Southern Mills")
    assert flaws(rep) == []  # the page of what is not found

    grant = RoleGrant.objects.get(role__code="sales_rep", kind="customer", verb=Verb.VIEW)
    assert grant.reach == Reach.TEAM
    page = open_page(cast.administrator, f"/admin/crm/role/{grant.role_id}/change/")
    row = page.locator("tr.has_original, .form-row", has=page.locator(f"input[type=hidden][value='{grant.pk}']")).first
    row.locator("select[name$='-reach']").select_option(str(Reach.ALL.value))
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    grant.refresh_from_db()
    assert grant.reach == Reach.ALL
    told = Event.objects.filter(type="settings.changed").latest("pk")
    assert (told.by, told.data["name"]) == (cast.administrator, "Sales rep")

    rep.reload()
    expect(rep.get_by_role("heading", level=1)).to_contain_text("Southern Mills")
    page.goto(f"/why/customer/{customer.pk}/")
    page.get_by_label("Person").select_option(label=cast.rep.name)
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("row", name="view")).to_contain_text("Sales rep")
    assert flaws(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_refusals_are_pages_too(cast: Any, open_page: Pages, theme: str) -> None:
    customer = make_customer(cast.rep)
    for path, status in [("/nowhere/", 404), (f"/why/customer/{customer.pk}/", 403), ("/customers/999999/", 404)]:
        page = open_page(cast.rep, "/", width=PHONE, theme=theme)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
        assert flaws(page) == []


def test_the_focus_is_seen_on_every_stop_of_the_tabulator(cast: Any, open_page: Pages) -> None:
    make_customer(cast.rep)
    page = open_page(cast.rep, "/customers/")
    page.wait_for_load_state("networkidle")
    unseen = []
    for _stop in range(40):
        page.keyboard.press("Tab")
        style = page.evaluate("""() => {
            const node = document.activeElement, style = getComputedStyle(node);
            const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            const seen = outlined || style.boxShadow !== "none";
            return [node.tagName + " " + node.className + " " + node.textContent.trim().slice(0, 30), seen];
        }""")
        if not style[1] and not style[0].startswith("BODY"):
            unseen.append(style[0])
    assert unseen == []
