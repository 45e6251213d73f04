"""`manage.py reindex` builds the words of records anew, and words that quote a renamed record follow it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm.access.permissions import Level
from crm.events.delivering import deliver_due
from crm.models import Delivery, Role
from crm.models.search_document import SearchDocument
from crm.search import finding, quoting
from customers.actions import contacts, customers
from customers.models import Customer
from tests.crm.test_import_runs import run, stage, told, undo
from tests.factories.sales import make_opportunity, make_order
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


def found(by, text: str) -> list[tuple[str, str, str]]:
    return sorted((hit.kind, hit.title, hit.subtitle) for hit in finding.find(by, text))


def documents() -> list[tuple]:
    fields = ("kind", "object_id", "owner_id", "team_id", "title", "subtitle", "words", "updated_at")
    return list(SearchDocument.objects.order_by("kind", "object_id").values_list(*fields))


def reindex(*kinds: str) -> list[str]:
    told = StringIO()
    call_command("reindex", *kinds, stdout=told)
    return told.getvalue().splitlines()


@pytest.fixture
def acme(cast) -> Customer:
    return customers.create(name="Acme", phone="+4930901820", by=cast.administrator, at=NOW)


def test_lost_and_stale_documents_come_right_again(cast, acme):
    globex = customers.create(name="Globex", by=cast.administrator, at=NOW)
    gone = customers.create(name="Gone", by=cast.administrator, at=NOW)
    customers.delete(gone, by=cast.administrator, at=NOW)
    right = documents()
    SearchDocument.objects.filter(kind="customer", object_id=acme.pk).delete()
    SearchDocument.objects.filter(kind="customer", object_id=globex.pk).update(title="Old name", words="'old'")
    stray = {"title": "Gone", "words": "'gone'", "updated_at": NOW}
    SearchDocument.objects.create(kind="customer", object_id=gone.pk, **stray)
    SearchDocument.objects.create(kind="customer", object_id=10**9, **stray)
    SearchDocument.objects.create(kind="nothing_of_ours", object_id=1, **stray)
    assert "customer: 2" in reindex()
    assert documents() == right
    assert found(cast.administrator, "acme") == [("customer", "Acme", "")]
    assert found(cast.administrator, "gone") == []


def test_a_second_time_writes_nothing(cast, acme):
    reindex()
    before = list(SearchDocument.objects.order_by("pk").values_list("pk", "words"))
    reindex()
    assert list(SearchDocument.objects.order_by("pk").values_list("pk", "words")) == before


def test_one_kind_leaves_the_others_alone(cast, acme):
    contacts.create(name="Gavin", by=cast.administrator, at=NOW)
    SearchDocument.objects.all().delete()
    assert reindex("customer") == ["customer: 1"]
    assert list(SearchDocument.objects.values_list("kind", "title")) == [("customer", "Acme")]


def test_an_unknown_kind_is_refused_and_nothing_is_written(acme):
    before = documents()
    with pytest.raises(CommandError, match="Not searchable: spaceship"):
        reindex("customer", "spaceship")
    assert documents() == before


@pytest.fixture
def quoting_acme(cast, acme):
    make_opportunity(cast.rep, customer=acme, name="Big sale")
    make_order(cast.rep, customer=acme, number="A-1")
    a_ticket(cast.administrator, NOW, subject="Broken", customer=acme)
    return acme


def subtitles() -> dict[str, str]:
    quoted = SearchDocument.objects.filter(kind__in=["opportunity", "order", "ticket"])
    return dict(quoted.values_list("kind", "subtitle"))


def test_whoever_names_a_renamed_customer_is_found_by_the_new_name(cast, quoting_acme):
    assert subtitles() == {"opportunity": "Acme", "order": "Acme", "ticket": "Acme"}
    customers.update(quoting_acme, {"name": "Zenith"}, by=cast.administrator, at=NOW)
    deliver_due(NOW)
    assert subtitles() == {"opportunity": "Zenith", "order": "Zenith", "ticket": "Zenith"}
    assert [kind for kind, *_rest in found(cast.administrator, "zenith")] == [
        "customer",
        "opportunity",
        "order",
        "ticket",
    ]
    assert found(cast.administrator, "acme") == []


def test_other_changes_of_a_customer_ask_nobody_to_follow(cast, quoting_acme):
    customers.update(quoting_acme, {"city": "Trier"}, by=cast.administrator, at=NOW)
    assert not Delivery.objects.filter(subscriber="customers.search_words").exists()


def test_many_that_name_it_are_described_in_parts(cast, quoting_acme, monkeypatch, django_assert_max_num_queries):
    for number in range(5):
        make_order(cast.rep, customer=quoting_acme, number=f"B-{number}")
    Customer.objects.filter(pk=quoting_acme.pk).update(name="Zenith")
    monkeypatch.setattr(quoting, "BATCH", 2)
    with django_assert_max_num_queries(20):
        assert quoting.follow("customer", [quoting_acme.pk], ["name"]) == 8
    assert set(SearchDocument.objects.filter(kind="order").values_list("subtitle", flat=True)) == {"Zenith"}


def test_an_import_that_renames_and_its_undo_are_followed_too(cast, quoting_acme):
    Customer.objects.filter(pk=quoting_acme.pk).update(number="C-1")
    fields = {"name": "name", "number": "no"}
    batch = run(stage("no,name\nC-1,Zenith\n", cast.administrator, fields=fields, identity=["number"]))
    assert batch.count("updated") == 1
    assert set(subtitles().values()) == {"Zenith"}
    undo(batch)
    assert set(subtitles().values()) == {"Acme"}


AWKWARD = r"""name,phone,email,city
O'Brien \ Sons,+4930901820,o'brien@mail.example.com,Trier
华为技术有限公司,+8613812345678,,深圳
"'quoted'",12,,
Émile,,emile@example.com,Genève
"""
COLUMNS = {name: {"column": name} for name in ("name", "phone", "email", "city")}


@pytest.mark.parametrize("hidden", [(), ("phone",), ("phone", "email")], ids=["all open", "no phones", "no addresses"])
def test_what_an_import_makes_new_is_found_by_the_same_words_as_what_is_indexed_anew(cast, hidden):
    for name in hidden:
        Role.objects.get(code="sales_rep").fields.create(kind="customer", name=name, level=Level.HIDDEN)
    batch = run(stage(AWKWARD, cast.administrator, fields=COLUMNS))
    assert batch.count("created") == 4, told(batch)
    imported = documents()
    kept_apart = sum("'§" in words for *_others, words, _at in imported)
    assert kept_apart == {0: 0, 1: 2, 2: 3}[len(hidden)]
    SearchDocument.objects.all().delete()
    reindex("customer")
    assert documents() == imported
