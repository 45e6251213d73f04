"""The pictures of the README, taken in the demo organisation: `make screenshots`.

Fills an empty database with the demo first; serves the pages itself, on a port of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
SMALL_ENOUGH = 250 * 1024


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """What is asked for is no news here."""


def serve() -> str:
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer

    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    server = make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def pictures() -> list[tuple[str, Any, str, int, str]]:
    """Name, who looks, path, width and theme of each."""
    from crm.models import User
    from customers.models import Activity, Customer
    from customers.sales.models import Opportunity
    from evaluation.models import Review
    from service.models import Message, Ticket

    selling = Opportunity.objects.filter(stage__outcome="open")
    rep = User.objects.get(pk=most(selling.filter(owner__language="en"), "owner_id"))
    chinese = User.objects.get(pk=most(selling.filter(owner__language="zh-hans"), "owner_id"))
    manager = User.objects.filter(roles__code="sales_manager", team__isnull=False).order_by("pk").first()
    agent = User.objects.filter(roles__code="support_agent").order_by("pk").first()
    customer = Customer.objects.get(pk=most(Activity.objects.filter(customer__owner=rep), "customer_id"))
    waiting = Ticket.objects.visible_to(agent).filter(resolved_at=None)
    ticket = Ticket.objects.get(pk=most(Message.objects.filter(ticket__in=waiting), "ticket_id"))
    frozen = Review.objects.visible_to(manager).filter(cycle__frozen_at__isnull=False)
    review = frozen.filter(reviewer__language="en").order_by("-pk").first() or frozen.order_by("-pk").first()
    shots = [
        ("dashboard", manager, "/evaluation/", 1280, "light"),
        ("customer", rep, customer.get_absolute_url(), 1280, "light"),
        ("board", chinese, "/sales/pipeline/", 1280, "light"),
        ("ticket", agent, ticket.get_absolute_url(), 1280, "dark"),
        ("today", rep, "/today/", 1280, "light"),
        ("forecast", manager, "/sales/forecast/", 1280, "light"),
        ("phone", rep, f"/activities/new/?customer={customer.pk}", 360, "light"),
    ]
    return shots + (
        [("review", review.reviewer or manager, review.get_absolute_url(), 1280, "light")] if review else []
    )


def most(rows: Any, field: str) -> Any:
    """The value that most rows have."""
    from django.db.models import Count

    known = rows.exclude(**{field: None}).order_by().values(field).annotate(n=Count("pk"))
    return known.order_by("-n", field).first()[field]


def take(url: str) -> None:
    from playwright.sync_api import sync_playwright

    from tests.journeys.browsing import Pages, settle

    shots = pictures()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        pages = Pages(browser, url)
        for name, person, address, width, theme in shots:
            page = pages(person, address, width=width, theme=theme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 800 if width > 500 else 740})
            settle(page)
            file = IMAGES / f"{name}.png"
            page.screenshot(path=file)
            size = file.stat().st_size
            sys.stdout.write(f"{file.relative_to(ROOT)}: {size // 1024} KB, {address}" + "\n")
            if size > SMALL_ENOUGH:
                sys.exit(f"{file.name} is larger than {SMALL_ENOUGH // 1024} KB.")
        pages.close()
        browser.close()


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop in this thread
    import django
    from django.conf import settings

    # Nothing is collected for a few pictures; static files come from where they are made.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    django.setup()
    from django.core.management import call_command

    from customers.models import Customer

    call_command("migrate", verbosity=0)
    if not Customer.objects.exists():
        call_command("demo")
    take(serve())


if __name__ == "__main__":
    main()
