"""What the database refuses, whoever writes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from customers.models import Activity, Collaborator, Contact, Customer, CustomerContact, Standing, Task
from tests.factories.customers import make_activity, make_contact, make_customer, make_task


def refused(constraint, queryset, **change):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        queryset.update(**change)


def test_customers(cast):
    customer = make_customer(cast.rep)
    rows = Customer.objects.filter(pk=customer.pk)
    refused("customer_has_a_name", rows, name="")
    refused("customer_is_not_its_own_parent", rows, parent=customer)
    refused("customer_health_at_most_100", rows, health=101)
    refused("customer_email_is_lower_case", rows, email="A@example.com")
    assert Customer.objects.get() == customer


def test_contacts(cast):
    make_contact(cast.rep)
    refused("contact_has_a_name", Contact.objects.all(), name="")
    refused("contact_email_is_lower_case", Contact.objects.all(), email="A@example.com")


def test_links(cast):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    with pytest.raises(IntegrityError, match="contact_once_at_a_customer"), transaction.atomic():
        CustomerContact.objects.create(customer=customer, contact=person)


def test_collaborators(cast, now):
    customer = make_customer(cast.rep)
    Collaborator.objects.create(customer=customer, user=cast.outsider, added_at=now)
    with pytest.raises(IntegrityError, match="collaborator_once"), transaction.atomic():
        Collaborator.objects.create(customer=customer, user=cast.outsider, added_at=now)


def test_activities(cast):
    make_activity(cast.rep)
    rows = Activity.objects.all()
    refused("activity_has_a_subject", rows, subject="")
    refused("activity_duration_not_negative", rows, duration=timedelta(seconds=-1))
    refused("activity_about_kind_and_id", rows, about_kind="opportunity")
    refused("activity_about_kind_and_id", rows, about_id=1)


def test_tasks(cast, now):
    make_task(cast.rep)
    rows = Task.objects.all()
    refused("task_has_a_title", rows, title="")
    refused("task_done_by_needs_done_at", rows, done_by=cast.rep)
    refused("task_about_kind_and_id", rows, about_id=1)


def test_whose_a_customer_was_is_never_rewritten(cast):
    make_customer(cast.rep)
    refused("append-only", Standing.objects.all(), owner=cast.teammate)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Standing.objects.all().delete()
    assert Standing.objects.get().owner == cast.rep
