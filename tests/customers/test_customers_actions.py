from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.models import Event, Notification, StaleVersion
from crm.search import finding
from customers.actions import contacts, customers, graph
from customers.models import Activity, Contact, Customer, Standing, Task
from customers.subscriptions import find_what_came_back
from tests.factories.customers import make_activity, make_contact, make_customer, make_task


def test_a_new_customer_is_its_creators_own_and_written_in_one_form(cast, now):
    customer = customers.create(
        name="  Acme   Ltd ", email=" Info@ACME.com", phone="0044 20 7946 0958", by=cast.rep, at=now
    )
    assert (customer.name, customer.email, customer.phone) == ("Acme Ltd", "info@acme.com", "+442079460958")
    assert (customer.owner, customer.team, customer.lifecycle) == (cast.rep, cast.north, "prospect")
    assert (customer.created_at, customer.version) == (now, 1)
    assert Event.objects.get().type == "customer.created"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0086 10 8888 6666", "+861088886666"),
        ("020 7946 0958", "020 7946 0958"),  # of which country, nobody said
        ("ask for Tom", "ask for Tom"),
        ("+44 20 7946 0958 ext. 12", "+44 20 7946 0958 ext. 12"),
        ("", ""),
    ],
)
def test_phones_are_kept_in_one_form_where_they_have_one(cast, typed, kept):
    assert make_customer(cast.rep, phone=typed).phone == kept


def test_a_number_without_country_is_read_as_of_the_organisations(cast, settings):
    settings.PHONE_REGION = "GB"
    assert make_customer(cast.rep, phone="020 7946 0958").phone == "+442079460958"


def test_a_customer_is_found_by_what_is_known_of_it(cast):
    customer = make_customer(
        cast.rep, "北京星河科技", number="HRB 4711", website="https://www.xinghe.example/about", city="Beijing"
    )
    for typed in ["星河", "xinghe", "4711", "xinghe.example", "beijing"]:
        assert list(finding.ids("customer", typed).values_list("object_id", flat=True)) == [customer.pk], typed


def test_a_customer_without_a_name_is_refused_and_leaves_nothing(cast, now):
    with pytest.raises(ValidationError):
        customers.create(name="   ", by=cast.rep, at=now)
    assert (Customer.objects.count(), Event.objects.count(), Standing.objects.count()) == (0, 0, 0)


def test_a_customer_cannot_be_below_its_own_subsidiary(cast, now):
    top = make_customer(cast.rep, "Top")
    below = make_customer(cast.rep, "Below", parent=top)
    with pytest.raises(ValidationError, match="one of its own subsidiaries"):
        customers.update(top, {"parent": below}, by=cast.rep, at=now)
    top.refresh_from_db()
    assert (top.parent, top.version) == (None, 1)


def test_edits_of_different_fields_merge_and_of_the_same_field_are_refused(cast, now):
    customer = make_customer(cast.rep, city="London")
    base = {"city": "London", "industry": ""}
    customers.update(customer, {"city": "Leeds"}, by=cast.manager, at=now)
    merged = customers.update(
        customer, {"city": "London", "industry": "food"}, by=cast.rep, at=now, version=1, base=base
    )
    assert (merged.industry, merged.version) == ("food", 3)
    with pytest.raises(StaleVersion):
        customers.update(customer, {"city": "York"}, by=cast.rep, at=now, version=1, base=base)


def test_handing_over_takes_open_tasks_and_the_people_of_this_customer_only(cast, now):
    customer, other = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    here = make_contact(cast.rep, "Only Here", customer=customer)
    both = make_contact(cast.rep, "At Both", customer=customer)
    contacts.link(both, customer=other, by=cast.rep, at=now)
    todo = make_task(cast.rep, customer=customer)
    theirs = make_task(cast.teammate, customer=customer)
    customers.hand_over(customer, to=cast.junior, by=cast.manager, at=now)
    owners = {row.pk: row.owner for row in [*Task.objects.select_related("owner")]}
    assert owners == {todo.pk: cast.junior, theirs.pk: cast.teammate}
    assert Contact.objects.get(pk=here.pk).owner == cast.junior
    assert Contact.objects.get(pk=both.pk).owner == cast.rep
    customer.refresh_from_db()
    assert (customer.owner, customer.team) == (cast.junior, cast.north_inside)
    notes = Notification.objects.all()
    assert [(note.receiver, note.values["customer"]) for note in notes] == [(cast.junior, "Acme Ltd")]


def test_handing_over_without_open_work_leaves_it_where_it_is(cast, now):
    customer = make_customer(cast.rep)
    todo = make_task(cast.rep, customer=customer)
    customers.hand_over(customer, to=cast.teammate, by=cast.manager, at=now, with_open_work=False)
    todo.refresh_from_db()
    assert todo.owner == cast.rep
    assert Event.objects.filter(type="customer.owner_changed").count() == 1
    assert not Event.objects.filter(type="customer.handed_over").exists()


def test_what_was_true_before_a_handover_stays_true(cast, now):
    customer = make_customer(cast.rep, at=now - timedelta(days=40))
    customers.hand_over(customer, to=cast.outsider, by=cast.manager, at=now - timedelta(days=10))
    customers.change_lifecycle(customer, to="active", by=cast.outsider, at=now)
    before = Standing.objects.as_of(now - timedelta(days=20)).get()
    between = Standing.objects.as_of(now - timedelta(days=5)).get()
    after = Standing.objects.as_of(now).get()
    assert (before.owner, before.team, before.lifecycle) == (cast.rep, cast.north, "prospect")
    assert (between.owner, between.team, between.lifecycle) == (cast.outsider, cast.south, "prospect")
    assert (after.owner, after.lifecycle) == (cast.outsider, "active")


