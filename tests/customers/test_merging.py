from datetime import timedelta

import pytest

from crm.actions import journal
from crm.models import Event, Operation, StaleVersion
from crm.search import finding
from customers.actions import contacts, customers, merging
from customers.models import Activity, Customer, CustomerContact, Standing
from customers.sales.models import Opportunity, StageChange
from tests.factories.customers import make_activity, make_contact, make_customer, make_task
from tests.factories.sales import make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(cast):
    """Two entries of one company, with people, work and a subsidiary."""
    master = make_customer(cast.rep, "Acme Ltd", email="info@acme.example", city="Leeds")
    other = make_customer(cast.rep, "ACME Limited", number="HRB 77", phone="+442079460958", city="York")
    make_contact(cast.rep, "Ann", customer=master, is_main=True)
    shared = make_contact(cast.rep, "Bob", customer=master)
    contacts.link(shared, customer=other, by=cast.rep, at=master.created_at)
    make_contact(cast.rep, "Cid", customer=other, is_main=True)
    make_activity(cast.rep, other, "Called York")
    make_task(cast.rep, "Call York back", customer=other)
    make_opportunity(cast.rep, name="York deal", customer=other)
    make_customer(cast.rep, "Acme Service", parent=other)
    return master, other


def merge(pair, cast, now, **chosen):
    master, other = pair
    return merging.merge(master, other, chosen=chosen, by=cast.rep, at=now)


def pointers():
    """Where everything points, as names."""
    return {
        "people": sorted(CustomerContact.objects.values_list("customer__name", "contact__name", "is_main")),
        "activities": list(Activity.objects.values_list("subject", "customer__name")),
        "opportunities": list(Opportunity.objects.values_list("name", "customer__name")),
        "below": list(Customer.objects.filter(name="Acme Service").values_list("parent__name", flat=True)),
    }


def test_everything_of_the_other_points_at_the_one_that_stays(cast, now, pair):
    master, other = pair
    standings = list(Standing.objects.order_by("pk").values_list("customer_id", "since"))

    operation = merge(pair, cast, now, number="HRB 77", city="York")

    master.refresh_from_db()
    other.refresh_from_db()
    assert (master.number, master.city, master.email) == ("HRB 77", "York", "info@acme.example")
    assert (other.merged_into, other.deleted_at) == (master, now)
    assert pointers() == {
        "people": [("ACME Limited", "Bob", False), ("Acme Ltd", "Ann", True), ("Acme Ltd", "Bob", False),
                   ("Acme Ltd", "Cid", False)],
        "activities": [("Called York", "Acme Ltd")],
        "opportunities": [("York deal", "Acme Ltd")],
        "below": ["Acme Ltd"],
    }  # fmt: skip
    assert list(Standing.objects.order_by("pk").values_list("customer_id", "since")) == standings
    assert list(StageChange.objects.in_order().values_list("customer", "by", "at"))[-1] == (master.pk, cast.rep.pk, now)
    assert operation.text == "Merged ACME Limited into Acme Ltd"
    assert set(Event.objects.filter(at=now, subject_kind="customer").values_list("type", flat=True)) == {
        "customer.updated", "customer.merged", "customer.merged_away",
    }  # fmt: skip
    # What the other one was called leads to the one that stays.
    assert [hit.object_id for hit in finding.find(cast.rep, "ACME Limited", only=["customer"])] == [master.pk]


def test_undoing_puts_everything_back(cast, now, pair):
    before = pointers()
    operation = merge(pair, cast, now, number="HRB 77", city="York")

    journal.undo(operation, by=cast.rep, at=now + timedelta(hours=1))
    journal.undo(operation, by=cast.rep, at=now + timedelta(hours=2))  # twice is once

    master, other = (Customer.objects.get(pk=each.pk) for each in pair)
    assert pointers() == before
    assert (master.number, master.city) == ("", "Leeds")
    assert (other.deleted_at, other.merged_into, other.number) == (None, None, "HRB 77")
    operation.refresh_from_db()
    assert (operation.undone_at, operation.undone_by, operation.kept) == (now + timedelta(hours=1), cast.rep, [])


def test_what_was_noted_in_the_very_moment_of_the_merge_is_gathered_at_night(cast, now, pair):
    master, other = pair
    merge(pair, cast, now)
    late = make_activity(cast.rep, Customer.objects.get(pk=master.pk), "Late")
    Activity.objects.filter(pk=late.pk).update(customer=other)

    assert merging.gather_stragglers() == 1
    assert set(Activity.objects.values_list("customer", flat=True)) == {master.pk}
    assert CustomerContact.objects.get(contact__name="Bob", customer=other)  # at both before: it stays


