"""The customer pool: one gets what two want, limits hold, and what nobody looks after comes back."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from crm.access.permissions import Reach
from crm.actions import journal
from crm.events.delivering import deliver_due
from crm.models import Event, Notification, Operation
from customers.actions import customers, pool
from customers.models import Customer, PooledCustomer, PoolMove, PoolRule, holding
from customers.sales.actions import opportunities
from tests.factories.customers import make_activity, make_customer
from tests.factories.sales import make_opportunity


@pytest.fixture
def pooled(cast, now):
    """A customer of the north that nobody owns, because its owner had no time."""
    return pool.release(make_customer(cast.teammate), reason="No time", by=cast.teammate, at=now)


def owner_of(customer):
    return Customer.objects.get(pk=customer.pk).owner


def test_a_claimed_customer_is_the_claimants_and_its_history_says_who_had_it(cast, pooled, now):
    later = now + timedelta(days=1)
    claimed = pool.claim(pooled, by=cast.rep, at=later)

    assert (claimed.owner, claimed.team) == (cast.rep, cast.north)
    held = [(one.owner, one.since, one.reason) for one in holding.of(claimed)]
    assert held == [(cast.rep, later, ""), (None, now, "No time"), (cast.teammate, held[2][1], "")]
    kinds = Event.objects.filter(subject_kind="customer").order_by("pk").values_list("type", flat=True)
    assert list(kinds) == ["customer.created", "customer.released", "customer.claimed"]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PoolMove.objects.update(reason="Another")


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"capacity": 1}, "You have 1 customer, as many as you may"),
        ({"claims_per_day": 1}, "You claimed 1 customer today"),
        ({"reclaim_after_days": 30}, "for 30 days the others may claim it first"),
    ],
)
def test_limits_of_the_nearest_team_are_kept(cast, pooled, now, rule, sentence):
    PoolRule.objects.create(team=cast.company, capacity=500)
    PoolRule.objects.create(team=cast.north, **rule)
    second = pool.release(make_customer(cast.rep, "Second"), reason="Too far", by=cast.rep, at=now)
    pool.claim(pooled, by=cast.rep, at=now)

    with pytest.raises(ValidationError, match=sentence):
        pool.claim(second, by=cast.rep, at=now)

    assert owner_of(second) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_at_once_one_gets_it_and_the_other_is_told(cast, pooled, now):
    said = []

    def claim(person):
        try:
            pool.claim(pooled, by=person, at=now)
            said.append(person.pk)
        except ValidationError as error:
            said.append(error.messages[0])
        finally:
            connection.close()

    both = [Thread(target=claim, args=[person]) for person in (cast.rep, cast.junior)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    winner = owner_of(pooled).pk
    assert sorted(map(str, said)) == [str(winner), "Somebody was faster: Acme Ltd is no longer in the pool."]
    assert PoolMove.objects.filter(type="claimed").count() == 1


def test_who_sees_which_pool(cast, pooled, now):
    company = pool.release(make_customer(cast.rep, "Far"), reason="Far", by=cast.rep, at=now, to_company=True)
    seen = {
        name: sorted(PooledCustomer.objects.visible_to(getattr(cast, name)).values_list("name", flat=True))
        for name in ("rep", "outsider", "manager", "agent")
    }
    assert seen == {"rep": ["Acme Ltd", "Far"], "outsider": ["Far"], "manager": ["Acme Ltd", "Far"], "agent": []}
    assert pool.claim(company, by=cast.outsider, at=now).team == cast.south


def test_quiet_customers_are_announced_then_released_once(cast, now):
    PoolRule.objects.create(release_after_days=30, warn_days=7, protected_days=60)
    start = now - timedelta(days=25)
    quiet, called, noted, sold = (
        make_customer(cast.rep, name, at=start) for name in ("Quiet", "Called", "Noted", "Sold")
    )
    make_activity(cast.rep, called, at=now - timedelta(days=3))
    make_activity(cast.rep, noted, at=now - timedelta(days=3), type="note", direction="none")
    opportunities.win(make_opportunity(cast.rep, customer=sold, at=start), by=cast.rep, at=start)

    for _again in range(2):
        assert pool.release_quiet(now) == 0
        pool.warn_owners(now)
    warned = Notification.objects.filter(receiver=cast.rep, message__startswith="%(customer)s goes to the pool")
    assert sorted(each.values["customer"] for each in warned) == ["Noted", "Quiet"]

    due = start + timedelta(days=30)
    assert pool.release_quiet(due - timedelta(seconds=1)) == 0
    assert [pool.release_quiet(due), pool.release_quiet(due)] == [2, 0]
    assert sorted(Customer.objects.unowned().values_list("name", flat=True)) == ["Noted", "Quiet"]
    assert PoolMove.objects.get(customer=quiet).reason == "No contact for 30 days."
    assert Notification.objects.filter(message__contains="in the pool again").count() == 2
    # A claim protects: 60 days, although nobody was in touch for longer than 30.
    pool.claim(quiet, by=cast.teammate, at=due)
    assert pool.release_quiet(due + timedelta(days=59)) == 2  # those called and sold meanwhile
    assert owner_of(quiet) == cast.teammate
    assert pool.release_quiet(due + timedelta(days=60)) == 1


def test_a_new_rule_announces_what_it_finds_overdue_before_it_releases_it(client, cast, now):
    overdue = make_customer(cast.rep, "Overdue", at=now - timedelta(days=400))
    client.force_login(cast.administrator)
    said = {"release_after_days": 90, "warn_days": 7, "protected_days": 0, "reclaim_after_days": 0}
    assert client.post(reverse("admin:customers_poolrule_add"), said).status_code == 302
    begins = PoolRule.objects.get().releases_since
    assert (pool.release_quiet(begins), pool.warn_owners(begins)) == (0, 1)
    assert pool.release_quiet(begins + timedelta(days=6)) == 0
    assert pool.release_quiet(begins + timedelta(days=7)) == 1
    overdue.refresh_from_db()
    assert overdue.owner is None


def test_a_customer_that_comes_under_a_stricter_rule_is_announced_before_it_is_released(client, cast, now):
    PoolRule.objects.create(release_after_days=300, warn_days=7, protected_days=0)
    strict = PoolRule.objects.create(team=cast.south, release_after_days=30, warn_days=7, protected_days=0)
    since = now - timedelta(days=90)
    moved, stays = (make_customer(cast.outsider, name, at=since, team=cast.north) for name in ("Moved", "Stays"))
    customers.update(moved, {"team": cast.south}, by=cast.manager, at=now)
    customers.change_lifecycle(moved, to="active", by=cast.manager, at=now + timedelta(hours=1))
    client.force_login(cast.outsider)
    assert (pool.release_quiet(now), pool.warn_owners(now)) == (0, 1)
    warned = Notification.objects.get(receiver=cast.outsider, message__startswith="%(customer)s goes to the pool")
    assert warned.values == {"customer": "Moved", "day": timezone.localdate(now + timedelta(days=7)).isoformat()}
    assert pool.release_quiet(now + timedelta(days=7, seconds=-1)) == 0
    assert [pool.release_quiet(now + timedelta(days=7)) for _twice in range(2)] == [1, 0]
    assert (owner_of(moved), owner_of(stays)) == (None, cast.outsider)
    # The same where the stricter rule counts from then on because a milder one was taken away.
    PoolRule.objects.filter(team=None).update(release_after_days=30)
    strict.release_after_days, strict.team = 300, cast.north
    strict.save()
    client.force_login(cast.administrator)
    assert client.post(reverse("admin:customers_poolrule_delete", args=[strict.pk]), {"post": "yes"}).status_code == 302
    begins = PoolRule.objects.get().releases_since
    assert (pool.release_quiet(begins), pool.warn_owners(begins)) == (0, 1)
    assert pool.release_quiet(begins + timedelta(days=7)) == 1


def test_a_team_moved_in_the_tree_brings_its_customers_under_a_rule_that_announces_before_it_releases(
    client, cast, now, django_capture_on_commit_callbacks
):
    PoolRule.objects.create(release_after_days=300, warn_days=7, protected_days=0)
    strict = PoolRule.objects.create(team=cast.south, release_after_days=30, warn_days=7, protected_days=0)
    make_customer(cast.rep, "Moved", at=timezone.now() - timedelta(days=90))
    client.force_login(cast.administrator)
    said = {"name": "North", "parent": cast.south.pk}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("admin:crm_team_change", args=[cast.north.pk]), said).status_code == 302
    deliver_due(timezone.now())
    begins = PoolRule.objects.get(pk=strict.pk).releases_since
    assert (pool.release_quiet(begins), pool.warn_owners(begins)) == (0, 1)
    assert [pool.release_quiet(begins + timedelta(days=days)) for days in (6, 7)] == [0, 1]
    # A team with a rule of its own takes it along: nothing begins anew.
    own = PoolRule.objects.create(team=cast.north, release_after_days=60, warn_days=7, protected_days=0)
    client.post(reverse("admin:crm_team_change", args=[cast.north.pk]), {"name": "North", "parent": cast.company.pk})
    deliver_due(timezone.now())
    own.refresh_from_db()
    assert own.releases_since is None


def test_what_the_rules_did_is_told_in_the_words_and_dates_of_whoever_reads_it(client, cast, now):
    PoolRule.objects.create(release_after_days=30, warn_days=7, protected_days=0)
    quiet = make_customer(cast.rep, "Quiet", at=now - timedelta(days=25))
    pool.warn_owners(now)
    warning = Notification.objects.get(receiver=cast.rep, message__startswith="%(customer)s goes to the pool")
    assert warning.text == "Quiet goes to the pool on May 18, 2026 unless you are in touch with them."
    with translation.override("zh-hans"):
        assert "2026年5月18日" in warning.text
    assert pool.release_quiet(now + timedelta(days=5)) == 1

    cast.rep.language = "zh-hans"
    cast.rep.save()
    client.force_login(cast.rep)
    for url in (reverse("pool-list"), reverse("customer-holders", args=[quiet.pk])):
        page = client.get(url).content.decode()
        assert ("已 30 天没有联系。" in page, "No contact" in page) == (True, False)


def test_the_pages_claim_and_release(client, cast, pooled):
    client.force_login(cast.rep)
    page = client.get(reverse("pool-list")).content.decode()
    assert "No time" in page
    button = f'formaction="{reverse("customer-claim", args=[pooled.pk])}"'
    assert page.count(button) == 1
    cast.rep.roles.get().grants.filter(kind="pool", verb="edit").delete()
    looking = client.get(reverse("pool-list")).content.decode()
    assert ("No time" in looking, button in looking) == (True, False)
    cast.rep.roles.get().grants.create(kind="pool", verb="edit", reach=Reach.TEAM)

    client.post(reverse("customer-claim", args=[pooled.pk]))
    assert owner_of(pooled) == cast.rep
    page = client.post(reverse("customer-claim", args=[pooled.pk]), follow=True)
    refusal = page.content.decode().split('data-level="error"')[1]
    assert "#alert-circle" in refusal[:200]
    assert "Somebody was faster" in page.content.decode()

    address = reverse("customer-release", args=[pooled.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Moves away"})
    assert owner_of(pooled) is None
    assert "Moves away" in client.get(reverse("customer-holders", args=[pooled.pk])).content.decode()

    PoolRule.objects.create(claims_per_day=1)
    bulk = reverse("pool-list-bulk", args=["claim"])
    refused = client.post(bulk, {"ids": str(pooled.pk), "confirmed": "1"}, follow=True)
    assert "You claimed 1 customer today" in refused.content.decode()
    assert owner_of(pooled) is None


def test_a_collaborator_does_not_give_away_what_is_not_theirs(client, cast, now):
    customer = make_customer(cast.rep)
    customers.add_collaborator(customer, user=cast.outsider, by=cast.rep, at=now)
    client.force_login(cast.outsider)

    answer = client.post(reverse("customer-release", args=[customer.pk]), {"reason": "Mine now"})

    assert answer.status_code == 403
    assert owner_of(customer) == cast.rep


def test_many_are_given_back_at_once_by_whoever_has_them_and_taken_back_as_one(client, cast, now):
    mine, theirs = make_customer(cast.rep, "Mine"), make_customer(cast.outsider, "Theirs")
    customers.add_collaborator(theirs, user=cast.rep, by=cast.outsider, at=now)
    client.force_login(cast.rep)
    bulk = reverse("customer-list-bulk", args=["release"])
    ids = {"ids": f"{mine.pk},{theirs.pk}"}
    told = client.post(bulk, ids).content.decode()
    assert "1 of them stays: it is not yours to give away" in told
    assert client.post(bulk, {**ids, "confirmed": "1", "reason": ""}).status_code == 422
    assert owner_of(mine) == cast.rep
    assert client.post(bulk, {**ids, "confirmed": "1", "reason": "Too many"}).status_code == 302
    assert (owner_of(mine), owner_of(theirs)) == (None, cast.outsider)
    assert PoolMove.objects.get().reason == "Too many"
    PoolRule.objects.create(claims_per_day=1)
    more = pool.release(make_customer(cast.rep, "More"), reason="Too many", by=cast.rep, at=now)
    claiming = client.post(reverse("pool-list-bulk", args=["claim"]), {"ids": f"{mine.pk},{more.pk}"})
    assert "Only 1 of them: that is how many you may still claim." in claiming.content.decode()
    journal.undo(Operation.objects.get(message="Released to the pool"), by=cast.rep, at=timezone.now())
    assert (owner_of(mine), owner_of(theirs), owner_of(more)) == (cast.rep, cast.outsider, None)
