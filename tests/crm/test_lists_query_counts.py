"""Every list of the product, found in the registry: flat, within budget, and as before."""

import json

import pytest
from django.urls import get_resolver, reverse

from crm.web.lists import registry
from tests.lists_registry import ROWS
from tests.query_counts import BASELINE, BUDGET, WIDER, assert_as_before, assert_flat, queries_of

get_resolver("crm.urls").url_patterns  # noqa: B018  (reading them registers the lists)
LISTS = {
    name: list_class
    for name, list_class in registry.all_lists().items()
    if not list_class.__module__.startswith("tests.")
}
PLAIN = sorted(name for name, list_class in LISTS.items() if not list_class.is_nested)

pytestmark = pytest.mark.django_db


def test_every_list_has_rows_to_be_tested_with_and_nothing_else_has():
    assert set(PLAIN) == set(ROWS)


def test_the_baseline_names_every_list_and_no_other():
    assert set(json.loads(BASELINE.read_text())) == set(PLAIN)


@pytest.mark.parametrize("name", PLAIN)
def test_a_list_costs_the_same_queries_however_long_it_is(client, cast, now, name):
    client.force_login(cast.administrator)

    count = assert_flat(client, reverse(name), lambda: ROWS[name](cast, 1, now))

    assert count <= WIDER.get(name, BUDGET)
    assert_as_before(name, count)


@pytest.mark.parametrize("name", PLAIN)
def test_the_widest_form_of_a_list_is_flat_too(client, cast, now, name):
    """With every column there is, for somebody whose reach ends at their team."""
    client.force_login(cast.manager)
    columns = ",".join(column.code for column in LISTS[name].columns)

    count = assert_flat(client, f"{reverse(name)}?columns={columns}", lambda: ROWS[name](cast, 1, now), rows=5)

    assert (
        count <= WIDER.get(name, BUDGET) + 5
    )  # teams, their paths and what may be seen of others' records are looked up too


@pytest.mark.parametrize("name", PLAIN)
def test_an_export_is_flat_with_every_column_and_with_those_that_are_shown(client, cast, now, name):
    client.force_login(cast.administrator)
    every = ",".join(column.code for column in LISTS[name].columns)
    as_shown = reverse(f"{name}-export")
    ROWS[name](cast, 2, now)

    few = [len(queries_of(client, address)) for address in (f"{as_shown}?columns={every}", as_shown)]
    ROWS[name](cast, 6, now)

    assert len(queries_of(client, f"{as_shown}?columns={every}")) <= few[0]
    assert len(queries_of(client, as_shown)) <= few[1]


@pytest.mark.parametrize("name", PLAIN)
def test_every_declared_order_works_in_both_directions(client, cast, now, name):
    client.force_login(cast.administrator)
    ROWS[name](cast, 3, now)
    alone = {"HX-Request": "true", "HX-Target": "div#list"}  # as the head of a column asks: no page around it

    for code in LISTS[name].sort_codes():
        other = code.removeprefix("-") if code[0] == "-" else f"-{code}"
        rows, back = (
            client.get(reverse(name), {"sort": each}, headers=alone).context["list"].rows for each in (code, other)
        )
        assert len(rows) > 1
        assert {row.pk for row in rows} == {row.pk for row in back}
