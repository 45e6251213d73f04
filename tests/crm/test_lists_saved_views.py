import pytest
from django.db import IntegrityError, transaction

from crm.actions import saved_views
from crm.models import Event, SavedView
from tests.crm.lists_rows import make_customers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.lists_urls")]


def save(owner, now, name="Mine", audience="personal", query="lifecycle=active&sort=name", **fields):
    return saved_views.save(
        list_code="sample-list", name=name, query=query, audience=audience, by=owner, at=now, **fields
    )


def tab_names(client):
    return [tab["label"] for tab in client.get("/sample/").context["list"].tabs]


def test_an_arrangement_is_kept_under_a_name_with_its_columns(client, cast):
    client.force_login(cast.rep)

    answer = client.post(
        "/sample/views/new/?lifecycle=active&q=acme&evil=1", {"name": " Key  ones ", "audience": "personal"}
    )

    view = SavedView.objects.get()
    assert (view.name, view.owner, view.list_code) == ("Key ones", cast.rep, "sample-list")
    assert view.query == "q=acme&lifecycle=active&sort=-updated_at&columns=name%2Clifecycle%2Cowner%2Cupdated_at"
    assert answer["Location"] == f"/sample/?view={view.pk}"
    assert Event.objects.filter(type="saved_view.created", by=cast.rep).count() == 1


def test_opening_a_view_applies_it_and_moving_on_says_so(client, cast, now):
    make_customers(2, cast.rep, now, name="Active", lifecycle="active")
    make_customers(2, cast.rep, now, name="Old", lifecycle="churned")
    client.force_login(cast.rep)
    view = save(cast.rep, now)

    opened = client.get(f"/sample/?view={view.pk}").context["list"]
    without = client.get(f"/sample/?{opened.chips[0].remove}").context["list"]

    assert [row.label for row in opened.rows] == ["Active 00", "Active 01"]
    assert not opened.state.changed
    assert len(without.rows) == 4
    assert without.state.view == view
    assert without.state.changed


def test_a_changed_view_can_take_over_the_new_arrangement(client, cast, now):
    client.force_login(cast.rep)
    view = save(cast.rep, now)

    client.post(f"/sample/views/{view.pk}/?view={view.pk}&lifecycle=churned&sort=founded", {"arrangement": "1"})

    view.refresh_from_db()
    assert view.query.startswith("lifecycle=churned&sort=founded")
    assert view.name == "Mine"


def test_a_view_can_be_renamed_and_deleted(client, cast, now):
    client.force_login(cast.rep)
    view = save(cast.rep, now)

    client.post(f"/sample/views/{view.pk}/", {"name": "Renamed", "audience": "personal"})
    view.refresh_from_db()
    assert view.name == "Renamed"

    client.post(f"/sample/views/{view.pk}/deletion/")
    assert tab_names(client) == []


def test_deleting_a_view_is_taken_back_unless_another_has_its_name(client, cast, now):
    client.force_login(cast.rep)
    view = save(cast.rep, now)
    answer = client.post(f"/sample/views/{view.pk}/deletion/", follow=True)
    assert f"/sample/views/{view.pk}/restoration/" in answer.content.decode()
    client.force_login(cast.teammate)
    assert client.post(f"/sample/views/{view.pk}/restoration/").status_code == 404
    client.force_login(cast.rep)
    assert client.post(f"/sample/views/{view.pk}/restoration/").url == f"/sample/?view={view.pk}"
    assert tab_names(client) == ["All", "Mine"]

    client.post(f"/sample/views/{view.pk}/deletion/")
    save(cast.rep, now)
    page = client.post(f"/sample/views/{view.pk}/restoration/", follow=True)
    assert "There is a view of this name already." in page.content.decode()
    assert tab_names(client) == ["All", "Mine"]
    assert SavedView.objects.alive().get().pk != view.pk


def test_two_views_of_one_person_cannot_share_a_name(client, cast, now):
    client.force_login(cast.rep)
    save(cast.rep, now)

    assert client.post("/sample/views/new/", {"name": "Mine", "audience": "personal"}).status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(list_code="sample-list", name="Mine", owner=cast.rep)


