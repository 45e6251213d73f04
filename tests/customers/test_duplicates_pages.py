from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.models import Event, Notification, Operation
from customers.actions import customers, duplicates
from customers.models import Contact, Customer, Duplicate, duplicate, matching
from customers.models.match_key import of_values
from tests.factories.customers import make_activity, make_contact, make_customer
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db
CHECK, ASK = reverse("duplicate-check"), reverse("duplicate-collaboration")


@pytest.fixture
def theirs(cast):
    """A customer of the other team, every text of which is a word of its own."""
    customer = make_customer(
        cast.outsider, "華為（集團）有限公司", number="CANARY1", email="canary2@canary3.example",
        phone="+8613800000001", city="canary4", industry="canary5", notes="canary6",
    )  # fmt: skip
    make_contact(cast.outsider, "canary7", customer=customer, email="canary8@canary9.example")
    return customer


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "华为"},
        {"number": "canary-1"},
        {"email": "Canary2@canary3.example"},
        {"phone": "+86 138 0000 0001"},
        {"website": "www.canary3.example"},
        {"email": "canary8@canary9.example"},
        {"kind": "contact", "email": "canary8@canary9.example"},
    ],
)
def test_of_what_one_may_not_see_only_the_team_is_said(client, cast, theirs, typed):
    client.force_login(cast.rep)
    page = client.post(CHECK, typed).content.decode()
    assert "One like this exists, with team South." in page
    said = page.replace("Ask to collaborate", "").lower()
    for word in [f"canary{number}" for number in range(1, 10)] + [
        "華為",
        "1380000",
        "138 0000",
        "olaf",
        f"/{theirs.pk}/",
    ]:
        assert word not in said, word


def test_what_one_may_see_is_named_with_a_link_and_why(client, cast):
    mine = make_customer(cast.rep, "Acme Ltd", email="info@acme.example")
    make_customer(cast.rep, "Somebody else", email="x@other.example")
    client.force_login(cast.rep)
    page = client.post(CHECK, {"name": "ACME", "email": "sales@acme.example"}).content.decode()
    assert f'href="/customers/{mine.pk}/"' in page
    assert "same domain, same name" in page
    assert "Somebody else" not in page
    assert client.post(CHECK, {"name": "Nobody yet", "email": "a@gmail.com"}).content.strip() == b""


def test_who_may_only_create_contacts_is_told_of_contacts_only(client, cast):
    bob = make_contact(cast.rep, "Bob", email="bob@x.example")
    client.force_login(cast.agent)
    page = client.post(CHECK, {"kind": "contact", "email": "bob@x.example"})
    assert f'href="/contacts/{bob.pk}/"' in page.content.decode()
    assert client.post(CHECK, {"email": "bob@x.example"}).status_code == 403


def test_asking_tells_the_owner_once_a_week_and_of_a_few_a_day(client, cast, theirs, now):
    client.force_login(cast.rep)
    typed = {"name": "华为", "team": cast.south.pk}
    headers = {"HX-Request": "true"}
    answers = [client.post(ASK, typed, headers=headers).content.decode() for _ in range(2)]
    assert all("The owner has been asked" in answer and "華為" not in answer for answer in answers)
    told = Notification.objects.get(receiver=cast.outsider)
    assert told.text == "Rosa Rep would like to work with you on 華為（集團）有限公司."
    event = Event.objects.get(type="customer.collaboration_asked")
    assert (event.by, event.subject_id) == (cast.rep, theirs.pk)

    for number in range(duplicates.ASKS_A_DAY):
        make_customer(cast.outsider, f"Other {number}")
        client.post(ASK, {"name": f"Other {number}", "team": cast.south.pk})
    assert Notification.objects.filter(receiver=cast.outsider).count() == duplicates.ASKS_A_DAY
    # What one sees there is nobody to ask about.
    make_customer(cast.rep, "Mine")
    assert (
        "nobody to ask" in client.post(ASK, {"name": "Mine", "team": cast.north.pk}, headers=headers).content.decode()
    )


def test_a_new_one_is_saved_when_the_person_says_that_it_is_another(client, cast, theirs):
    client.force_login(cast.rep)
    make_contact(cast.rep, "Bob", email="bob@x.example")
    for kind, model, values in [
        ("customer", Customer, {"name": "华为", "form": "organisation"}),
        ("contact", Contact, {"name": "Bobby", "email": "bob@x.example"}),
    ]:
        before = model.objects.count()
        refused = client.post(reverse(f"{kind}-new"), values)
        assert (refused.status_code, model.objects.count()) == (422, before)
        assert "It is none of these" in refused.content.decode()
        assert client.post(reverse(f"{kind}-new"), {**values, "not_the_same": "1"}).status_code == 302
        assert model.objects.count() == before + 1
        assert Event.objects.filter(type=f"{kind}.created_apart", by=cast.rep).count() == 1


def test_the_scan_finds_pairs_in_one_statement_and_remembers_what_is_not_the_same(cast, now, django_assert_num_queries):
    acme = make_customer(cast.rep, "Acme Ltd", phone="+442079460958")
    again = make_customer(cast.rep, "ACME Limited", phone="+442079460958")
    third = make_customer(cast.rep, "The Acme Company")
    parent = make_customer(cast.rep, "Holding", website="https://holding.example")
    make_customer(cast.rep, "Part", parent=parent, website="https://www.holding.example")  # known to be two
    for _ in range(2):
        make_customer(cast.rep, "张伟", form="person")  # people of one name are many
    with django_assert_num_queries(3):
        assert duplicate.scan(now) == 3
    found = {(row.first_id, row.second_id): (row.signs, row.strength) for row in Duplicate.objects.all()}
    assert found == {
        (acme.pk, again.pk): ([3, 5], 2), (acme.pk, third.pk): ([5], 1), (again.pk, third.pk): ([5], 1),
    }  # fmt: skip

    duplicates.dismiss(Duplicate.objects.get(first=acme, second=third), by=cast.rep, at=now)
    customers.update(again, {"name": "Bolt"}, by=cast.rep, at=now)
    assert duplicate.scan(now + timedelta(days=1)) == 1
    assert Duplicate.objects.get(dismissed_at=None).signs == [3]
    assert Duplicate.objects.get(second=third).dismissed_by == cast.rep


