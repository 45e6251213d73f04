"""What is more than one request holds is done by a worker: visible, once, cut off without loss, and taken back so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import get_resolver, reverse

from crm.actions import bulk_runs, taking_back
from crm.models import BulkRun, Event, Notification, Operation
from crm.web.lists import bulk_running, bulk_views, registry
from customers.actions import customers
from customers.models import Customer
from tests.factories.sales import make_customer

pytestmark = pytest.mark.django_db
EDIT = "/customers/bulk/edit/"


@pytest.fixture
def five(cast, client, monkeypatch):
    """Five customers of the rep's, of which two are too many for one request and for one transaction."""
    monkeypatch.setattr(bulk_views, "AT_ONCE", 1)
    monkeypatch.setattr(taking_back, "AT_ONCE", 1)
    monkeypatch.setattr(bulk_running, "SOME", 2)
    monkeypatch.setattr(taking_back, "SOME", 2)
    client.force_login(cast.manager)
    return [make_customer(cast.rep, name, tier="C", updated_at=datetime(2026, 5, 1, tzinfo=UTC)) for name in "ABCDE"]


def work(run):
    bulk_runs.work(run.pk, lambda: datetime.now(UTC))


def tiers():
    return "".join(Customer.objects.order_by("name").values_list("tier", flat=True))


def asked(client, five, token="once", **said):
    chosen = {"confirmed": "1", "ids": ",".join(str(one.pk) for one in five), "submit_once": token}
    answer = client.post(EDIT, {**chosen, "tier": "A", **said})
    run = BulkRun.objects.get()
    assert answer["Location"] == reverse("bulk-run-detail", args=[run.pk])
    return run


def left_out(run):
    run.refresh_from_db()
    return [(each["label"], each["reason"]) for each in run.left]


def test_many_are_asked_for_once_and_done_by_a_worker_as_one_operation(client, cast, five):
    dialog = client.post(EDIT, {"row": [one.pk for one in five]}).content.decode()
    assert "It goes on in the background" in dialog
    run, again = asked(client, five), asked(client, five)
    assert (run, tiers()) == (again, "CCCCC")
    assert reverse("bulk-run-detail", args=[run.pk]) in client.get(reverse("operation-list")).content.decode()
    assert 'hx-trigger="every 2s"' in client.get(reverse("bulk-run-detail", args=[run.pk])).content.decode()

    work(run)

    run.refresh_from_db()
    assert (run.state, run.settled, run.changed, run.left_count, tiers()) == ("done", 5, 5, 0, "AAAAA")
    assert Event.objects.filter(type="customer.updated", by=cast.manager).count() == 5
    assert (Operation.objects.get(), Operation.objects.get().values["count"]) == (run.operation, 5)
    assert Notification.objects.get(receiver=cast.manager).url == reverse("bulk-run-detail", args=[run.pk])
    assert "HX-Refresh" in client.get(reverse("bulk-run-progress", args=[run.pk])).headers


def test_taking_many_back_is_a_workers_too_and_leaves_what_was_changed_since(client, cast, five):
    run = asked(client, five)
    work(run)
    operation, url = run_operation(run), reverse("operation-undoing", args=[run_operation(run).pk])
    Customer.objects.filter(pk=five[2].pk).update(tier="B")

    assert client.post(url).status_code == 409
    client.post(url, {"rest": "1"})
    client.post(url, {"rest": "1"})
    undoing = BulkRun.objects.get(undoes=operation)
    page = client.get(reverse("operation-detail", args=[operation.pk])).content.decode()
    assert (tiers(), reverse("bulk-run-progress", args=[undoing.pk]) in page) == ("AABAA", True)
    work(undoing)

    operation.refresh_from_db()
    assert (tiers(), operation.undone_by, [each["label"] for each in operation.kept]) == ("CCBCC", cast.manager, ["C"])
    work(undoing)
    assert Event.objects.filter(type="customer.updated").count() == 5 + 4


def run_operation(run):
    run.refresh_from_db()
    return run.operation


