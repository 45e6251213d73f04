"""What is about a customer is seen by whoever sees the customer: the columns the database keeps beside the key give the
same answer as asking the customer itself, whatever happens to either."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from crm.access.permissions import Verb
from crm.access.querysets import ScopedQuerySet
from crm.exchange import storing
from customers.models import Activity, Collaborator, Contact, Customer, CustomerContact, Task
from customers.models.customer import CustomerQuerySet
from customers.sales.models import Lead, Opportunity, Order
from service.models import Ticket
from tests.factories import sales as deals
from tests.factories import service as tickets

FOLLOWING = (Activity, Task, Opportunity, Order, Lead, Ticket)


class World:
    """A dozen customers of several people and what is about them, and everything that can happen to them."""

    def __init__(self, cast: Any, now: Any) -> None:
        self.dice, self.cast, self.now, self.count = random.Random(20260513), cast, now, 0
        self.people = [cast.rep, cast.junior, cast.outsider, cast.manager, cast.agent]
        self.pipeline = deals.default_pipeline()
        self.queue, self.state = tickets.a_queue(cast.north), tickets.state("New")
        self.customers = [Customer.objects.create(name=f"Customer {number}", **self.whose()) for number in range(12)]
        for model in FOLLOWING:
            for _ in range(8):
                model._base_manager.create(**self.fields(model))
        for number in range(12):
            contact = Contact.objects.create(name=f"Contact {number}", owner=None, team=None)
            CustomerContact.objects.create(contact=contact, customer=self.dice.choice(self.customers))

    def whose(self) -> dict[str, Any]:
        owner = self.dice.choice([*self.people, None])
        return {"owner": owner, "team": self.dice.choice([owner.team if owner else None, self.cast.south, None])}

    def fields(self, model: Any) -> dict[str, Any]:
        self.count += 1
        given: dict[str, Any] = {"customer": self.dice.choice(self.customers), **self.whose()}
        if model in (Opportunity, Task, Ticket):
            given["customer"] = self.dice.choice([given["customer"], None])
        stage = self.pipeline.stages.first()
        extra = {
            Activity: {"type": "call", "at": self.now, "subject": "Called"},
            Task: {"title": "Call back"},
            Opportunity: {"name": "New", "currency": "EUR", "pipeline": self.pipeline, "stage": stage,
                          "stage_since": self.now},
            Order: {"number": f"O-{self.count}", "ordered_at": self.now, "amount": 5, "currency": "EUR"},
            Lead: {"name": "Lena", "state": "converted", "converted_at": self.now},
            Ticket: {"number": f"T-{self.count}", "subject": "Broken", "queue": self.queue, "state": self.state,
                     "opened_at": self.now},
        }  # fmt: skip
        return given | extra[model]

    # What happens ---------------------------------------------------------------------------------------------------

    def some(self, model: Any) -> models.QuerySet:
        keys = list(model._base_manager.values_list("pk", flat=True))
        return model._base_manager.filter(pk__in=self.dice.sample(keys, min(3, len(keys))))

    def happens(self) -> None:
        what = (self.to_customers, self.to_customers, self.to_what_is_about_them, self.to_what_is_about_them)
        with transaction.atomic():
            self.dice.choice([*what, self.to_links_and_collaborators])()

    def to_customers(self) -> None:
        match self.dice.randrange(4):
            case 0:  # handed over, one by one
                customer = self.some(Customer).first()
                customer.owner, customer.team = self.whose().values()
                customer.save()
            case 1:  # handed over, all at once
                self.some(Customer).update(**self.whose())
            case 2:
                self.some(Customer).update(deleted_at=self.now)
            case 3:
                Customer.objects.in_bin().update(deleted_at=None, **self.whose())

    def to_what_is_about_them(self) -> None:
        model, customer = self.dice.choice(FOLLOWING), self.some(Customer).first()
        match self.dice.randrange(4):
            case 0:  # merged: everything goes to another customer
                other = self.dice.choice(self.customers)
                for each in FOLLOWING:
                    each._base_manager.filter(customer=customer).update(customer=other)
            case 1:  # saved from an object that was read before the handover
                row = self.some(model).first()
                row.customer = self.dice.choice([customer, row.customer])
                Customer._base_manager.filter(pk=row.customer_id).update(**self.whose())
                row.save()
            case 2:
                storing.insert(model, [model(**self.fields(model)) for _ in range(3)])  # COPY
            case 3:
                self.some(model).update(deleted_at=self.dice.choice([None, self.now]))

    def to_links_and_collaborators(self) -> None:
        customer, who = self.some(Customer).first(), self.dice.choice(self.people)
        contact = Contact.objects.create(name="Carla", owner=None, team=None)
        CustomerContact.objects.create(contact=contact, customer=customer)
        self.some(CustomerContact).filter(contact=contact).update(customer=self.dice.choice(self.customers))
        Collaborator.objects.get_or_create(customer=customer, user=who, added_at=self.now)

    def seen(self) -> dict[Any, list[int]]:
        return {
            (person.name, model.__name__): list(
                model.objects.visible_to(person).order_by("pk").values_list("pk", flat=True)
            )
            for person in self.people
            for model in (*FOLLOWING, Contact)
        }


@pytest.mark.django_db
def test_asking_the_columns_gives_what_asking_the_customer_gives(cast, now, monkeypatch):
    world = World(cast, now)
    seen_once = set()
    for _ in range(6):
        for _ in range(15):
            world.happens()
        told = world.seen()
        with monkeypatch.context() as asking:
            asking.setattr(CustomerQuerySet, "scope_through", asking_the_customer)
            assert told == world.seen()
        seen_once |= {(who, kind, pk) for (who, kind), keys in told.items() for pk in keys}
    assert len(seen_once) > 300  # it was about something


def asking_the_customer(customers: Any, name: str, access: Any, *, beside: bool = False) -> models.Q:
    if any(not rule.q for rule in customers.rules(access, Verb.VIEW)):
        return models.Q(**{f"{name}__isnull": False, f"{name}__deleted_at": None})
    return ScopedQuerySet.scope_through(customers, name, access)


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Task, Ticket])
def test_whoever_sees_every_customer_has_none_of_them_read_for_a_row(cast, model):
    """A page and its count cost as little as those of the rows alone: only what is in the bin is asked for."""
    sql = str(model.objects.visible_to(cast.agent).query)

    assert "JOIN" not in sql
    assert '"deleted_at" IS NOT NULL' in sql


@pytest.mark.django_db(transaction=True)
def test_a_handover_while_something_is_stored_about_the_customer_is_not_missed(cast, now):
    world = World(cast, now)
    customer = Customer.objects.create(name="Acme", owner=cast.outsider, team=cast.south)
    made = threading.Event()

    def hand_over() -> None:
        made.wait(5)
        try:
            Customer._base_manager.filter(pk=customer.pk).update(owner=cast.rep, team=None)
        finally:
            connection.close()

    meanwhile = threading.Thread(target=hand_over)
    meanwhile.start()
    with transaction.atomic():
        order = Order.objects.create(**world.fields(Order) | {"customer": customer, "owner": None, "team": None})
        made.set()
        meanwhile.join(0.3)
        assert meanwhile.is_alive()  # it waits for us
    meanwhile.join(5)
    assert Order.objects.visible_to(cast.rep).filter(pk=order.pk).exists()
    assert not Order.objects.visible_to(cast.outsider).filter(pk=order.pk).exists()


@pytest.mark.django_db
def test_what_is_about_a_customer_is_stored_after_it(cast, now):
    lead = Lead.objects.create(name="Lena", organisation="Lead Ltd", owner=cast.rep)
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead._base_manager.filter(pk=lead.pk).update(customer_id=987_654)
    lead.refresh_from_db()
    assert lead.customer_id is None
