"""Who leaves says why, who comes back was won back, and where a customer came from is kept for ever."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.actions import journal
from crm.exchange import batches, running
from crm.models import Event, ImportRow, Operation
from customers.actions import customers, merging
from customers.models import Customer, Standing
from tests.factories.customers import churn_reason, make_customer


def test_leaving_takes_a_reason_and_coming_back_is_won_back(cast, now):
    customer = make_customer(cast.rep, lifecycle="active", at=now)

    with pytest.raises(ValidationError, match="Say why"):
        customers.change_lifecycle(customer, to="churned", by=cast.rep, at=now)
    left = customers.change_lifecycle(customer, to="churned", churn_reason=churn_reason(), by=cast.rep, at=now)
    back = customers.change_lifecycle(left, to="active", by=cast.rep, at=now)

    assert (str(left.churn_reason), back.churn_reason, back.won_back_at) == ("Price", None, now)
    assert list(Customer.objects.won_back()) == [customer]
    rows = Standing.objects.filter(customer=customer).order_by("pk").values_list("lifecycle", "churn_reason__name")
    assert list(rows) == [("active", None), ("churned", "Price"), ("active", None)]
    events = Event.objects.filter(subject_kind="customer").order_by("pk").values_list("type", flat=True)
    assert list(events) == ["customer.created", "customer.lifecycle_changed", "customer.won_back"]


@pytest.mark.django_db
def test_the_database_knows_nobody_who_left_without_a_reason(cast):
    customer = make_customer(cast.rep)
    for wrong in ({"lifecycle": "churned"}, {"churn_reason": churn_reason()}):
        with pytest.raises(IntegrityError, match="customer_churned_has_a_reason"), transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(**wrong)


def test_where_a_customer_came_from_is_written_down_once(cast, now):
    customer = make_customer(cast.rep, channel="website")

    customer = customers.update(customer, {"campaign": "Spring fair"}, by=cast.rep, at=now)  # was not known yet
    for changes in ({"channel": "referral"}, {"campaign": "Autumn"}, {"channel": ""}):
        with pytest.raises(ValidationError, match="stays as it was first written down"):
            customers.update(customer, changes, by=cast.rep, at=now)
    with pytest.raises(IntegrityError, match="stays as it was first written down"), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(channel="referral")

    assert Customer.objects.filter(channel="website", campaign="Spring fair").exists()


def test_merging_may_choose_between_two_sources_and_undoing_it_puts_them_back(cast, now):
    master = make_customer(cast.rep, "Master", lifecycle="churned", channel="website")
    other = make_customer(cast.rep, "Other", lifecycle="active", channel="event", referred_by=master)

    chosen = {"channel": "event", "lifecycle": "active"}
    done = merging.merge(master, other, chosen=chosen, by=cast.rep, at=now)
    master.refresh_from_db()
    assert (master.channel, master.lifecycle, master.churn_reason, master.won_back_at) == (
        "event",
        "active",
        None,
        None,
    )

    journal.undo(Operation.objects.get(pk=done.pk), by=cast.rep, at=now)
    master.refresh_from_db()
    assert (master.channel, master.lifecycle, str(master.churn_reason)) == ("website", "churned", "Price")


def test_the_page_asks_why_and_shows_it(client, cast):
    customer = make_customer(cast.rep, lifecycle="active", referred_by=make_customer(cast.rep, "Old friend"))
    address = reverse("customer-lifecycle", args=[customer.pk])
    client.force_login(cast.rep)

    assert client.get(address).status_code == 200
    assert client.post(address, {"lifecycle": "churned"}).status_code == 422
    client.post(address, {"lifecycle": "churned", "churn_reason": churn_reason().pk})
    page = client.get(customer.get_absolute_url()).content.decode()

    assert "Price" in page
    assert "Old friend" in page
    client.post(address, {"lifecycle": "active"})
    assert "won back" in client.get(customer.get_absolute_url()).content.decode()
    form = client.get(reverse("customer-edit", args=[customer.pk]))
    assert not form.context["form"].fields["channel"].disabled


def test_a_file_says_why_too_and_changes_no_source(cast, now):
    make_customer(cast.administrator, "Known", channel="website", lifecycle="churned")
    text = "name,stage,why,source\nGone,churned,Price,event\nSilent,churned,,\nKnown,,,event\n"
    batch = batches.stage(
        io.BytesIO(text.encode()), target="customer", file_name="f.csv", by=cast.administrator, at=now
    )
    fields = {"name": "name", "lifecycle": "stage", "churn_reason": "why", "channel": "source"}
    batches.choose(batch, {"fields": fields}, at=now)
    running.start(batch, at=now)
    running.run(batch)

    outcomes = ImportRow.objects.filter(batch=batch).order_by("number").values_list("outcome", "reason")
    assert list(outcomes) == [
        ("created", ""),
        ("error", "why it left: Say why the customer left."),
        ("error", "source channel: Where a customer came from stays as it was first written down."),
    ]
    gone = Customer.objects.get(name="Gone")
    assert (str(gone.churn_reason), gone.standings.get().churn_reason) == ("Price", gone.churn_reason)