@pytest.mark.parametrize("undo", [False, True])
def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(client, cast, five, monkeypatch, undo):
    run = asked(client, five)
    if undo:
        work(run)
        taking_back.take_back(run_operation(run), by=cast.manager, at=datetime.now(UTC))
        run = BulkRun.objects.exclude(undoes=None).get()
    before, update, calls = Event.objects.filter(type="customer.updated").count(), customers.records.update, []

    def dies_at_the_fourth(*given, **how):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return update(*given, **how)

    monkeypatch.setattr(customers.records, "update", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        work(run)
    run.refresh_from_db()
    assert (run.state, run.settled, sorted(tiers())) == ("running", 2, list("AAACC" if undo else "AACCC"))

    work(run)

    run.refresh_from_db()
    assert (run.state, tiers()) == ("done", "CCCCC" if undo else "AAAAA")
    assert Event.objects.filter(type="customer.updated").count() - before == 5
    assert Operation.objects.count() == 1


def test_who_is_left_out_is_named_with_the_reason(client, cast, five, monkeypatch):
    run = asked(client, five)
    gone, changed, refused = five[0], five[1], five[2]
    Customer.objects.filter(pk=gone.pk).update(owner=cast.outsider, team=cast.south)
    Customer.objects.filter(pk=changed.pk).update(updated_at=datetime.now(UTC) + timedelta(seconds=5))
    Customer.objects.filter(pk=refused.pk).update(number="x" * 60)
    monkeypatch.setattr(
        "crm.web.lists.bulk_running._attempt", refusing(bulk_running._attempt, refused.pk, "Not this one.")
    )

    work(run)

    assert left_out(run) == [
        (f"Customer {gone.pk}", "It is not there any more, or your role does not allow this."),
        ("B", "It was changed after you asked for this."),
        ("C", "Not this one."),
    ]
    assert (run.changed, tiers()) == (2, "CCCAA")
    page = client.get(reverse("bulk-run-detail", args=[run.pk])).content.decode()
    assert "Not this one." in page
    assert "one you cannot see" in page


def refusing(attempt, pk, why):
    from django.core.exceptions import ValidationError

    def tried(run, source, action, ids, *more):
        return ValidationError(why) if pk in ids else attempt(run, source, action, ids, *more)

    return tried


def test_who_may_no_longer_changes_nothing_and_what_stopped_goes_on(client, cast, five):
    run = asked(client, five)
    cast.manager.is_active = False
    cast.manager.save()
    work(run)
    run.refresh_from_db()
    assert (run.state, run.problem, tiers()) == ("failed", "This person no longer works here.", "CCCCC")

    cast.manager.is_active = True
    cast.manager.save()
    client.force_login(cast.manager)
    roles = list(cast.manager.roles.all())
    cast.manager.roles.clear()
    bulk_runs.go_on(run, at=datetime.now(UTC))
    work(run)
    run.refresh_from_db()
    assert (run.state, run.changed, run.left_count, tiers()) == ("done", 0, 5, "CCCCC")
    cast.manager.roles.set(roles)


def test_a_worker_lines_up_again_after_a_turn_so_that_others_get_theirs(client, cast, five, monkeypatch):
    run, rung = asked(client, five), []
    monkeypatch.setattr(bulk_runs, "TURN", timedelta(0))
    monkeypatch.setattr(bulk_runs, "_ring", lambda pk, settled: rung.append((pk, settled)))
    for asked_at, settled in ((0, 2), (0, 2), (2, 4), (4, 5), (5, 5)):  # asked twice, the second finds it further
        bulk_runs.work(run.pk, lambda: datetime.now(UTC), asked_at)
        run.refresh_from_db()
        assert run.settled == settled
    assert (rung, tiers()) == ([(run.pk, 2), (run.pk, 4)], "AAAAA")


def test_a_page_says_that_no_worker_is_at_it(client, cast, five):
    run = asked(client, five)
    progress, said = reverse("bulk-run-progress", args=[run.pk]), "no worker is running, or all are busy"
    assert said not in client.get(progress).content.decode()
    BulkRun.objects.update(touched_at=datetime.now(UTC) - timedelta(minutes=4))
    assert said in client.get(progress).content.decode()
    assert said in client.get(reverse("bulk-run-detail", args=[run.pk])).content.decode()
    BulkRun.objects.update(touched_at=datetime.now(UTC))
    assert said not in client.get(progress).content.decode()


def test_one_that_is_stopped_keeps_what_it_did_says_how_much_and_is_undone_or_gone_on_with(client, cast, five):
    run = asked(client, five)
    page, stop = (reverse(f"bulk-run-{name}", args=[run.pk]) for name in ("detail", "stopping"))
    assert stop in client.get(page).content.decode()
    bulk_runs.some(run.pk, datetime.now(UTC))
    shown = client.post(stop, follow=True).content.decode()
    assert "Stopped: 2 records were changed." in shown
    work(run)
    run.refresh_from_db()
    assert (run.state, run.changed, tiers()) == ("stopped", 2, "AACCC")
    bulk_runs.go_on(run, at=datetime.now(UTC))
    bulk_runs.some(run.pk, datetime.now(UTC))
    assert tiers() == "AAAAC"
    client.force_login(cast.administrator)
    client.post(stop)
    told = Notification.objects.filter(receiver=cast.manager).order_by("pk").last()
    assert told.text == "Customers: Change fields stopped: 4 changed so far."
    client.force_login(cast.manager)
    client.post(stop)  # a second time changes nothing
    assert Notification.objects.filter(receiver=cast.manager).count() == 1
    client.post(reverse("operation-undoing", args=[run_operation(run).pk]))
    undoing = BulkRun.objects.filter(undoes__isnull=False).first()
    if undoing is not None:
        assert client.post(reverse("bulk-run-stopping", args=[undoing.pk])).status_code == 302
        work(undoing)  # taking back is not stopped half-way
    assert tiers() == "CCCCC"
    going_on = reverse("bulk-run-going-on", args=[run.pk])
    assert going_on not in client.get(page).content.decode()
    client.post(going_on)  # by a page from before
    work(run)
    assert tiers() == "CCCCC"


def test_nobody_sees_or_goes_on_with_what_another_asked_for(client, cast, five):
    run = asked(client, five)
    client.force_login(cast.rep)
    for name in ("detail", "progress"):
        assert client.get(reverse(f"bulk-run-{name}", args=[run.pk])).status_code == 404
    for name in ("going-on", "stopping"):
        assert client.post(reverse(f"bulk-run-{name}", args=[run.pk])).status_code == 404
    run.refresh_from_db()
    assert run.state == "running"


def test_what_is_still_going_on_cannot_be_taken_back_yet(client, cast, five):
    run = asked(client, five)
    bulk_runs.some(run.pk, datetime.now(UTC))
    answer = client.post(reverse("operation-undoing", args=[run_operation(run).pk]))
    assert (answer.status_code, "This is still going on." in answer.content.decode()) == (422, True)
    assert tiers() == "AACCC"


def test_few_sent_twice_by_the_same_form_are_changed_once(client, cast, five, monkeypatch):
    monkeypatch.setattr(bulk_views, "AT_ONCE", 300)
    chosen = {"confirmed": "1", "ids": str(five[0].pk), "submit_once": "twice", "tier": "A"}
    client.post(EDIT, chosen)
    Customer.objects.filter(pk=five[0].pk).update(tier="B")
    assert client.post(EDIT, chosen).status_code == 302
    assert Customer.objects.get(pk=five[0].pk).tier == "B"


def test_a_worker_finds_the_rows_of_every_list_without_a_request(cast):
    get_resolver().url_patterns  # noqa: B018  (the lists register as their addresses are loaded)
    tried = set()
    for name, declared in registry.all_lists().items():
        for action in declared.bulk_actions:
            run = BulkRun(by=cast.administrator, asked={"list": name, "place": {}, "action": action.code})
            source = bulk_running.source_of(run)
            assert list(bulk_running.permitted(source, action, [1])) == [], name
            assert str(action.label) in bulk_running.title_of(run)
            tried.add(name)
    assert {"customer-list", "pool-list", "duplicate-list", "lead-list", "ticket-list", "contract-list"} <= tried
