"""The shell in a real Chromium, under the strict policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from crm.models import User
from crm.web import navigation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.crm.shell_pages"),
]


@pytest.fixture
def menu(bare_shell: None) -> None:
    """A small sidebar and "new" menu."""
    navigation.register(section="start", label="Home", url_name="home", icon="home", key="h")
    navigation.register(section="sales", label="Gallery", url_name="gallery", icon="box", key="x")
    navigation.register_create("A thing", "thing", "plus", key="t")


def say_nothing_wrong(page: Page) -> None:
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_a_panel_loads_by_itself_and_a_broken_one_offers_to_try_again(page: Page) -> None:
    page.goto("/gallery/")
    expect(page.get_by_role("region", name="Scores")).to_contain_text("42")
    broken = page.get_by_role("region", name="Broken")
    expect(broken).to_contain_text("This part could not be loaded.")
    with page.expect_request("**/broken/"):
        broken.get_by_role("button", name="Try again").click()
    expect(broken.get_by_role("button", name="Try again")).to_be_visible()


def test_a_form_in_the_dialog_stays_with_its_errors_and_leaves_when_saved(page: Page) -> None:
    page.goto("/gallery/")
    page.get_by_role("link", name="Edit").click()
    dialog = page.get_by_role("dialog", name="A thing")
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    dialog.get_by_label("Note").fill("kept")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("This field is required.")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    assert name.get_attribute("aria-describedby") == "id_name_help id_name_error"
    expect(dialog.get_by_label("Note")).to_have_value("kept")
    name.fill("Lamp")
    # What could not be sent is said inside the dialog, where it can be heard and dismissed, and covers no button.
    page.route("**/thing/**", lambda route: route.fulfill(status=500, body="no"))
    name.press("Enter")
    expect(dialog.locator(".toast-note")).to_contain_text("That did not work.")
    dialog.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".toast-note")).to_have_count(0)
    page.unroute("**/thing/**")
    with page.expect_navigation():
        dialog.get_by_role("button", name="Save").click()
    toast = page.locator(".toast-note")
    expect(toast).to_contain_text("The thing is saved.")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast-note")).to_contain_text("Undone.")


def test_a_dialog_can_close_and_refresh_a_panel_without_leaving_the_page(page: Page) -> None:
    page.goto("/gallery/")
    opener = page.get_by_role("region", name="Scores").get_by_role("link", name="Add")
    opener.click()
    page.get_by_role("dialog").get_by_label("Name").fill("Lamp")
    with page.expect_request("**/panel/"):
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".toast-note")).to_contain_text("The thing is saved.")


def test_the_palette_finds_by_keyboard_and_remembers(page: Page) -> None:
    page.goto("/gallery/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.type("lamp")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    say_nothing_wrong(page)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/thing/?q=lampb")
    page.goto("/gallery/")
    page.keyboard.press("/")
    expect(page.get_by_role("option")).to_contain_text("lamp b")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_go_create_and_explain_themselves_but_not_while_typing(page: Page, menu: None) -> None:
    page.goto("/gallery/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Gallery")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.get_by_role("link", name="A thing")).to_be_focused()
    page.keyboard.press("t")
    name = page.get_by_role("dialog").get_by_label("Name")
    expect(name).to_be_focused()
    page.keyboard.type("g h ? c")
    expect(name).to_have_value("g h ? c")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    with page.expect_navigation():
        page.keyboard.type("gh")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Snelling")


def test_a_draft_comes_back_and_goes_when_saved(page: Page) -> None:
    page.goto("/thing/")
    page.get_by_label("Note").fill("half a sentence")
    page.get_by_label("Agreed").check()
    page.goto("/gallery/")
    page.goto("/thing/")
    expect(page.get_by_label("Note")).to_have_value("half a sentence")
    expect(page.get_by_label("Agreed")).to_be_checked()
    expect(page.locator(".draft-note")).to_contain_text("What you typed earlier is back.")
    page.get_by_role("button", name="Save").click()  # the name is missing: an error page is no answer
    expect(page.get_by_label("Note")).to_have_value("half a sentence")
    page.goto("/thing/")
    expect(page.get_by_label("Note")).to_have_value("half a sentence")
    page.get_by_label("Name").fill("Lamp")
    with page.expect_navigation(url="**/gallery/"):
        page.get_by_role("button", name="Save").click()
    page.goto("/thing/")
    expect(page.get_by_label("Note")).to_have_value("")


def test_a_lost_connection_loses_nothing(page: Page) -> None:
    page.goto("/thing/")
    page.get_by_label("Name").fill("Lamp")
    page.route("**/thing/", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/thing/")
    page.goto("/thing/")
    expect(page.get_by_label("Name")).to_have_value("Lamp")


def test_a_draft_can_be_discarded(page: Page) -> None:
    page.goto("/thing/")
    page.get_by_label("Note").fill("half a sentence")
    page.reload()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_label("Note")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("")


def test_an_expired_session_leads_to_the_sign_in_and_keeps_what_was_typed(page: Page) -> None:
    page.goto("/gallery/")
    page.get_by_role("link", name="Edit").click()
    dialog = page.get_by_role("dialog", name="A thing")
    dialog.get_by_label("Name").fill("Lamp")
    cookie = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    with page.expect_navigation(url="**/accounts/login/?next=%2Fgallery%2F"):
        dialog.get_by_role("button", name="Save").click()
    page.context.add_cookies(cookie)
    page.goto("/gallery/")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_have_value("Lamp")


def test_a_card_moves_by_keyboard_and_comes_back_when_refused(page: Page) -> None:
    page.goto("/gallery/")
    handle = page.get_by_role("button", name="Move Big sale")
    handle.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text("Big sale picked up in Open, place 1 of 2.")
    page.keyboard.press("ArrowRight")
    with page.expect_request("**/move/") as sent:
        page.keyboard.press("Enter")
    assert sent.value.post_data == "column=won&previous=&next=&version="
    expect(page.locator("[data-column=won] [data-card='1']")).to_be_visible()
    expect(page.locator("[data-count-of=won]")).to_have_text("1")
    expect(handle).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Say why it was lost first.")
    expect(page.locator("[data-column=won] [data-card='1']")).to_be_visible()
    expect(handle).to_be_focused()


def test_escape_puts_a_held_card_back_without_telling_the_server(page: Page) -> None:
    page.goto("/gallery/")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("button", name="Move Big sale").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("[data-column=open] [data-card]").first).to_have_attribute("data-card", "1")
    assert [url for url in requests if "/move/" in url] == []


def test_a_card_moves_by_mouse(page: Page) -> None:
    page.goto("/gallery/")
    card = page.locator("[data-card='2']")
    card.scroll_into_view_if_needed()
    start, goal = card.bounding_box(), page.locator("[data-column=won]").bounding_box()
    assert start
    assert goal
    page.mouse.move(start["x"] + 60, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 20, steps=3)
    page.mouse.move(goal["x"] + 60, goal["y"] + 20, steps=5)
    with page.expect_request("**/move/") as sent:
        page.mouse.up()
    assert sent.value.post_data == "column=won&previous=&next=&version="
    assert page.url.endswith("/gallery/")  # the drag did not open the card


def test_selecting_rows_shows_the_bar_and_offers_everything_that_matches(page: Page) -> None:
    page.goto("/gallery/")
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    page.get_by_label("Select row 0").check()
    expect(bar).to_contain_text("1 selected")
    page.get_by_label("Select row 2").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected")
    page.get_by_role("button", name="Select all 1,234").click()
    expect(bar).to_contain_text("All 1,234 matching are selected")
    assert page.locator("input[name=all_matching]").input_value() == "1"
    page.get_by_label("Select row 1").uncheck()
    assert page.locator("input[name=all_matching]").input_value() == ""
    page.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_component_is_readable_for_everyone(page: Page, theme: str, width: int, menu: None) -> None:
    User.objects.update(theme=theme)
    page.set_viewport_size({"width": width, "height": 740})
    page.goto("/gallery/")
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    expect(page.locator("figure[data-chart] svg")).to_be_visible()
    expect(page.get_by_role("region", name="Scores")).to_contain_text("42")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    say_nothing_wrong(page)


def test_on_a_phone_the_menu_slides_in(page: Page, menu: None) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/gallery/")
    link = page.get_by_role("link", name="Gallery")
    expect(link).to_have_count(0)
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    expect(link).to_have_attribute("aria-current", "page")


def test_the_theme_changes_at_once_and_is_kept(page: Page) -> None:
    page.goto("/gallery/")
    page.get_by_role("button", name="You: Anna Snelling").click()
    with page.expect_response("**/preferences/"):
        page.get_by_text("Dark", exact=True).click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert User.objects.get(email="anna@example.com").theme == "dark"


def test_a_form_is_sent_once_however_often_the_button_is_pressed(page: Page) -> None:
    page.goto("/thing/")
    page.get_by_label("Name").fill("Lamp")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Save").dblclick()
    expect(page.locator(".toast-note")).to_be_visible()
    assert len(posts) == 1


def test_single_letters_can_be_switched_off(page: Page) -> None:
    page.goto("/gallery/")
    page.keyboard.press("?")
    page.get_by_label("Use single letters as shortcuts on this device").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_the_focus_stays_where_it_was_after_a_swap_and_the_change_is_read_out(page: Page) -> None:
    page.goto("/gallery/")
    tab = page.get_by_role("link", name="Mine")
    tab.focus()
    with page.expect_response("**/gallery/?mine"):
        page.keyboard.press("Enter")
    expect(page.locator("#part p")).to_have_text("mine=")
    expect(tab).to_be_focused()
    expect(page.locator("#live")).to_have_text("Three things")
    assert page.url.endswith("/gallery/?mine")
    page.go_back()
    expect(page.locator("#part p")).to_have_text("")


def test_alpine_works_without_evaluating_code(page: Page) -> None:
    page.goto("/gallery/")
    text = page.get_by_text("All about it")
    expect(text).to_be_hidden()
    page.get_by_role("button", name="More about it").click()
    expect(text).to_be_visible()


def test_l_logs_an_activity_from_any_page(page: Page, bare_shell: None) -> None:
    navigation.register_create("Log an activity", "thing", "activity", key="l")
    page.goto("/gallery/")
    page.keyboard.press("l")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()


def test_a_card_moves_by_touch_after_holding_it(page: Page) -> None:
    page.goto("/gallery/")
    card = page.locator("[data-card='2']")
    card.scroll_into_view_if_needed()
    start, goal = card.bounding_box(), page.locator("[data-column=won]").bounding_box()
    assert start
    assert goal
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (start["x"] + 120, start["y"] + 14))
    expect(page.locator(".kanban-ghost")).to_be_visible()  # held long enough
    touch("touchMove", (goal["x"] + 30, goal["y"] + 10))
    touch("touchMove", (goal["x"] + 60, goal["y"] + 20))
    with page.expect_request("**/move/") as sent:
        touch("touchEnd")
    assert sent.value.post_data == "column=won&previous=&next=&version="
