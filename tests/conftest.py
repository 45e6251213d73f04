"""What every test may use. The cast lives in tests/factories/cast.py."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a skipped test is a failed one: nothing there is allowed to be missing."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("YARDSTICK_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"Skipped although YARDSTICK_REQUIRE_ALL=1: {report.longrepr}"


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in the middle of a quarter."""
    return datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


@pytest.fixture
def cast(db):
    """The named people, teams and roles of the tests."""
    from tests.factories.cast import Cast

    return Cast()
