"""What a page of a list reads of the records beside its rows: what its columns say, and no more."""

import pytest
from django.urls import reverse

from tests.lists_registry import ROWS
from tests.query_counts import queries_of

pytestmark = pytest.mark.django_db


def test_only_what_the_shown_columns_say_is_read_of_other_records(client, cast, now):
    client.force_login(cast.administrator)
    ROWS["ticket-list"](cast, 2, now)

    asked = asked_for(client, "ticket-list", "number,customer")
    rows = [sql for sql in asked if '"service_ticket"."category"' in sql]
    assert rows
    for sql in rows:
        assert '"customers_customer"."name"' in sql
        assert '"customers_customer"."phone"' not in sql
        assert not any(table in sql for table in ("crm_user", "crm_team", "crm_businesscalendar"))


def test_where_a_column_works_something_out_its_rows_bring_all_they_came_with(client, cast, now):
    """It does not say what it looks at: the weighted amount counts with the chance of the stage."""
    client.force_login(cast.administrator)
    ROWS["opportunity-list"](cast, 3, now)

    asked = asked_for(client, "opportunity-list", "name,weighted")

    assert sum("sales_stage" in sql for sql in asked) == 1


def asked_for(client, name, columns):
    return queries_of(client, f"{reverse(name)}?columns={columns}")
