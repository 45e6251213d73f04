"""A record's check constraints are asked in one statement, and say the same as when each is asked by itself."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import User
from crm.models.checked import CheckedTogether
from customers.models import Customer

pytestmark = pytest.mark.django_db


def asked(queries):
    return [query["sql"] for query in queries if "_check" in query["sql"]]


def test_a_record_that_keeps_its_rules_is_asked_for_once():
    with CaptureQueriesContext(connection) as queries:
        Customer(name="Acme", sort_name="acme").validate_constraints()
    assert len(asked(queries.captured_queries)) == 1


def test_what_is_broken_is_said_as_if_each_were_asked_by_itself_and_at_its_field():
    broken = Customer(name="", sort_name="x", lifecycle="churned")
    with pytest.raises(ValidationError) as together:
        broken.validate_constraints()
    with pytest.raises(ValidationError) as singly:
        super(CheckedTogether, broken).validate_constraints()
    assert together.value.message_dict == {
        "name": ["Name: This cannot stand here."],
        "__all__": ["Say why the customer left: only one that left has a reason."],
    }
    assert sorted(singly.value.messages) == sorted(together.value.messages)


def test_a_rule_about_a_field_that_is_left_out_is_not_asked():
    with CaptureQueriesContext(connection) as queries:
        Customer(name="", sort_name="x").validate_constraints(exclude={"name"})
    assert [sql for sql in asked(queries.captured_queries) if "NOT ('' = '')" in sql] == []
    assert len(asked(queries.captured_queries)) == 1


def test_the_database_understands_the_rules_of_every_kind_in_one_statement(caplog):
    """One it does not understand would let all the others pass."""
    for model in apps.get_models():
        if issubclass(model, CheckedTogether):
            with suppress(ValidationError):
                model().full_clean()
    assert [record.getMessage() for record in caplog.records if "database error" in record.getMessage()] == []


def test_records_at_hand_are_not_looked_for_and_the_others_are_all_looked_for_at_once(cast):
    customer = Customer(name="Acme", sort_name="acme", owner=cast.rep, team_id=cast.rep.team_id)
    with CaptureQueriesContext(connection) as queries:
        customer.clean_fields()
        customer.team_id, customer.owner_id = cast.rep.team_id, cast.agent.pk
        customer.clean_fields()
    asked = [query["sql"] for query in queries.captured_queries if "EXISTS (SELECT FROM" in query["sql"]]
    assert ["crm_user" in sql for sql in asked] == [False, True]
    assert all("crm_team" in sql for sql in asked)


def test_a_key_that_leads_nowhere_is_said_at_its_field_and_only_there(cast):
    with pytest.raises(ValidationError) as refused:
        Customer(name="Acme", sort_name="acme", owner_id=cast.rep.pk, team_id=0).clean_fields()
    assert refused.value.message_dict == {"team": ["team instance with id 0 is not a valid choice."]}


def test_a_record_that_was_never_stored_is_not_taken_for_one_that_is_there():
    with pytest.raises(ValidationError) as refused:
        Customer(name="Acme", sort_name="acme", owner=User(pk=2**40, name="Nobody")).clean_fields()
    assert list(refused.value.message_dict) == ["owner"]
