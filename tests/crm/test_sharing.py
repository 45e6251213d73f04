"""One opportunity or ticket shared with somebody: they see it, and the name of its customer, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from crm.access.explain import why
from crm.access.permissions import Verb
from crm.actions import shares
from crm.models import Event, Notification, Share, User
from crm.web.lists import ways
from customers.models import Activity, Contact, Customer, Task
from customers.sales.models import Opportunity
from service.models import Ticket
from tests.factories.customers import make_customer
from tests.factories.sales import make_opportunity
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db
MAKE = {"opportunity": make_opportunity, "ticket": lambda owner, **said: a_ticket(owner, timezone.now(), **said)}


def fresh(person: User) -> User:
    """As another request reads them."""
    return User.objects.get(pk=person.pk)


def may(person: User, verb: Verb, model: Any = Opportunity) -> list[str]:
    return [str(row) for row in model.objects.permitted(fresh(person), verb)]


@pytest.fixture
def sale(cast: Any) -> Opportunity:
    customer = make_customer(cast.rep, "Acme")
    return make_opportunity(cast.rep, name="Press", customer=customer)


def test_whom_it_is_shared_with_reads_it_and_edits_it_only_where_that_was_said(cast, sale):
    make_opportunity(cast.rep, name="Another", customer=sale.customer)
    how = {"user": cast.outsider, "by": cast.rep, "at": timezone.now()}
    assert may(cast.outsider, Verb.VIEW) == []
    shares.share(sale, **how)
    assert may(cast.outsider, Verb.VIEW) == ["Press"]
    assert may(cast.outsider, Verb.EDIT) == []
    shares.share(sale, may_edit=True, **how)
    assert may(cast.outsider, Verb.EDIT) == ["Press"]
    assert may(cast.outsider, Verb.DELETE) == may(cast.outsider, Verb.ASSIGN) == []
    assert not Customer.objects.visible_to(fresh(cast.outsider)).exists()
    assert not Contact.objects.visible_to(fresh(cast.outsider)).exists()
    assert not Activity.objects.visible_to(fresh(cast.outsider)).exists()
    shares.unshare(sale, **how)
    assert may(cast.outsider, Verb.VIEW) == []


def test_it_ends_by_itself_on_the_day_that_was_said(cast, sale):
    now = timezone.now()
    shares.share(sale, user=cast.outsider, until=now + timedelta(days=1), by=cast.rep, at=now)
    assert may(cast.outsider, Verb.VIEW) == ["Press"]
    Share.objects.update(at=now - timedelta(days=2), until=now - timedelta(seconds=1))
    assert may(cast.outsider, Verb.VIEW) == []
    assert not shares.of(sale, now).exists()
    shares.share(sale, user=cast.outsider, by=cast.rep, at=now)
    assert may(cast.outsider, Verb.VIEW) == ["Press"]
    assert list(Event.objects.filter(type__endswith="shared").values_list("type", flat=True)) == [
        "opportunity.shared", "opportunity.shared",
    ]  # fmt: skip


def test_who_shares_is_on_record_and_whom_it_is_shared_with_is_told_once(cast, sale):
    how = {"user": cast.outsider, "by": cast.rep, "at": timezone.now()}
    shares.share(sale, **how)
    shares.share(sale, **how)
    event = Event.objects.get(type="opportunity.shared")
    assert (event.by, event.data["user"]["id"], event.data["may_edit"]) == (cast.rep, cast.outsider.pk, False)
    assert event.links.filter(kind="customer", object_id=sale.customer_id).exists()
    told = Notification.objects.get(receiver=cast.outsider)
    assert told.text == "Rosa Rep shared “Press” with you: you may read it."
    assert told.url == sale.get_absolute_url()
    shares.share(sale, may_edit=True, **how)
    assert Notification.objects.filter(receiver=cast.outsider).count() == 2
    shares.unshare(sale, **how)
    shares.unshare(sale, **how)
    verbs = Event.objects.filter(subject_kind="opportunity").order_by("pk").values_list("type", flat=True)
    assert list(verbs)[1:] == ["opportunity.shared", "opportunity.share_changed", "opportunity.unshared"]


def test_a_role_is_the_ceiling_of_what_can_be_shared(cast, sale):
    refused = [
        (cast.nobody, {}, "user"), (cast.analyst, {"may_edit": True}, "may_edit"), (cast.rep, {}, "user"),
        (cast.outsider, {"until": timezone.now()}, "until"),
    ]  # fmt: skip
    for person, more, name in refused:
        with pytest.raises(ValidationError) as refusal:
            shares.share(sale, user=person, by=cast.rep, at=timezone.now(), **more)
        assert list(refusal.value.message_dict) == [name]
    assert not Share.objects.exists()


def test_why_says_that_it_was_shared(cast, sale, capsys):
    shares.share(sale, user=cast.outsider, by=cast.rep, at=timezone.now())
    assert why(fresh(cast.outsider), sale).reasons == ["it was shared with the person"]
    assert not why(fresh(cast.outsider), sale, Verb.EDIT).allowed
    call_command("why", cast.outsider.email, f"opportunity:{sale.pk}")
    assert "it was shared with the person" in capsys.readouterr().out


def test_lists_read_it_off_an_index_of_its_own_and_who_has_none_pays_nothing(cast, sale, django_assert_num_queries):
    outsider = fresh(cast.outsider)
    mine = [str(rule.q) for rule in Opportunity.objects.rules(outsider.access, Verb.VIEW)]
    shares.share(sale, user=cast.outsider, by=cast.rep, at=timezone.now())
    outsider = fresh(cast.outsider)
    visible = Opportunity.objects.visible_to(outsider)
    assert len(visible.ways) == len(mine) + 1
    assert visible.ways[2].children == [("pk__in", [sale.pk])]
    assert ways._parts(visible.ways[2], frozenset()) == [visible.ways[2]]
    outsider = fresh(cast.outsider)
    with django_assert_num_queries(1):  # what is asked for roles anyway
        assert outsider.access.shared("opportunity", Verb.VIEW) == [sale.pk]
        assert outsider.access.shared("ticket", Verb.VIEW) == []
        assert outsider.access.may("opportunity", Verb.VIEW)


@pytest.mark.parametrize("kind", ["opportunity", "ticket"])
def test_it_is_shared_changed_and_taken_back_on_its_page_with_undo(client, cast, kind):
    record = MAKE[kind](cast.rep, customer=make_customer(cast.rep, "Acme"))
    panel, new = (reverse(name, args=[kind, record.pk]) for name in ("record-sharing", "record-share-new"))
    person, word = cast.outsider, "edit" if kind == "opportunity" else "read"  # a rep's role edits no ticket

    def level(word: str) -> str:
        return reverse("record-share-level", args=[kind, record.pk, person.pk, word])

    client.force_login(cast.teammate)
    if kind == "opportunity":
        assert client.get(panel).status_code == 200
        assert client.post(new, {"user": person.pk, "level": "edit"}).status_code == 403
        assert client.post(level("edit")).status_code == 403
    client.force_login(person)
    assert client.post(new, {"user": person.pk, "level": "read"}).status_code == 404
    assert not Share.objects.exists()
    client.force_login(cast.administrator)
    past = client.post(new, {"user": person.pk, "level": "read", "until": "2020-01-01"})
    assert past.status_code == 422
    assert "That day is over." in past.content.decode()
    day = timezone.localdate() + timedelta(days=3)
    assert client.post(new, {"user": person.pk, "level": word, "until": day.isoformat()}).status_code == 302
    one = Share.objects.get()
    assert (one.user, one.may_edit, one.last_day) == (person, word == "edit", day)
    assert person.name in client.get(panel).content.decode()
    client.force_login(person)
    page = client.get(record.get_absolute_url()).content.decode()
    assert str(record) in page
    if kind == "opportunity":
        assert "Acme" in page
        assert reverse("customer-detail", args=[record.customer_id]) not in page
        assert client.post(level("none")).status_code == 403  # helping is not deciding who helps
        assert client.post(new, {"user": cast.junior.pk, "level": "read"}).status_code == 403
    client.force_login(cast.administrator)
    client.post(level("none"))
    assert not Share.objects.exists()
    undo = client.get(record.get_absolute_url()).content.decode()
    assert f"{level(word)}?until=" in undo
    client.post(level(word) + "?until=" + one.until.isoformat().replace("+", "%2B"))
    assert [(each.may_edit, each.until) for each in Share.objects.all()] == [(word == "edit", one.until)]
    assert client.post(level("admire")).status_code == 404


@pytest.mark.parametrize("kind", ["opportunity", "ticket"])
def test_programs_share_it_too(client, cast, kind):
    record = MAKE[kind](cast.rep, customer=make_customer(cast.rep, "Acme"))
    address = reverse(f"api:{kind}-detail", args=[record.pk])
    send = {"content_type": "application/json", "headers": {"If-Match": "*"}}
    client.force_login(cast.administrator)
    given = {"user": cast.manager.pk, "may_edit": kind == "opportunity"}
    assert client.post(f"{address}shares/sharing/", given, **send).status_code == 200
    found = client.get(f"{address}shares/").json()
    assert [(one["user"], one["may_edit"], one["by"]) for one in found] == [
        (cast.manager.pk, kind == "opportunity", cast.administrator.pk)
    ]
    assert client.post(f"{address}shares/sharing/", {"user": cast.nobody.pk}, **send).status_code == 400
    assert client.post(f"{address}shares/removal/", {"user": cast.manager.pk}, **send).status_code == 200
    assert client.get(f"{address}shares/").json() == []
    shares.share(record, user=cast.manager, may_edit=kind == "opportunity", by=None, at=timezone.now())


def test_whoever_it_is_shared_with_finds_it_in_search_list_board_and_api_and_nothing_more_of_its_customer(client, cast):
    hidden = make_customer(cast.rep, "Acme", notes="Between us")
    sale = make_opportunity(cast.rep, name="Zebra press", customer=hidden)
    client.force_login(cast.outsider)
    places = [
        reverse("opportunity-list"), reverse("opportunity-board"), reverse("api:opportunity-list"),
        reverse("search") + "?q=zebra",
    ]  # fmt: skip
    for place in places:
        assert "Zebra press" not in client.get(place).content.decode(), place
    shares.share(sale, user=cast.outsider, by=cast.rep, at=timezone.now())
    for place in places:
        assert "Zebra press" in client.get(place).content.decode(), place
    assert client.get(hidden.get_absolute_url()).status_code == 404
    assert "Between us" not in client.get(sale.get_absolute_url()).content.decode()


def test_whoever_may_edit_what_was_shared_edits_it_without_losing_its_customer(client, cast, sale):
    shares.share(sale, user=cast.outsider, may_edit=True, by=cast.rep, at=timezone.now())
    client.force_login(cast.outsider)
    edit = reverse("opportunity-edit", args=[sale.pk])
    form = client.get(edit).context["form"]
    said = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    answer = client.post(edit, said | {"name": "Larger press"})
    assert answer.status_code == 302
    sale.refresh_from_db()
    assert (sale.name, sale.customer.name, sale.owner) == ("Larger press", "Acme", cast.rep)


def test_whom_it_is_shared_with_notes_what_they_did_and_the_owner_reads_it(client, cast, sale):
    shares.share(sale, user=cast.outsider, by=cast.rep, at=timezone.now())
    client.force_login(cast.outsider)
    new, named = reverse("activity-new"), {"about_kind": "opportunity", "about_id": sale.pk}
    form = client.get(new, named).context["form"]
    assert (form.its_customer, "customer" in form.fields) == (sale.customer, False)
    said = {"type": "call", "direction": "outbound", "at": "2026-05-13T10:00", "subject": "Read the contract"}
    other = make_customer(cast.rep, "Other Ltd")
    answer = client.post(new, said | named | {"customer": other.pk, "next_title": "Ask the notary"})
    activity = Activity.objects.get()
    assert answer["Location"] == activity.get_absolute_url()
    assert (activity.customer, activity.about_id, activity.owner) == (sale.customer, sale.pk, cast.outsider)
    assert list(Activity.objects.visible_to(fresh(cast.rep))) == [activity]
    client.post(new, said | {"customer": sale.customer_id})  # without the record it is still out of sight
    assert Activity.objects.count() == 1


def test_programs_note_activities_and_tasks_about_what_was_shared_as_pages_do(client, cast, sale):
    hidden = make_opportunity(cast.rep, name="Another", customer=sale.customer)
    shares.share(sale, user=cast.outsider, may_edit=True, by=cast.rep, at=timezone.now())
    client.force_login(cast.outsider)

    def sent(kind: str, **said: Any) -> Any:
        body = {"about_kind": "opportunity", "about_id": sale.pk} | said
        return client.post(f"/api/v1/{kind}/", body, content_type="application/json")

    call, task = {"type": "call", "subject": "Read the contract"}, {"title": "Ask the notary"}
    for refused in (
        sent("activities", **call, about_id=hidden.pk), sent("tasks", **task, about_id=hidden.pk),
        sent("activities", **call, customer=sale.customer_id), sent("tasks", **task, customer=sale.customer_id),
    ):  # fmt: skip
        assert refused.status_code == 400
    assert not Activity.objects.exists()
    assert not Task.objects.exists()
    assert (sent("activities", **call).status_code, sent("tasks", **task).status_code) == (201, 201)
    new, named = reverse("task-new"), {"about_kind": "opportunity", "about_id": sale.pk}
    assert "customer" not in client.get(new, named).context["form"].fields
    client.post(new, named | {"title": "Ask again", "priority": 2, "customer": make_customer(cast.rep).pk})
    made = [Activity.objects.get(), *Task.objects.order_by("pk")]
    assert [(one.customer, one.about_id, one.owner) for one in made] == [(sale.customer, sale.pk, cast.outsider)] * 3
    done = client.post(
        f"/api/v1/tasks/{made[1].pk}/result/", call, headers={"If-Match": "*"}, content_type="application/json"
    )
    assert (done.status_code, Activity.objects.filter(customer=sale.customer).count()) == (200, 2)
    shares.unshare(sale, user=cast.outsider, by=cast.rep, at=timezone.now())
    assert sent("activities", **call).status_code == sent("tasks", **task).status_code == 400
    client.post(
        f"/api/v1/tasks/{made[2].pk}/result/", call, headers={"If-Match": "*"}, content_type="application/json"
    )  # out of sight: the task is done, nothing is noted with a customer
    assert (Activity.objects.count(), Task.objects.open().count()) == (2, 0)


def test_a_ticket_is_shared_with_whoever_sees_no_other_of_that_customer(cast):
    ticket = a_ticket(cast.agent, timezone.now(), customer=make_customer(cast.rep, "Acme"))
    assert may(cast.outsider, Verb.VIEW, Ticket) == []
    shares.share(ticket, user=cast.outsider, by=cast.agent, at=timezone.now())
    assert may(cast.outsider, Verb.VIEW, Ticket) == [str(ticket)]
    with pytest.raises(ValidationError):  # a rep's role edits no ticket
        shares.share(ticket, user=cast.outsider, may_edit=True, by=cast.agent, at=timezone.now())
