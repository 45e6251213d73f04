"""The API does what its own description says, whatever is sent to it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache as once

import pytest
import schemathesis
from django.core.cache import cache
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from crm.access.permissions import Verb
from crm.actions import tokens
from crm.wsgi import application
from tests.architecture.examples import MAKERS
from tests.factories.cast import Cast

# Left out: a description cannot say which records exist, so a well-formed reference may rightly be refused.
EXCLUDED = [positive_data_acceptance]

pytestmark = pytest.mark.django_db


@once
def described() -> schemathesis.BaseSchema:
    found = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    found.app = application
    found.location = "/api/v1/schema/"
    return found


def operations() -> list:
    return [result.ok() for result in described().get_all_operations()]


def test_the_description_is_made_without_a_warning_and_speaks_to_those_who_call(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yaml"))
    made = (tmp_path / "schema.yaml").read_text()
    assert not [word for word in ("Subclasses", "viewset") if word in made]


@pytest.fixture(autouse=True)
def one_connection():
    """The application keeps the test's connection and transaction, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A token of the administrator and one record of each kind to find: made once, taken back after the last test."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast, at = Cast(), timezone.now()
        for make in MAKERS.values():
            make(cast.administrator, cast.company)
        _token, secret = tokens.issue(
            user=cast.administrator, name="fuzz", verbs=[str(v) for v in Verb], expires_at=at + timedelta(days=1), at=at
        )
        yield secret
        transaction.set_rollback(True)


@pytest.fixture
def secret(world, monkeypatch):
    """The token, and no limit on the number of requests."""
    from crm.api.throttles import PersonThrottle

    monkeypatch.setattr(PersonThrottle, "allow_request", lambda *_: True)
    cache.clear()
    return world


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: f"{operation.method} {operation.path}")
def test_every_operation_conforms_to_the_description(operation, secret):
    headers = {"Authorization": f"Bearer {secret}", "Host": "localhost"}

    @given(case=operation.as_strategy())
    @settings(max_examples=7, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def conforms(case):
        with transaction.atomic():
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)
            transaction.set_rollback(True)

    conforms()