def test_handing_over_to_the_same_owner_changes_nothing(cast, now):
    customer = make_customer(cast.rep)
    customers.hand_over(customer, to=cast.rep, by=cast.manager, at=now)
    assert (Standing.objects.count(), Event.objects.count(), Notification.objects.count()) == (1, 1, 0)


def test_nobody_who_left_becomes_an_owner(cast, now):
    customer = make_customer(cast.rep)
    gone = cast.person("Gone Away", cast.north, "sales_rep", is_active=False)
    with pytest.raises(ValidationError, match="no longer works here"):
        customers.hand_over(customer, to=gone, by=cast.manager, at=now)
    customer.refresh_from_db()
    assert (customer.owner, customer.version) == (cast.rep, 1)


def test_the_same_lifecycle_again_changes_nothing(cast, now):
    customer = make_customer(cast.rep)
    customers.change_lifecycle(customer, to="prospect", by=cast.rep, at=now)
    assert (Event.objects.count(), Standing.objects.count()) == (1, 1)


def test_no_lifecycle_but_the_declared_ones(cast, now):
    customer = make_customer(cast.rep)
    with pytest.raises(ValidationError):
        customers.change_lifecycle(customer, to="zombie", by=cast.rep, at=now)
    customer.refresh_from_db()
    assert customer.lifecycle == "prospect"


def test_a_collaborator_is_added_once_and_told_once(cast, now):
    customer = make_customer(cast.rep)
    for _time in range(2):
        customers.add_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    assert customer.collaborators.count() == 1
    assert Notification.objects.filter(receiver=cast.outsider).count() == 1
    customers.remove_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    customers.remove_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    types = Event.objects.order_by("id").values_list("type", flat=True)
    assert list(types) == ["customer.created", "customer.collaborator_added", "customer.collaborator_removed"]


def test_what_a_collaborator_may_do_is_changed_by_adding_them_again(cast, now):
    customer = make_customer(cast.rep)
    customers.add_collaborator(customer, user=cast.outsider, may_edit=False, by=cast.rep, at=now)
    for _time in range(2):
        customers.add_collaborator(customer, user=cast.outsider, may_edit=True, by=cast.rep, at=now)
    assert [each.may_edit for each in customer.collaborators.all()] == [True]
    told = Event.objects.filter(type__startswith="customer.collaborator").order_by("id")
    assert [(each.type, each.data["may_edit"]) for each in told] == [
        ("customer.collaborator_added", False),
        ("customer.collaborator_changed", True),
    ]
    assert Notification.objects.get(receiver=cast.outsider).message == "You may now read %(customer)s."


def test_the_owner_is_no_collaborator(cast, now):
    customer = make_customer(cast.rep)
    with pytest.raises(ValidationError, match="owns the customer already"):
        customers.add_collaborator(customer, user=cast.rep, by=cast.rep, at=now)
    assert not customer.collaborators.exists()


def test_a_deleted_customer_takes_its_graph_along_and_brings_exactly_that_back(cast, now, monkeypatch):
    customer, other = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    here = make_contact(cast.rep, "Only Here", customer=customer)
    both = make_contact(cast.rep, "At Both", customer=customer)
    contacts.link(both, customer=other, by=cast.rep, at=now)
    activity, gone_before = make_activity(cast.rep, customer), make_activity(cast.rep, customer, "Wrong number")
    second = make_activity(cast.rep, customer)
    task, elsewhere = make_task(cast.rep, customer=customer), make_task(cast.rep, customer=other)
    from customers.actions import activities

    activities.delete(gone_before, by=cast.rep, at=now - timedelta(hours=1))
    deleted = customers.delete(customer, by=cast.rep, at=now)
    assert set(Contact.objects.in_bin()) == {here}
    assert set(Activity.objects.in_bin()) == {activity, second, gone_before}
    assert set(Task.objects.in_bin()) == {task}
    assert not finding.ids("activity", "called").exists()
    monkeypatch.setattr(graph, "AT_ONCE", 1)  # of what came back, at most one of a kind is found at once
    customers.restore(deleted, by=cast.rep, at=now + timedelta(hours=1))
    assert not Contact.objects.in_bin().exists()
    assert set(Activity.objects.in_bin()) == {gone_before}
    assert set(Task.objects.alive()) == {task, elsewhere}
    found = finding.ids("activity", "called").values_list("object_id", flat=True)
    assert found.count() == 1
    find_what_came_back(Event.objects.filter(type="customer.restored").get())
    assert set(found.all()) == {activity.pk, second.pk}
    assert graph.find_again(customer) == 0


def test_scores_are_written_for_everybody_at_once_and_only_where_they_changed(cast, django_assert_num_queries):
    first, second = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    with django_assert_num_queries(1):
        assert customers.rate({first.pk: 82, second.pk: 30}) == 2
    assert customers.rate({first.pk: 82, second.pk: None}) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.health, first.health_band, first.version) == (82, "good", 1)
    assert (second.health, second.health_band) == (None, None)


def test_the_bands_of_health_leave_no_gap():
    from customers.models import HealthBand

    assert [HealthBand.of(score) for score in (0, 39, 40, 69, 70, 100)] == [
        "poor", "poor", "fair", "fair", "good", "good",
    ]  # fmt: skip
