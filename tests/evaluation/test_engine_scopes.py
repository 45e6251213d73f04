"""How a scope is named, and who may look at one."""

from __future__ import annotations

import pytest

from crm.models import Team
from evaluation.engine import COMPANY, Scope, ScopeError, scopes
from tests.factories.crm import TeamFactory
from tests.factories.evaluation import a_customer, a_product

pytestmark = pytest.mark.django_db


def test_a_scope_is_found_by_kind_and_name(cast):
    customer, product = a_customer("Acme"), a_product("Press")
    assert cast.rep.team == cast.north
    assert scopes.resolve("company") == COMPANY
    assert scopes.resolve("team:North") == Scope("team", cast.north.pk, "North")
    assert scopes.resolve("person:Rosa Rep") == Scope("person", cast.rep.pk, "Rosa Rep")
    assert scopes.resolve("person: Rosa.Rep@example.com") == Scope("person", cast.rep.pk, "Rosa Rep")
    assert scopes.resolve("channel:event") == Scope("channel", "event", "event")
    assert scopes.resolve("customer:Acme") == Scope("customer", customer.pk, "Acme")
    assert scopes.resolve(f"product:#{product.pk}") == Scope("product", product.pk, "Press")


def test_two_teams_of_one_name_are_told_apart_by_their_paths(cast):
    inside = TeamFactory(name="Inside", parent=cast.north)
    TeamFactory(name="Inside", parent=cast.south)
    with pytest.raises(ScopeError) as refused:
        scopes.resolve("team:Inside")
    assert str(refused.value) == (
        'There is more than one team \'Inside\'; write one of: "Company / North / Inside", "Company / South / Inside".'
    )
    assert scopes.resolve("team:Company / North / Inside").key == inside.pk
    assert scopes.resolve("team:North / Inside").key == inside.pk


@pytest.mark.parametrize("text", ["", "team", "team:", "region:A", "North"])
def test_what_is_no_scope_is_refused_with_the_kinds_there_are(cast, text):
    with pytest.raises(ScopeError, match="write company or KIND:NAME, KIND one of: company, team, person"):
        scopes.resolve(text)


def test_an_unknown_name_is_refused_with_those_there_are(cast):
    assert cast.north
    with pytest.raises(ScopeError, match=r"There is no team 'East'; there are: Company, North\."):
        scopes.resolve("team:East")
    with pytest.raises(ScopeError, match="There is no channel 'fax'; there are: referral, website"):
        scopes.resolve("channel:fax")


def test_the_reach_of_the_role_decides_whose_numbers_are_seen(cast):
    def seen(user):
        wanted = [COMPANY, *map(scopes.of_team, (cast.company, cast.north, cast.north_inside, cast.south))]
        people = [scopes.of_person(person) for person in (cast.rep, cast.junior, cast.outsider)]
        return [str(scope) for scope in (*wanted, *people) if scopes.reachable(user, scope)]

    assert seen(cast.rep) == ["Rosa Rep"]
    assert seen(cast.manager) == ["North", "North Inside", "Rosa Rep", "Jana Junior"]
    assert len(seen(cast.analyst)) == 8
    assert seen(cast.nobody) == []


def test_a_stored_scope_is_loaded_with_its_name_of_today(cast):
    stored = scopes.of_team(cast.north).stored_key
    Team.objects.filter(pk=cast.north.pk).update(name="Nord")
    assert scopes.load("team", stored) == Scope("team", cast.north.pk, "Nord")
    assert scopes.load("company", "") == COMPANY
    assert scopes.load("channel", "event").key == "event"
