"""Records over HTTP: permissions, versions, repetition, and errors a program can act on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm.actions import tokens
from crm.models import Event, IdempotencyKey
from customers.actions import customers
from customers.models import Customer, Task

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def api(cast):
    """Call the API with a token of somebody, by default the rep with every verb."""

    def caller(user=None, verbs=("view", "create", "edit", "delete")):
        at = timezone.now()
        user = user or cast.rep
        _token, secret = tokens.issue(
            user=user, name="test", verbs=list(verbs), expires_at=at + timedelta(days=1), at=at
        )
        client = Client(headers={"authorization": f"Bearer {secret}"})
        client.patched = lambda url, data, **headers: client.patch(url, data, content_type=JSON, headers=headers)
        client.posted = lambda url, data, **headers: client.post(url, data, content_type=JSON, headers=headers)
        return client

    return caller


@pytest.fixture
def acme(cast, now):
    return customers.create(name="Acme", by=cast.rep, at=now)


def test_a_customer_is_read_with_its_etag(api, acme):
    response = api().get(f"/api/v1/customers/{acme.pk}/")
    assert response.status_code == 200
    assert response["ETag"] == '"1"'
    body = response.json()
    assert (body["kind"], body["name"], body["version"]) == ("customer", "Acme", 1)
    assert body["url"] == f"http://testserver/customers/{acme.pk}/"


def test_without_a_token_the_answer_is_401_as_a_problem(acme):
    response = Client().get("/api/v1/customers/")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["title"] == "Who are you?"


def test_another_teams_customer_is_not_found_and_not_listed(api, acme, cast):
    client = api(cast.outsider)
    assert client.get(f"/api/v1/customers/{acme.pk}/").status_code == 404
    assert client.get("/api/v1/customers/").json() == {"next": None, "results": []}


def test_a_token_without_the_verb_is_refused_though_its_owner_may(api, acme):
    client = api(verbs=["view"])
    response = client.posted("/api/v1/customers/", {"name": "New"})
    assert response.status_code == 403
    assert Customer.objects.count() == 1


def test_a_customer_is_created_by_the_action_with_its_event(api, cast):
    response = api().posted("/api/v1/customers/", {"name": "  Beta   GmbH ", "email": "INFO@Beta.example"})
    assert response.status_code == 201, response.json()
    customer = Customer.objects.get()
    assert (customer.name, customer.email, customer.owner, customer.team) == (
        "Beta GmbH", "info@beta.example", cast.rep, cast.north,
    )  # fmt: skip
    assert response["Location"] == f"http://testserver/api/v1/customers/{customer.pk}/"
    assert Event.objects.get(type="customer.created").by == cast.rep


def test_a_wrong_field_is_named_and_nothing_is_written(api):
    response = api().posted("/api/v1/customers/", {"name": "", "lifecycle": "dead", "email": "no"})
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"name", "lifecycle", "email"}
    assert Customer.objects.count() == 0


def test_a_reference_to_something_invisible_does_not_exist(api, acme, cast):
    response = api(cast.outsider).posted("/api/v1/tasks/", {"title": "Call", "customer": acme.pk})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "customer"
    assert Task.objects.count() == 0


def test_a_change_needs_the_version_that_was_read(api, acme):
    client, url = api(), f"/api/v1/customers/{acme.pk}/"
    assert client.patched(url, {"name": "Blind"}).status_code == 428
    assert client.patched(url, {"name": "Stale"}, **{"if-match": '"7"'}).status_code == 412
    acme.refresh_from_db()
    assert acme.name == "Acme"
    response = client.patched(url, {"name": "Acme Ltd"}, **{"if-match": '"1"'})
    assert (response.status_code, response["ETag"], response.json()["name"]) == (200, '"2"', "Acme Ltd")


def test_a_teammates_customer_can_be_read_but_not_changed(api, acme, cast):
    client, url = api(cast.teammate), f"/api/v1/customers/{acme.pk}/"
    assert client.get(url).status_code == 200
    assert client.patched(url, {"name": "Mine"}, **{"if-match": "*"}).status_code == 403
    assert client.delete(url, headers={"if-match": "*"}).status_code == 403
    acme.refresh_from_db()
    assert (acme.name, acme.deleted_at) == ("Acme", None)


def test_one_cannot_give_records_away_without_the_right_to_assign(api, acme, cast):
    response = api().patched(f"/api/v1/customers/{acme.pk}/", {"owner": cast.teammate.pk}, **{"if-match": "*"})
    assert response.status_code == 400
    acme.refresh_from_db()
    assert acme.owner == cast.rep


def test_deleting_moves_to_the_bin(api, acme):
    assert api().delete(f"/api/v1/customers/{acme.pk}/", headers={"if-match": '"1"'}).status_code == 204
    acme.refresh_from_db()
    assert acme.is_in_bin


def test_the_same_post_twice_makes_one_record_and_one_answer(api):
    client = api()
    first = client.posted("/api/v1/customers/", {"name": "Once"}, **{"idempotency-key": "abc"})
    second = client.posted("/api/v1/customers/", {"name": "Once"}, **{"idempotency-key": "abc"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (first["Location"], second["Location"]) == (first["Location"],) * 2
    assert Customer.objects.count() == 1


def test_a_key_used_for_something_else_is_refused(api):
    client = api()
    client.posted("/api/v1/customers/", {"name": "Once"}, **{"idempotency-key": "abc"})
    response = client.posted("/api/v1/customers/", {"name": "Other"}, **{"idempotency-key": "abc"})
    assert response.status_code == 422
    assert Customer.objects.count() == 1


def test_a_failed_post_does_not_use_up_its_key(api):
    client = api()
    assert client.posted("/api/v1/customers/", {"name": ""}, **{"idempotency-key": "abc"}).status_code == 400
    assert IdempotencyKey.objects.count() == 0
    assert client.posted("/api/v1/customers/", {"name": "Right"}, **{"idempotency-key": "abc"}).status_code == 201


def test_the_list_is_paged_to_the_end_without_loss(api, cast, now):
    for number in range(7):
        customers.create(name=f"Customer {number}", by=cast.rep, at=now)
    client, url, names = api(), "/api/v1/customers/?limit=3", []
    while url:
        page = client.get(url).json()
        names += [row["name"] for row in page["results"]]
        url = page["next"]
    assert sorted(names) == [f"Customer {number}" for number in range(7)]


def test_a_copy_read_oldest_first_has_what_is_changed_while_it_is_read(api, cast, now):
    made = [customers.create(name=f"Customer {number}", by=cast.rep, at=now) for number in range(5)]
    client, url, names = api(), "/api/v1/customers/?limit=2&oldest_first=true", []
    while url:
        page = client.get(url).json()
        names += [row["name"] for row in page["results"]]
        url = page["next"]
        if len(names) == 2:  # the first was read already, the fourth not yet
            for read, name in ((made[0], "Read"), (made[3], "Unread")):
                customers.update(read, {"name": name}, by=cast.rep, at=now + timedelta(hours=1))
    assert names == ["Customer 0", "Customer 1", "Customer 2", "Customer 4", "Read", "Unread"]


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=W10", "cursor=%00", "limit=0", "limit=201", "limit=0000001009", "oldest_first=1"],
)
def test_bad_parameters_are_named(api, query):
    response = api().get(f"/api/v1/customers/?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize("address", ["customers", "activities", "teams", "tickets", "pipelines", "custom-fields"])
def test_a_filter_that_is_none_is_refused_and_not_answered_with_everything(api, acme, cast, address):
    client = api(cast.administrator)
    assert client.get(f"/api/v1/{address}/").status_code == 200
    response = client.get(f"/api/v1/{address}/?changed_sinse=2026-05-01T00:00:00Z")
    said = [{"field": "changed_sinse", "message": "There is no such filter here."}]
    assert (response.status_code, response.json()["errors"]) == (400, said)


def test_too_many_requests_of_one_person_are_put_off_and_others_are_not(api, acme, cast, monkeypatch):
    monkeypatch.setattr("crm.api.throttles.PersonThrottle.THROTTLE_RATES", {"person": "2/min"})
    address, mine = f"/api/v1/customers/{acme.pk}/", [api(), api()]  # two tokens are still one person
    answers = [client.get(address) for client in (*mine, mine[0])]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["title"] == "Too many requests"
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert api(cast.manager).get(address).status_code == 200


def test_an_unknown_address_and_method_answer_as_problems(api, acme):
    client = api()
    for response in (client.get("/api/v1/nonsense/"), client.put(f"/api/v1/customers/{acme.pk}/")):
        assert response.status_code in (404, 405)
        assert response["Content-Type"] == "application/problem+json"


LISTS = [
    "customers", "contacts", "activities", "tasks", "products", "opportunities", "orders", "tickets", "queues",
    "pipelines", "currency-rates", "surveys", "invitations", "responses", "measurements",
]  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_takes_the_same_queries_however_many_rows(kind, api, cast):
    from tests.architecture.examples import MAKERS

    noun = {"activities": "activity", "opportunities": "opportunity"}.get(kind, kind.removesuffix("s"))
    client = api(cast.administrator, verbs=["view"])
    counts = []
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for rows in (2, 6):
        for _ in range(rows):
            if noun in MAKERS:
                MAKERS[noun](cast.rep, cast.north)
        client.get(f"/api/v1/{kind}/")
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/api/v1/{kind}/")
        assert response.status_code == 200, response.content
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_an_opportunity_moves_by_a_post_to_its_stage(api, cast, now):
    from customers.sales.actions import opportunities

    acme = customers.create(name="Acme", by=cast.rep, at=now)
    sale = opportunities.open(name="Sale", customer=acme, owner=cast.rep, by=cast.rep, at=now, amount=100)
    won = sale.pipeline.stages.get(outcome="won")
    client, url = api(), f"/api/v1/opportunities/{sale.pk}/"
    response = client.posted(f"{url}stage/", {"stage": won.pk}, **{"if-match": "*"})
    assert response.status_code == 200, response.json()
    changes = client.get(f"{url}stage-changes/").json()
    assert [change["outcome"] for change in changes] == ["open", "won"]
    no_object = client.posted(f"{url}stage/", ["overriding"], **{"if-match": "*"})
    assert (no_object.status_code, no_object.json()["errors"][0]["field"]) == (400, "")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b'{"name": "Acme", "owner": 1e400}', 400, None),
        (b'{"name": NaN}', 400, None),
        (b'{"name": ' + b"[" * 100_000, 400, None),
        (b'{"name": ' + b"[" * 60 + b"]" * 60 + b"}", 400, None),
        (b'{"name": "\xff"}', 400, None),
        (b'{"name": "A\\u0000b"}', 400, "name"),
        (b'{"custom": {"a": ["\\ud800"]}}', 400, "custom.a.0"),
        (b'{"name": "' + b"x" * 10 * 1024 * 1024 + b'"}', 413, None),
    ],
    ids=["infinite", "no number", "bottomless", "deep", "no text", "null", "half a character", "large"],
)
def test_a_body_that_cannot_be_kept_is_refused_in_a_sentence(api, body, status, field):
    answer = api().post("/api/v1/customers/", body, content_type=JSON)
    assert (answer.status_code, answer.json()["status"], Customer.objects.count()) == (status, status, 0)
    assert [one["field"] for one in answer.json().get("errors", [])] == ([field] if field else [])


def test_a_name_that_means_nothing_is_refused_wherever_it_stands(api, acme, cast, now):
    from customers.sales.actions import opportunities, orders, products

    order = orders.create(customer=acme, amount=Decimal(9), currency="USD", owner=cast.rep, by=cast.rep, at=now)
    pump = products.create(name="Pump", price=Decimal(5), currency="USD", by=cast.rep, at=now)
    sale = opportunities.open(name="Sale", customer=acme, owner=cast.rep, by=cast.rep, at=now, amount=100)
    client, line = api(), {"product": pump.pk, "quantity": "1", "unit_price": "5", "total": "5", "rebate": "1"}
    asked = [
        (client.posted, "customers/", {"name": "", "nmae": "x"}, ["nmae", "name"]),
        (client.patched, f"customers/{acme.pk}/", {"city": "Hull", "towns\ud800": 1}, ["towns?"]),
        (client.posted, f"opportunities/{sale.pk}/lines/", {"lines": [line]}, ["lines.0.rebate"]),
        (
            client.posted,
            f"opportunities/{sale.pk}/lines/",
            {"lines": [{"quantity": 1}]},
            ["lines.0.product", "lines.0.unit_price"],
        ),
        (client.posted, "tasks/", {"title": "x", "done": True}, ["done"]),
        (client.patched, f"opportunities/{sale.pk}/", {"amount": "-1"}, ["amount"]),
    ]
    for send, path, body, wrong in asked:
        answer = send(f"/api/v1/{path}", body, **{"if-match": "*"})
        assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, wrong), path
    assert (Customer.objects.count(), sale.lines.count(), Task.objects.count()) == (1, 0, 0)
    one_pump = {"lines": [{"product": pump.pk, "unit_price": "5"}]}
    for send, path in ((client.posted, f"opportunities/{sale.pk}/lines/"), (client.patched, f"orders/{order.pk}/")):
        assert send(f"/api/v1/{path}", one_pump, **{"if-match": "*"}).json()["lines"][0]["quantity"] == "1.00"
    half = client.patched(f"/api/v1/orders/{order.pk}/", {"lines": [{"quantity": 2}]}, **{"if-match": "*"}).json()
    assert [one["field"] for one in half["errors"]] == ["lines.0.product", "lines.0.unit_price"]
    whole = client.get(f"/api/v1/customers/{acme.pk}/").json()
    assert client.patched(f"/api/v1/customers/{acme.pk}/", whole, **{"if-match": '"1"'}).status_code == 200


def test_a_ticket_is_answered_and_resolved(api, cast, now):
    from service.actions import tickets

    ticket = tickets.open(subject="Broken", body="Help", owner=cast.agent, by=cast.agent, at=now)
    client, url = api(cast.agent), f"/api/v1/tickets/{ticket.pk}/"
    assert client.posted(f"{url}answer/", {"body": "Done"}, **{"if-match": "*"}).status_code == 200
    response = client.posted(f"{url}resolution/", {}, **{"if-match": "*"})
    assert response.status_code == 200
    assert response.json()["resolved_at"] is not None
    assert [said["direction"] for said in client.get(f"{url}messages/").json()] == ["inbound", "outbound"]
