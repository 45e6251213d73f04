"""Whose records a person reaches, by the reach of the role. Customers stand for every kind."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from crm.access import guards
from crm.access.explain import why
from crm.access.permissions import Reach, Verb
from crm.models import Role, RoleGrant
from customers.models import Activity, Collaborator, Contact, Customer, CustomerContact
from tests.query_counts import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers(cast, now):
    """One customer for each owner of the cast, and one without owner in the south."""

    def make(name, owner, team):
        return Customer.objects.create(name=name, owner=owner, team=team, created_at=now, updated_at=now)

    return {
        "rep": make("Of the rep", cast.rep, cast.north),
        "teammate": make("Of the teammate", cast.teammate, cast.north),
        "junior": make("Of the junior", cast.junior, cast.north_inside),
        "outsider": make("Of the outsider", cast.outsider, cast.south),
        "nobody": make("Of nobody", None, cast.south),
    }


def seen(user) -> set[str]:
    return set(Customer.objects.visible_to(user).values_list("name", flat=True))


def reaching(cast, reach: Reach, *verbs: Verb):
    """A person of the north whose only role grants the verbs on customers with this reach."""
    role = Role.objects.create(code=f"reach-{reach}", name=f"Reach {reach}")
    for verb in verbs or (Verb.VIEW,):
        RoleGrant.objects.create(role=role, kind="customer", verb=verb, reach=reach)
    person = cast.person(f"Reach {reach}", cast.north)
    person.roles.add(role)
    return person


def test_no_reach_sees_nothing(cast, customers):
    assert seen(reaching(cast, Reach.NONE)) == set()


def test_own_reach_sees_only_ones_own(cast, customers):
    person = reaching(cast, Reach.OWN)
    Customer.objects.filter(name="Of the junior").update(owner=person)
    assert seen(person) == {"Of the junior"}


def test_team_reach_sees_the_team_but_not_the_team_below(cast, customers):
    assert seen(reaching(cast, Reach.TEAM)) == {"Of the rep", "Of the teammate"}


def test_subtree_reach_sees_the_teams_below_too(cast, customers):
    assert seen(reaching(cast, Reach.SUBTREE)) == {"Of the rep", "Of the teammate", "Of the junior"}


def test_reach_over_all_sees_everything(cast, customers):
    assert len(seen(reaching(cast, Reach.ALL))) == 5


def test_a_manager_reaches_the_teams_they_manage_wherever_they_sit(cast, customers):
    person = reaching(cast, Reach.SUBTREE)
    cast.south.manager = person
    cast.south.save()
    assert seen(person) == {"Of the rep", "Of the teammate", "Of the junior", "Of the outsider", "Of nobody"}


def test_the_widest_of_several_roles_counts(cast, customers):
    cast.rep.roles.add(Role.objects.get(code="analyst"))
    assert len(seen(cast.rep)) == 5


def test_somebody_without_roles_sees_nothing(cast, customers):
    assert seen(cast.nobody) == set()


def test_a_deactivated_person_sees_nothing(cast, customers):
    cast.analyst.is_active = False
    cast.analyst.save()
    assert seen(cast.analyst) == set()


def test_records_in_the_bin_are_seen_by_nobody(cast, customers, now):
    Customer.objects.filter(name="Of the rep").update(deleted_at=now)
    assert "Of the rep" not in seen(cast.analyst)


def test_a_collaborator_sees_and_edits_that_one_customer(cast, customers, now):
    Collaborator.objects.create(customer=customers["outsider"], user=cast.rep, added_at=now)
    assert seen(cast.rep) == {"Of the rep", "Of the teammate", "Of the outsider"}
    assert customers["outsider"] in Customer.objects.editable_by(cast.rep)


def test_editing_reaches_less_far_than_seeing(cast, customers):
    editable = set(Customer.objects.editable_by(cast.rep).values_list("name", flat=True))
    assert editable == {"Of the rep"}


def test_an_activity_is_seen_with_its_customer_but_not_edited(cast, customers, now):
    activity = Activity.objects.create(
        customer=customers["rep"], type="call", at=now, subject="Call", owner=cast.outsider, team=cast.south
    )
    assert activity in Activity.objects.visible_to(cast.rep)
    assert activity not in Activity.objects.editable_by(cast.rep)


def test_a_contact_is_seen_with_any_of_its_customers(cast, customers):
    contact = Contact.objects.create(name="王芳", owner=cast.outsider, team=cast.south)
    assert contact not in Contact.objects.visible_to(cast.rep)
    CustomerContact.objects.create(customer=customers["teammate"], contact=contact)
    assert contact in Contact.objects.visible_to(cast.rep)


def test_invisible_is_not_found_and_visible_but_forbidden_is_refused(cast, customers):
    with pytest.raises(Http404):
        guards.get_permitted(Customer.objects.all(), cast.rep, Verb.EDIT, pk=customers["outsider"].pk)
    with pytest.raises(PermissionDenied):
        guards.get_permitted(Customer.objects.all(), cast.rep, Verb.EDIT, pk=customers["teammate"].pk)
    own = guards.get_permitted(Customer.objects.all(), cast.rep, Verb.EDIT, pk=customers["rep"].pk)
    assert own == customers["rep"]


def test_why_names_the_rule_and_the_roles(cast, customers, now):
    assert why(cast.teammate, customers["rep"]).reasons == ["it belongs to the person's team"]
    assert why(cast.teammate, customers["rep"]).roles == ["Sales rep"]
    refused = why(cast.teammate, customers["outsider"])
    assert (refused.allowed, refused.reasons) == (False, ["The record is outside the reach of the person's roles."])
    Collaborator.objects.create(customer=customers["outsider"], user=cast.teammate, added_at=now)
    assert why(cast.teammate, customers["outsider"]).reasons == ["the person collaborates on the customer"]


def test_why_agrees_with_what_is_seen_for_everybody(cast, customers):
    for person in (cast.rep, cast.junior, cast.manager, cast.agent, cast.analyst, cast.administrator, cast.nobody):
        for customer in customers.values():
            for verb in Verb:
                reached = Customer.objects.permitted(person, verb).filter(pk=customer.pk).exists()
                assert why(person, customer, verb).allowed == reached, (person, customer, verb)


def test_one_look_asks_once_with_whom_one_collaborates_and_the_next_look_asks_again(client, cast, customers, now):
    client.force_login(cast.rep)
    page = customers["outsider"].get_absolute_url()
    collaboration = Collaborator.objects.create(customer=customers["outsider"], user=cast.rep, added_at=now)

    asked = [sql for sql in queries_of(client, page) if 'FROM "customers_collaborator"' in sql and "user_id" in sql]
    collaboration.delete()

    assert len([sql for sql in asked if "may_edit" not in sql]) == 1
    assert client.get(page).status_code == 404
