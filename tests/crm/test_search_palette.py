from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.actions import records
from crm.models import SearchDocument
from crm.search import documents, finding
from customers.models import Customer
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(cast, now):
    return records.create(
        Customer(name="Acme Anvils", owner=cast.rep, team=cast.north, city="Trier"), by=cast.rep, at=now
    )


def test_the_palette_offers_what_the_person_may_see(client, cast, acme):
    client.force_login(cast.rep)

    page = client.get("/search/palette/", {"q": "anv"}).content.decode()

    assert "Acme Anvils" in page
    assert 'role="option"' in page


def test_a_name_that_begins_so_comes_before_newer_records_that_only_hold_the_word(cast, now, monkeypatch):
    monkeypatch.setattr(finding, "RECENT", 5)
    make_customer(cast.rep, "青岛海尔", at=now - timedelta(days=900))
    for number in range(8):
        make_customer(cast.rep, f"Acme {number}", city="青岛", at=now)

    for person in (cast.rep, cast.administrator):
        assert [hit.title for hit in finding.find(person, "青岛", limit=3)] == ["青岛海尔", "Acme 7", "Acme 6"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("ba", ["Ba", "Ba Corp", "Baum", "Ba-7", "Ba张"]),  # the last goes on with no letter that is asked for first
        ("z", ["张伟", "赵敏", "Zoo"]),  # two of them begin so twice, by their pinyin and by its initials
    ],
)
def test_as_many_names_as_are_looked_at_are_all_found_whatever_they_go_on_with(cast, now, monkeypatch, typed, names):
    monkeypatch.setattr(finding, "RECENT", 1)
    monkeypatch.setattr(finding, "EXACTLY", len(names))
    for age, name in enumerate(names):
        make_customer(cast.rep, name, at=now - timedelta(days=age))

    with CaptureQueriesContext(connection) as queries:
        found = finding.find(cast.administrator, typed, limit=len(names))

    assert [hit.title for hit in found] == names
    assert sum("WITH held" in query["sql"] for query in queries) == 2  # not by what merely holds the word


def test_the_palette_hides_records_of_other_teams_completely(client, cast, acme):
    client.force_login(cast.outsider)

    page = client.get("/search/palette/", {"q": "anvils"}).content.decode()

    assert "Acme" not in page
    assert "Trier" not in page
    assert "Nothing found" in page


def test_somebody_without_a_role_finds_nothing(client, cast, acme):
    client.force_login(cast.nobody)

    assert finding.find(cast.nobody, "acme") == []
    assert "Acme" not in client.get("/search/", {"q": "acme"}).content.decode()


def test_a_record_in_the_bin_is_not_found_and_is_again_once_restored(cast, acme, now):
    records.delete(acme, by=cast.rep, at=now)
    assert finding.find(cast.rep, "acme") == []

    records.restore(acme, by=cast.rep, at=now)
    assert [hit.title for hit in finding.find(cast.rep, "acme")] == ["Acme Anvils"]


def test_commands_are_found_by_the_beginnings_of_their_words(client, cast):
    client.force_login(cast.rep)

    page = client.get("/search/palette/", {"q": "new cust"}).content.decode()

    assert "New customer" in page
    assert "Go to" not in page


@pytest.mark.parametrize(("typed", "command_first"), [("New", True), ("new cust", True), ("ne", False)])
def test_a_command_named_by_its_whole_first_word_comes_before_the_records(client, cast, now, typed, command_first):
    make_customer(cast.rep, "New Customs Ltd", at=now)
    client.force_login(cast.rep)

    page = client.get("/search/palette/", {"q": typed}).content.decode()

    assert (page.index("New customer") < page.index("New Customs Ltd")) is command_first


def test_commands_the_role_does_not_allow_are_not_offered(client, cast):
    client.force_login(cast.nobody)

    assert "New customer" not in client.get("/search/palette/", {"q": "new cust"}).content.decode()


def test_the_page_filters_by_kind_and_an_unknown_kind_is_all_kinds(client, cast, acme):
    client.force_login(cast.rep)

    assert len(client.get("/search/", {"q": "acme", "kind": "customer"}).context["hits"]) == 1
    assert client.get("/search/", {"q": "acme", "kind": "contact"}).context["hits"] == []
    assert len(client.get("/search/", {"q": "acme", "kind": "'; drop"}).context["hits"]) == 1


@pytest.mark.parametrize(
    "text", ["", " ", "'", "\\", "a\x00b", "&|!()<->:*", "%", "=", "~", "𠮷", "\ud83d"[:0], "x" * 5000]
)
def test_nothing_that_is_typed_breaks_the_search(client, cast, acme, text):
    client.force_login(cast.rep)

    assert client.get("/search/palette/", {"q": text}).status_code == 200
    assert client.get("/search/", {"q": text}).status_code == 200


def test_the_words_of_a_result_are_escaped(client, cast, now):
    records.create(Customer(name="<script>alert(1)</script> Ltd", owner=cast.rep, team=cast.north), by=cast.rep, at=now)
    client.force_login(cast.rep)

    for address in ("/search/palette/", "/search/"):
        page = client.get(address, {"q": "script"}).content.decode()
        assert "&lt;script&gt;alert" in page
        assert "<script>alert" not in page


def test_the_search_costs_the_same_queries_however_much_is_found(client, cast, now, django_assert_num_queries):
    client.force_login(cast.rep)
    costs = []
    for number in (1, 30):
        for place in range(number):
            records.create(
                Customer(name=f"Flat {number} {place}", owner=cast.rep, team=cast.north), by=cast.rep, at=now
            )
        client.get("/search/palette/", {"q": "flat"})
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            client.get("/search/palette/", {"q": "flat"})
        costs.append(len(queries))
    assert costs[1] <= costs[0]  # a rare word is looked up once more than a common one


def test_refreshing_many_takes_no_query_for_each(cast, now, django_assert_num_queries):
    customers = Customer.objects.bulk_create(
        Customer(name=f"Bulk {n}", sort_name=f"bulk {n}", owner=cast.rep, team=cast.north) for n in range(200)
    )
    with django_assert_num_queries(4):  # their addresses and documents; then what duplicates are told by
        documents.refresh_many(customers)

    assert SearchDocument.objects.filter(kind="customer").count() == 200
    assert len(finding.find(cast.rep, "bulk", limit=100)) == 100
