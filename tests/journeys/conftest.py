from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.journeys import real_records
from tests.journeys.browsing import Pages


@pytest.fixture(scope="module")
def imported(django_db_setup, django_db_blocker, made_once):
    """The real records in a database of this module; each test's own changes are rolled back.

    Use it together with the `django_db` mark. The administrator is admin@example.com.
    """
    if not real_records.DATA.is_dir():
        pytest.skip(real_records.ABSENT)
    with django_db_blocker.unblock(), made_once.filled("real_records", import_all) as told:
        yield told


def import_all() -> real_records.Imported:
    from crm.models import User

    User.objects.create_superuser("admin@example.com", "a-password-for-tests")
    return real_records.import_all()


@pytest.fixture
def open_page(browser, live_server):
    """`open_page(person, path)` opens a page as somebody, or as nobody; what the policy blocks fails the test."""
    cache.clear()  # the counters of too many attempts
    pages = Pages(browser, live_server.url)
    yield pages
    pages.close()
    assert pages.complaints == []