def test_what_was_changed_since_is_listed_and_left_alone(cast, now, pair):
    master, other = pair
    operation = merge(pair, cast, now, city="York")
    third = make_customer(cast.rep, "Third")
    opportunity = Opportunity.objects.get()
    Opportunity.objects.update(customer=third)
    customers.update(Customer.objects.get(pk=master.pk), {"city": "Hull"}, by=cast.rep, at=now)

    with pytest.raises(journal.Conflicts) as refused:
        journal.undo(operation, by=cast.rep, at=now)
    assert {(each.label, each.reason) for each in refused.value.found} == {
        ("Acme Ltd", "Changed since: city."), ("York deal", "Changed since: customer."),
    }  # fmt: skip
    assert Customer._base_manager.get(pk=other.pk).merged_into == master

    journal.undo(operation, by=cast.rep, at=now, rest=True)
    opportunity.refresh_from_db()
    master.refresh_from_db()
    assert (opportunity.customer, master.city) == (third, "Hull")
    assert Activity.objects.get().customer == other
    assert len(Operation.objects.get().kept) == 2


def test_a_merge_is_refused_where_somebody_was_faster_or_one_may_not_edit_both(cast, now, pair):
    master, other = pair
    theirs = make_customer(cast.outsider, "Acme South")
    versions = (master.version, other.version)
    customers.update(other, {"city": "Hull"}, by=cast.rep, at=now)

    with pytest.raises(StaleVersion):
        merging.merge(master, other, chosen={}, by=cast.rep, at=now, versions=versions)
    for first, second, words in [
        (master, theirs, "yours to edit"), (theirs, master, "yours to edit"), (master, master, "two different"),
    ]:  # fmt: skip
        with pytest.raises(Exception, match=words):
            merging.merge(first, second, chosen={}, by=cast.rep, at=now)
    assert not Operation.objects.exists()
    assert not Customer.objects.merged_away().exists()


def test_a_customer_below_the_one_it_takes_in_stands_where_that_stood(cast, now):
    top = make_customer(cast.rep, "Top")
    other = make_customer(cast.rep, "Acme", parent=top)
    between = make_customer(cast.rep, "Between", parent=other)
    master = make_customer(cast.rep, "Acme Ltd", parent=between)

    merging.merge(master, other, chosen={}, by=cast.rep, at=now)

    parents = dict(Customer.objects.filter(deleted_at=None).values_list("name", "parent__name"))
    assert parents == {"Top": None, "Acme Ltd": "Top", "Between": "Acme Ltd"}


def test_merging_what_was_merged_and_undoing_in_turn(cast, now, pair):
    master, other = pair
    first = merge(pair, cast, now)
    last = make_customer(cast.rep, "Acme Group")
    second = merging.merge(last, Customer.objects.get(pk=master.pk), chosen={}, by=cast.rep, at=now)
    assert merging.became(other.pk) == merging.became(master.pk) == last.pk

    with pytest.raises(Exception, match="merged since"):
        journal.undo(first, by=cast.rep, at=now)
    journal.undo(second, by=cast.rep, at=now)
    journal.undo(first, by=cast.rep, at=now)
    assert not Customer.objects.merged_away().exists()


def test_a_file_that_names_the_merged_one_means_the_one_that_stays(cast, now, pair):
    from tests.crm.test_import_runs import run, stage, told

    master, _other = pair
    merge(pair, cast, now)
    fields = {"name": "name", "city": "city"}
    assert run(stage("name,city\nACME Limited,Bath\n", cast.administrator, fields=fields)).count("updated") == 1
    fields = {"name": "name", "customer": "customer"}
    run(stage("name,customer\nDee,ACME Limited\n", cast.administrator, "contact", fields=fields))
    both = "name,city\nACME Limited,Bath\nAcme Ltd,Hull\n"
    refused = run(stage(both, cast.administrator, fields={"name": "name", "city": "city"}))
    assert [outcome for _number, outcome, _reason, _changes in told(refused)] == ["error", "error"]

    master.refresh_from_db()
    assert (master.name, master.city) == ("Acme Ltd", "Bath")
    assert Customer.objects.alive().count() == 2  # and its subsidiary
    assert CustomerContact.objects.get(contact__name="Dee").customer == master
