from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.journeys import real_records
from tests.journeys.browsing import Pages


@pytest.fixture(scope="module")
def imported(django_db_setup, django_db_blocker):
    """The real records, imported once for a module and committed; each test's own changes are rolled back.

    Use it together with the `django_db` mark. The administrator is admin@example.com.
    """
    if not real_records.DATA.is_dir():
        pytest.skip(real_records.ABSENT)
    from django.core.management import call_command

    from crm.models import User

    with django_db_blocker.unblock():
        User.objects.create_superuser("admin@example.com", "a-password-for-tests")
        try:
            yield real_records.import_all()
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def open_page(browser, live_server):
    """`open_page(person, path)` opens a page as somebody, or as nobody; what the policy blocks fails the test."""
    cache.clear()  # the counters of too many attempts
    pages = Pages(browser, live_server.url)
    yield pages
    pages.close()
    assert pages.complaints == []
