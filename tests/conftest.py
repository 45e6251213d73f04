"""What every test may use. The cast lives in tests/factories/cast.py."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a skipped test is a failed one: nothing there is allowed to be missing."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("YARDSTICK_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"Skipped although YARDSTICK_REQUIRE_ALL=1: {report.longrepr}"


# What does not ask the database or broker under test, or asks nothing of them that others do not (pages show what the
# queries of the other tests find): CI runs it in its first pass only. Whatever SQL is written by hand is asked of the
# second database too: docs/developers.md says how that was seen.
ONCE = (
    "test_embedded_", "test_up_", "test_business_time", "test_shell_", "_survive_kills", "_survives_kills", "formulas/",
    "architecture/", "journeys/", "test_api_schema", "_pages", "test_admin_", "test_sign_in", "test_demo_story",
    "test_lists_query_counts", "test_lists_page", "test_export_tables", "test_import_reading", "test_import_wizard",
    "test_judgement_of_numbers", "test_kpis_declarations", "test_recurrence", "test_match_keys",
    "test_custom_field_values", "test_api_page", "test_api_records", "test_event_types", "test_webhooks",
    "test_attachments", "test_mentions", "_views", "test_writing", "test_calendar", "_admin", "test_lists_sorting",
    "test_notifications", "test_formula", "test_dashboards_composed", "test_charts_of_lists", "test_customer_map",
    "test_places", "test_lead_", "test_custom_fields_everywhere", "test_prepared_queries", "test_plans_actions",
    "test_goals_actions", "test_cycles_actions", "test_reviews_actions", "test_measure_command", "test_responses",
    "test_mailings", "test_campaigns", "test_quotes", "test_buying_roles", "test_way_back", "test_closed_fields",
    "test_emails", "test_beginning", "test_one_question_is_one_statement", "test_lists_bulk", "test_closed_addresses",
    "test_next_step_always", "test_big_sales", "test_daily_summaries", "test_packs", "/test_tickets_actions",
    "/test_tickets_mail", "/test_today_of_", "/test_bin", "/test_contact_points", "/test_contacts_", "/test_lifecycle",
    "/test_customers_actions", "/test_customer_summary", "/test_task_reminders", "/test_tasks_actions",
    "/test_follows_", "/test_stage_exit", "/test_orders", "/test_contracts.py", "/test_closed_opportunities",
    "/test_competitors", "/test_opportunity_", "/test_price_lists", "/test_pipeline_history_api", "/test_campaign_",
    "/test_configured_codes", "/test_plans_of_a_customer", "/test_ranks", "_follow_the_customer",
    "/test_import_contracts", "/test_used_values", "/test_import_order_returns", "/test_search_phones",
    "/test_paper_fonts", "/test_queue_of_files", "_byte_for_byte", "test_the_csv_holds", "_of_kaplan_and_meier",
    "test_opening_and_parts_are",
)  # fmt: skip


# What waits for other programs, which a busy machine may hold up for longer than anybody would wait: CI gives these a
# second try and counts it in its closing line. What fails twice fails.
WAITING = (
    "/test_embedded_", "/test_up_", "_survive_kills.py", "_survives_kills.py", "_in_the_browser.py",
    "journeys/test_import_wizard",
)  # fmt: skip


# What takes longest and keeps a core busy: a single worker had it left at the end while the others had nothing to do.
LONG = ("/test_canaries", "architecture/test_closed_amounts")


def pytest_ignore_collect(collection_path, config):
    """A file of which nothing would be run need not be read: a third of what a worker reads before its first test."""
    if "not once" in config.option.markexpr and collection_path.suffix == ".py":
        path = collection_path.relative_to(config.rootpath).as_posix()
        return any(part in path for part in ONCE) or None
    return None


def pytest_collection_modifyitems(items):
    items[:] = in_shares(items)
    for item in items:
        if is_one_of(ONCE, item):
            item.add_marker(pytest.mark.once)
        if os.environ.get("CI") and is_one_of(WAITING, item):
            item.add_marker(pytest.mark.flaky(reruns=1))


def in_shares(items):
    """Each worker begins with its share of the tests as they come, and then takes from others. The first begins with
    all that waits, so that the others keep the cores busy meanwhile; the second with what takes longest; the last with
    what asks no database (pytest-django leaves that to the end), while the second migrates for all."""
    share = len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    waiting = sorted((item for item in items if is_one_of(WAITING, item)), key=asks_the_database)
    long = [item for item in items if is_one_of(LONG, item)]
    rest = [item for item in items if not is_one_of(WAITING + LONG, item) and asks_the_database(item)]
    others = [item for item in items if not is_one_of(WAITING + LONG, item) and not asks_the_database(item)]
    mine = max(share - len(waiting), 0)
    shares = waiting + rest[:mine] + long + rest[mine:]
    last = len(items) - share
    return shares[:last] + others + shares[last:]


def is_one_of(parts, item):
    return any(part in item.nodeid for part in parts)


def asks_the_database(item):
    return item.get_closest_marker("django_db") is not None or "django_db_setup" in item.fixturenames


def pytest_collection_finish():
    """What was imported stays: to look through it again and again while tests make garbage took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def emptied_when_all_is_answered() -> Iterator[None]:
    """A page that was closed may still be asking for its panels, and emptying all tables under it is a deadlock."""
    from django.test import TransactionTestCase

    empty = TransactionTestCase._fixture_teardown

    def empty_when_answered(case: TransactionTestCase) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and any("process_request" in thread.name for thread in threading.enumerate()):
            time.sleep(0.02)
        empty(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_when_answered)
        yield


@pytest.fixture(scope="session")
def made_once(
    django_test_environment: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Any]:
    """Databases that one worker makes for all, see tests/databases.py."""
    from tests.databases import MadeOnce

    folder = tmp_path_factory.getbasetemp()
    made = MadeOnce(folder if worker_id == "master" else folder.parent)
    yield made
    with django_db_blocker.unblock():
        made.leave()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    made_once: Any,
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    worker_id: str,
) -> None:
    """One of several workers migrates for all: each would be busy with it for a quarter of a minute."""
    from django.db import connection

    if worker_id != "master" and not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = made_once.empty()


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Limits count by the minute: what a test asks for too often all falls into one, and into no other test's."""
    minute = str(hash(request.node.nodeid))
    monkeypatch.setattr("crm.web.limits.this_minute", lambda: minute)


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in the middle of a quarter."""
    return datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


@pytest.fixture
def cast(db):
    """The named people, teams and roles of the tests."""
    from tests.factories.cast import Cast

    return Cast()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    # Playwright's own limit for a step is 30 seconds, and 5 for what one expects to see: a busy machine takes longer.
    expect.set_options(timeout=30_000)
    # Playwright runs a loop in this thread; the database is still only used from one place at a time.
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
    patch.undo()
