"""Moments come out of the database as Django reads them, and what Python has no word for is refused as before."""

import datetime as dt

import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

pytestmark = pytest.mark.django_db
UTC = dt.UTC


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-05-13 10:20:30.123456+02", dt.datetime(2026, 5, 13, 8, 20, 30, 123456, UTC)),
        ("2026-05-13 10:20:30.12+00", dt.datetime(2026, 5, 13, 10, 20, 30, 120000, UTC)),
        ("1850-01-01 00:00:00+00:53:28", dt.datetime(1849, 12, 31, 23, 6, 32, 0, UTC)),
        ("9999-12-31 23:59:59.999999+00", dt.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
        (None, None),
    ],
)
def test_a_moment_is_read_to_the_microsecond(written, read):
    assert found(written) == read
    if read is not None:
        assert found(written).tzinfo is UTC


@pytest.mark.parametrize("beyond", ["infinity", "-infinity", "10000-01-01 00:00+00", "0044-03-15 00:00+00 BC"])
def test_a_moment_that_python_does_not_know_is_an_error_not_another_moment(beyond):
    with pytest.raises(DataError):
        found(beyond)


def test_django_does_not_take_them_apart_itself():
    loader = connection.connection.adapters.get_loader(connection.connection.adapters.types["timestamptz"].oid, 0)

    assert issubclass(loader, BaseTzLoader)
    assert loader.__module__ == "crm.moments"


def found(written):
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        return cursor.fetchone()[0]
