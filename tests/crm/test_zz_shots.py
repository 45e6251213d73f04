import pytest
from tests.crm.shell_browser import browser, page, templates
pytestmark=[pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.crm.shell_pages")]
def test_shots(page, client):
    page.goto("/gallery/"); page.wait_for_timeout(1500)
    page.screenshot(path="/tmp/shot-wide-light.png", full_page=True)
    page.emulate_media(color_scheme="dark"); page.wait_for_timeout(600)
    page.screenshot(path="/tmp/shot-wide-dark.png", full_page=True)
    page.set_viewport_size({"width":360,"height":740}); page.wait_for_timeout(300)
    print("scrollwidth", page.evaluate("document.documentElement.scrollWidth"), page.evaluate("document.body.scrollWidth"))
    page.screenshot(path="/tmp/shot-narrow-dark.png", full_page=True)
    page.emulate_media(color_scheme="light"); page.wait_for_timeout(300)
    page.screenshot(path="/tmp/shot-narrow-light.png", full_page=True)
    print(page.complaints)
