"""No list and no search needs a large table read from end to end: what PostgreSQL can plan is looked at."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import SearchDocument
from crm.search import finding
from customers.models import Customer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.lists_urls")]
LARGE = 6_000
TABLES = ("customers_customer", "crm_searchdocument")


@pytest.fixture
def large(cast, now):
    """Customers of many owners and teams with their documents; one in three hundred is the rep's."""
    people = [cast.rep, cast.teammate, cast.outsider, cast.junior, cast.manager, cast.agent]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO customers_customer (name, sort_name, form, lifecycle, tier, channel, industry, number, website,
                email, phone, city, country, notes, version, created_at, updated_at, owner_id, team_id)
            SELECT 'Name ' || n, 'name ' || md5(n::text), 'organisation', 'active', '', '', '', '', '', '', '', '', '',
                '', 1, %(now)s, %(now)s - n * interval '1 minute',
                CASE WHEN n %% 300 = 0 THEN %(rep)s ELSE (%(people)s::bigint[])[2 + n %% 5] END,
                CASE WHEN n %% 300 = 0 THEN %(team)s ELSE %(other)s END
            FROM generate_series(1, %(count)s) n
            """,
            {
                "now": now,
                "rep": cast.rep.pk,
                "people": [person.pk for person in people],
                "team": cast.north.pk,
                "other": cast.south.pk,
                "count": LARGE,
            },
        )
        cursor.execute(
            """
            INSERT INTO crm_searchdocument (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at)
            SELECT 'customer', id, owner_id, team_id, name, '',
                array_to_tsvector(ARRAY['=' || lower(name), 'name', md5(id::text), '~' || left(md5(id::text), 2)]),
                updated_at
            FROM customers_customer
            """
        )
        cursor.execute("ANALYZE customers_customer")
        cursor.execute("ANALYZE crm_searchdocument")
    return cast


def read_from_end_to_end(client, address):
    """The large tables that a query of this page scans sequentially."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    found = []
    for query in queries.captured_queries:
        sql = query["sql"]
        if sql.startswith(("SELECT", "(SELECT", "WITH")) and any(table in sql for table in TABLES):
            with connection.cursor() as cursor:
                # At this size reading everything is cheap: ask whether an index could answer at all.
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("EXPLAIN " + sql.replace("%", "%%"), [])
                plan = "\n".join(row[0] for row in cursor.fetchall())
                cursor.execute("SET LOCAL enable_seqscan = on")
            found += re.findall(r"Seq Scan on (?:{})\b.*".format("|".join(TABLES)), plan)
    return found


TEXTS = ("n", "name", "name 59", "c4ca", "c4", "nothing at all", "12345")
QUERIES = ("", "sort=name", "sort=-name", "q=c4ca", "q=name", "sort=name&q=c4")


def test_no_search_reads_all_documents(client, large):
    for person in (large.rep, large.manager, large.administrator):
        client.force_login(person)
        for text in TEXTS:
            assert read_from_end_to_end(client, f"/search/palette/?q={text}") == [], (person, text)


def test_of_a_common_prefix_the_index_is_not_asked_for_all_it_holds(large, monkeypatch):
    """It gathers all of a prefix before it gives the first: of a common one among a million customers, 15 ms long."""
    monkeypatch.setattr(finding, "RECENT", 5)
    monkeypatch.setattr(finding, "EXACTLY", 20)

    for typed, known, is_asked_for_all in (("name 5", 1111, False), ("name 599", 11, True)):
        with CaptureQueriesContext(connection) as queries:
            found = finding.find(large.administrator, typed, limit=10)
        statement = next(query["sql"] for query in queries if "longer AS" in query["sql"])
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF) " + statement)
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert SearchDocument.objects.filter(title__istartswith=typed).count() == known
        assert len(found) == 10
        assert all(hit.title.startswith(typed.title()) for hit in found)
        assert (not re.search(r"Index Scan on search_words .*never executed", plan)) == is_asked_for_all, plan


def test_no_page_of_a_list_reads_all_rows(client, large):
    for person in (large.rep, large.administrator):
        client.force_login(person)
        for query in QUERIES:
            first = client.get(f"/sample/?{query}").context["list"]
            assert read_from_end_to_end(client, f"/sample/?{query}") == [], (person, query)
            if first.after_url:
                assert read_from_end_to_end(client, first.after_url) == [], (person, query)


def test_the_check_sees_a_table_read_from_end_to_end(client, large):
    client.force_login(large.administrator)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX search_words")

    assert read_from_end_to_end(client, "/search/palette/?q=c4ca") != []


def test_the_rows_of_the_large_table_are_there(large):
    assert Customer.objects.count() == LARGE


def test_a_write_puts_no_words_but_its_own_into_the_index():
    """Those of all who wrote before would wait in a list, and take somebody a second or two."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'search_words'")
        assert cursor.fetchone()[0] == ["fastupdate=off"]