def test_a_pair_is_for_those_who_may_edit_both(client, cast, now):
    mine = make_customer(cast.rep, "Acme Ltd")
    make_customer(cast.outsider, "ACME GmbH")
    make_customer(cast.rep, "Bolt"), make_customer(cast.rep, "Bolt Inc")
    duplicate.scan(now)
    assert Duplicate.objects.visible_to(cast.rep).count() == 1
    assert Duplicate.objects.visible_to(cast.teammate).count() == 0
    assert Duplicate.objects.visible_to(cast.administrator).count() == 2
    client.force_login(cast.rep)
    page = client.get(reverse("duplicate-list")).content.decode()
    assert "Bolt Inc" in page
    assert "1 record" in page
    assert "ACME GmbH" not in page
    assert mine.name not in page


def test_merging_in_the_browser_and_taking_it_back(client, cast):
    master = make_customer(cast.rep, "Acme Ltd", city="Leeds", notes="First")
    other = make_customer(cast.rep, "ACME", number="HRB 77", notes="Second")
    make_activity(cast.rep, other, "Called")
    duplicate.scan(timezone.now())
    client.force_login(cast.rep)
    url = reverse("customer-merge", args=[master.pk, other.pk])
    page = client.get(url).content.decode()
    assert "Activities: <span" in page
    assert "HRB 77" in page

    values = {
        "version_master": 1,
        "version_other": 1,
        "name": "master",
        "city": "master",
        "number": "other",
        "notes": "both",
    }
    stale = client.post(url, {**values, "version_other": 7})
    assert (stale.status_code, Operation.objects.count()) == (409, 0)
    assert client.post(url, values)["Location"] == f"/customers/{master.pk}/"
    master.refresh_from_db()
    assert (master.number, master.city, master.notes) == ("HRB 77", "Leeds", "First\n\nSecond")
    assert client.get(f"/customers/{other.pk}/")["Location"] == f"/customers/{master.pk}/"
    assert "was merged into it" in client.get(f"/customers/{master.pk}/").content.decode()
    assert client.get(reverse("duplicate-list")).content.decode().count("ACME") == 0

    operation = Operation.objects.get()
    listed = client.get(reverse("operation-list")).content.decode()
    assert "Merged ACME into Acme Ltd" in listed
    customers.update(master, {"city": "Hull"}, by=cast.rep, at=timezone.now())
    customers.update(master, {"number": "HRB 78"}, by=cast.rep, at=timezone.now())
    undo = reverse("operation-undoing", args=[operation.pk])
    client.force_login(cast.teammate)
    assert client.post(undo).status_code == 404
    client.force_login(cast.rep)
    refused = client.post(undo)
    assert refused.status_code == 409
    assert "Changed since: registration number." in refused.content.decode()
    elsewhere = client.post(f"{undo}?back=https://elsewhere.example/", {"rest": "1"})
    assert elsewhere["Location"] == reverse("operation-detail", args=[operation.pk])
    master.refresh_from_db()
    assert (master.number, master.city, master.notes) == ("HRB 78", "Hull", "First")
    assert client.get(f"/customers/{other.pk}/").status_code == 200


def test_handing_many_over_is_undone_with_the_work_that_went_along(client, cast, now):
    from crm.events import delivering
    from tests.factories.sales import make_opportunity

    mine = [make_customer(cast.rep, name, at=now) for name in ("One", "Two")]
    opportunity = make_opportunity(cast.rep, name="Deal", customer=mine[0])
    at = now + timedelta(hours=1)
    customers.hand_over_many(mine, to=cast.teammate, by=cast.manager, at=at)
    delivering.deliver_due(timezone.now())
    opportunity.refresh_from_db()
    assert opportunity.owner == cast.teammate
    customers.update(mine[1], {"owner": cast.manager}, by=cast.manager, at=at)

    client.force_login(cast.manager)
    operation = Operation.objects.get()
    assert operation.text == "Handed over to Tom Teammate"
    from crm.actions import journal

    journal.undo(operation, by=cast.manager, at=at, rest=True)
    opportunity.refresh_from_db()
    assert opportunity.owner == cast.rep
    assert list(Customer.objects.order_by("pk").values_list("owner__name", flat=True)) == ["Rosa Rep", "Mia Manager"]


def test_a_lead_is_matched_by_the_same_keys(cast):
    from customers.sales.models.lead_matches import matches

    make_customer(cast.rep, "華為（集團）有限公司", email="info@huawei.example")
    make_customer(cast.outsider, "华为")
    lead = make_lead(cast.rep, "Li", organisation="华为集团", email="li@huawei.example")
    assert [(match.customer.name, list(map(str, match.reasons))) for match in matches(cast.rep, lead)] == [
        ("華為（集團）有限公司", ["same domain", "same name"])
    ]


def test_the_check_is_one_statement(cast, django_assert_num_queries):
    make_customer(cast.rep, "Acme Ltd", phone="+442079460958")
    with django_assert_num_queries(1):
        found = matching.customers(of_values(name="acme", phone="+442079460958", email="a@b.example"))
    assert [alike.signs for alike in found] == [(3, 5)]