def test_a_personal_view_is_nobody_elses(client, cast, now):
    view = save(cast.rep, now)
    client.force_login(cast.teammate)

    page = client.get(f"/sample/?view={view.pk}")

    assert tab_names(client) == []
    assert page.context["list"].state.view is None
    assert "not shared with you" in page.content.decode()
    assert client.post(f"/sample/views/{view.pk}/", {"name": "X", "audience": "personal"}).status_code == 404
    assert client.post(f"/sample/views/{view.pk}/deletion/").status_code == 404
    view.refresh_from_db()
    assert (view.name, view.deleted_at) == ("Mine", None)


def test_a_view_for_a_team_is_shown_there_and_below_but_not_beside(client, cast, now):
    save(cast.manager, now, name="Of the team", audience="team")

    for person, shown in ((cast.rep, True), (cast.junior, True), (cast.outsider, False)):
        client.force_login(person)
        assert ("Of the team" in tab_names(client)) is shown


def test_who_sees_a_shared_view_cannot_change_it(client, cast, now):
    view = save(cast.manager, now, name="Of the team", audience="team")
    client.force_login(cast.rep)

    assert client.post(f"/sample/views/{view.pk}/", {"name": "Mine now", "audience": "personal"}).status_code == 403
    assert client.post(f"/sample/views/{view.pk}/deletion/").status_code == 403
    view.refresh_from_db()
    assert (view.name, view.deleted_at) == ("Of the team", None)


@pytest.mark.parametrize(
    ("name", "choices"),
    [("rep", ["personal"]), ("manager", ["personal", "team"]), ("administrator", ["personal", "team", "everyone"])],
)
def test_sharing_reaches_as_far_as_the_role(client, cast, name, choices):
    client.force_login(getattr(cast, name))

    form = client.get("/sample/views/new/").context["form"]
    refused = client.post("/sample/views/new/", {"name": "X", "audience": "everyone"})

    assert [value for value, _label in form.fields["audience"].choices] == choices
    assert refused.status_code == (302 if "everyone" in choices else 422)


def test_the_default_view_opens_the_list_and_all_shows_it_without(client, cast, now):
    make_customers(1, cast.rep, now, name="Active", lifecycle="active")
    make_customers(1, cast.rep, now, name="Old", lifecycle="churned")
    save(cast.rep, now, is_default=True)
    client.force_login(cast.rep)

    bare = client.get("/sample/").context["list"]
    everything = client.get(bare.tabs[0]["url"]).context["list"]

    assert [row.label for row in bare.rows] == ["Active 00"]
    assert len(everything.rows) == 2
    assert everything.tabs[0]["active"]
    assert len(client.get(everything.heads[0].url).context["list"].rows) == 2


def test_a_stored_query_is_read_like_an_address_nothing_more(client, cast, now):
    make_customers(1, cast.rep, now)
    view = save(cast.rep, now, query="owner__password=x&sort=password&columns=password,name&founded_min=abc")
    client.force_login(cast.rep)

    page = client.get(f"/sample/?view={view.pk}")

    assert page.status_code == 422
    assert page.context["list"].state.sort == "-updated_at"
    assert [column.code for column in page.context["list"].columns] == ["name"]


def test_a_view_of_another_list_is_not_of_this_one(client, cast, now):
    other = saved_views.save(list_code="other", name="X", query="", audience="personal", by=cast.rep, at=now)
    client.force_login(cast.rep)

    assert client.get(f"/sample/?view={other.pk}").context["list"].state.view is None
    assert client.post(f"/sample/views/{other.pk}/deletion/").status_code == 404


def test_who_may_not_save_views_is_not_offered_it(client, cast):
    from crm.models import RoleGrant

    RoleGrant.objects.filter(role__code="sales_rep", kind="saved_view").delete()
    client.force_login(cast.rep)

    assert "data-list-save" not in client.get("/sample/").content.decode()
    assert client.get("/sample/views/new/").status_code == 403
