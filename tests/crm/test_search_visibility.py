"""Search must find exactly what the lists show: the same rules, asked in one query over all kinds."""

import itertools

import pytest

from crm.access import kinds
from crm.models import User
from crm.search import documents, finding
from customers.models import Collaborator
from tests.factories import customers as make
from tests.factories import sales, service

pytestmark = pytest.mark.django_db
OWNERS = ("rep", "teammate", "junior", "outsider", "manager")
EVERYONE = (*OWNERS, "agent", "service_manager", "analyst", "administrator", "nobody")


@pytest.fixture
def organisation(cast, now):
    """Records of every kind and owner, on customers of every owner."""
    people = {name: getattr(cast, name) for name in OWNERS}
    owned = {name: make.make_customer(person, f"Quux {name}", at=now) for name, person in people.items()}
    unowned = make.make_customer(None, "Quux of nobody", at=now)
    for (name, person), customer in itertools.product(people.items(), [*owned.values(), unowned]):
        make.make_activity(person, customer, f"Quux call {name}", at=now)
        make.make_task(person, f"Quux task {name}", customer=customer, at=now)
        make.make_contact(person, f"Quux contact {name}", customer=customer, at=now)
        sales.make_opportunity(person, customer=customer, name=f"Quux chance {name}", at=now)
        sales.make_lead(person, f"Quux lead {name}", at=now)
        sales.make_order(person, customer=customer, at=now)
    for team in (cast.north, cast.south, None):
        queue = service.a_queue(team)
        for customer in owned.values():
            service.a_ticket(cast.agent, now, subject="Quux is broken", customer=customer, queue=queue)
    make.make_contact(cast.outsider, "Quux without a customer", at=now)
    Collaborator.objects.create(customer=owned["outsider"], user=cast.rep, added_at=now)


def test_everybody_finds_exactly_the_records_they_may_see(cast, organisation):
    people = {name: getattr(cast, name) for name in EVERYONE}
    for kind in documents.searchable_kinds():
        model = kinds.get(kind).model
        holds = set(finding.ids(kind, "quux").values_list("object_id", flat=True))
        for name, person in people.items():
            seen = set(model.objects.visible_to(person).values_list("pk", flat=True))

            found = {hit.object_id for hit in finding.find(person, "quux", only=[kind], limit=1000)}

            assert found == seen & holds, (name, kind)

    # Were nothing found for anybody, this would prove nothing.
    found = {hit.kind for hit in finding.find(cast.manager, "quux", limit=1000)}
    seen_by_rep = finding.find(cast.rep, "quux", limit=1000)
    assert {"customer", "contact", "activity", "task", "lead", "opportunity", "order", "ticket"} <= found
    assert 0 < len(seen_by_rep) < len(finding.find(cast.administrator, "quux", limit=1000))


def test_what_is_handed_over_is_found_by_the_new_owner_and_no_longer_by_the_old(cast, now):
    from customers.actions import customers

    customer = make.make_customer(cast.rep, "Quux rep", at=now)
    assert found(cast.rep, customer)
    customers.hand_over(customer, to=cast.outsider, by=cast.manager, at=now)

    assert found(cast.outsider, customer)
    assert not found(cast.rep, customer)


def found(person, customer):
    return customer.pk in {hit.object_id for hit in finding.find(person, "quux rep", only=["customer"])}


def test_a_deactivated_person_finds_nothing(cast, now):
    assert found(cast.rep, make.make_customer(cast.rep, "Quux rep", at=now))
    rep = User.objects.get(pk=cast.rep.pk)
    rep.is_active = False

    assert finding.find(rep, "quux") == []
