import pytest
from django.db.models import Q

from crm.models import SavedView, User
from crm.models.prepared import Prepared
from crm.models.saved_view import teams_above

pytestmark = pytest.mark.django_db


def test_what_was_written_once_answers_each_call_with_its_own_arguments(cast, django_assert_num_queries):
    asked = Prepared(lambda team, name: User.objects.filter(team=team, name=name).order_by().values_list("pk"))

    people = [cast.rep, cast.outsider, cast.rep]
    with django_assert_num_queries(3):
        found = [asked(who.team_id, who.name) for who in people]

    assert found == [[(cast.rep.pk,)], [(cast.outsider.pk,)], [(cast.rep.pk,)]]
    assert asked(cast.rep.team_id, cast.outsider.name) == []


def test_lists_of_any_length_are_arguments_too(cast):
    asked = Prepared(lambda keys: User.objects.filter(pk__in=keys).order_by("pk"))

    assert asked([]) == []
    assert asked([cast.rep.pk]) == [cast.rep]
    assert asked(sorted([cast.rep.pk, cast.outsider.pk])) == sorted([cast.rep, cast.outsider], key=lambda who: who.pk)
    assert asked([cast.outsider.pk])[0].email == cast.outsider.email


def test_a_query_that_an_argument_does_not_reach_is_refused(cast):
    with pytest.raises(ValueError, match="does not reach the statement"):
        Prepared(lambda key: User.objects.filter(Q(pk=1)).order_by())(cast.rep.pk)


@pytest.mark.parametrize("who", ["rep", "manager", "administrator", "analyst", "outsider"])
def test_the_tabs_of_a_list_are_what_visible_to_shows_of_those_meant_for_the_person(cast, who):
    for owner in (cast.rep, cast.outsider, cast.manager):
        for audience in SavedView.Audience.values:
            team = owner.team if audience == "team" else None
            SavedView.objects.create(
                list_code="l", name=f"{owner} {audience}", owner=owner, team=team, audience=audience
            )
    user = getattr(cast, who)

    meant = SavedView.objects.visible_to(user).of("l").meant_for(user.pk, teams_above(user))

    assert SavedView.of_list("l", user) == list(meant)
    assert len(meant) >= 3  # what everybody shared with everyone
