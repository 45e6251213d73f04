"""What was won or lost stays as it was sold, unless somebody who may correct it says why."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.actions import journal
from crm.models import Event, Operation, RoleGrant, User
from customers.sales.actions import credit, opportunities, opportunity_lines
from customers.sales.models import Opportunity, Pipeline
from tests.crm import test_import_runs as import_runs
from tests.factories.sales import default_pipeline, lost_reason, make_customer, make_opportunity, make_product

HOUR = timedelta(hours=1)


@pytest.fixture
def won(cast, now):
    assert default_pipeline().locks_closed  # the shipped one
    return opportunities.win(make_opportunity(cast.rep, at=now), by=cast.rep, at=now + HOUR)


def stands(opportunity):
    return Opportunity.objects.filter(pk=opportunity.pk).values().get()


def test_what_was_sold_is_refused_to_whoever_may_not_correct_it(cast, now, won):
    line = opportunity_lines.Line(make_product(), Decimal(1), Decimal(5))
    half = [credit.Share(cast.rep, Decimal("0.5")), credit.Share(cast.teammate, Decimal("0.5"))]
    how = {"by": cast.rep, "at": now + 2 * HOUR}
    writes = [
        (lambda: opportunities.update(won, {"amount": Decimal(2)}, **how), "keeps this: amount"),
        (
            lambda: opportunities.update(won, {"currency": "EUR", "amount": Decimal(2)}, **how),
            "amount, currency",
        ),
        (lambda: opportunities.update(won, {"expected_close": now.date()}, **how), "this: expected close"),
        (lambda: opportunities.update(won, {"customer": make_customer(cast.rep, "Other")}, **how), "this: customer"),
        (lambda: opportunities.hand_over(won, owner=cast.teammate, **how), "this: owner"),
        (lambda: opportunities.update(won, {"amount": Decimal(2)}, overriding="Please", **how), "ask a manager"),
        (lambda: opportunity_lines.replace(won, [line], **how), "this: products"),
        (lambda: credit.divide(won, kind="revenue", shares=half, reason="Helped", **how), "this: credit"),
    ]
    before, events = stands(won), Event.objects.count()
    for write, sentence in writes:
        with pytest.raises(ValidationError, match=sentence):
            write()
    assert (stands(won), Event.objects.filter(subject_kind="opportunity").count()) == (before, 2)
    assert Event.objects.count() - events <= 2  # the other customer and the product made above
    changed = opportunities.update(won, {"notes": "Thanks", "amount": won.amount}, **how)
    assert (changed.notes, changed.amount) == ("Thanks", Decimal("1000.00"))
    reopened = opportunities.reopen(changed, **how)
    assert opportunities.update(reopened, {"amount": Decimal(2)}, **how).amount == 2


def test_a_manager_corrects_it_with_a_reason_that_is_kept(cast, now, won):
    how = {"by": cast.manager, "at": now + 2 * HOUR}
    with pytest.raises(ValidationError, match="say why this changes: amount"):
        opportunities.update(won, {"amount": Decimal(900)}, **how)
    corrected = opportunities.update(won, {"amount": Decimal(900)}, overriding=" Typed  wrongly ", **how)
    assert corrected.amount == 900
    event = Event.objects.get(type="opportunity.closed_corrected")
    assert (event.by, event.data) == (cast.manager, {"fields": ["amount"], "reason": "Typed wrongly"})
    line = opportunity_lines.Line(make_product(), Decimal(2), Decimal(400))
    assert opportunity_lines.replace(corrected, [line], overriding="Another product", **how).amount == 800
    assert opportunities.hand_over(won, owner=cast.teammate, overriding="He left", **how).owner == cast.teammate
    told = Event.objects.filter(type="opportunity.closed_corrected").order_by("pk").values_list("data", flat=True)
    assert [one["fields"] for one in told] == [["amount"], ["lines"], ["owner"]]


def test_a_pipeline_that_does_not_lock_leaves_it_to_whoever_may_edit(cast, now, won):
    Pipeline.objects.update(locks_closed=False)
    assert opportunities.update(won, {"amount": Decimal(900)}, by=cast.rep, at=now + 2 * HOUR).amount == 900
    with pytest.raises(ValidationError, match="what was sold stays"):
        opportunity_lines.replace(
            won, [opportunity_lines.Line(make_product(), Decimal(1), Decimal(5))], by=cast.rep, at=now
        )


def test_a_handover_of_many_leaves_what_is_closed_and_taking_one_back_asks_too(cast, now, won):
    still_open = make_opportunity(cast.rep, at=now, customer=won.customer, name="Open")
    both = Opportunity.objects.filter(pk__in=[won.pk, still_open.pk])
    assert opportunities.hand_over_many(both, owner=cast.teammate, by=cast.manager, at=now + 2 * HOUR) == 1
    assert stands(won)["owner_id"] == cast.rep.pk
    lost = opportunities.lose(still_open, reason=lost_reason(), by=cast.teammate, at=now + 3 * HOUR)
    with pytest.raises(ValidationError, match="this: owner"):
        opportunities.put_back(lost, {"owner": cast.rep}, by=cast.rep, at=now + 4 * HOUR)
    journal.undo(Operation.objects.get(), by=cast.manager, at=now + 4 * HOUR)
    assert stands(still_open)["owner_id"] == cast.rep.pk
    assert Event.objects.get(type="opportunity.closed_corrected").data["fields"] == ["owner"]


def test_page_and_programs_say_what_to_do_and_take_the_reason(client, cast, now, won):
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(cast.rep, backend=backend)
    page = reverse("opportunity-edit", args=[won.pk])
    form = client.get(page).context["form"]
    assert {name for name, field in form.fields.items() if field.disabled} == {
        "amount", "currency", "customer", "expected_close", "product"
    }  # fmt: skip
    sent = {"name": won.name, "notes": "New", "amount": "5", "version": won.version}
    assert client.post(page, sent).status_code == 302
    assert (stands(won)["amount"], stands(won)["notes"]) == (Decimal("1000.00"), "New")
    api = f"/api/v1/opportunities/{won.pk}/"

    def patch(**body):
        return client.patch(api, json.dumps(body), content_type="application/json", headers={"If-Match": "*"})

    refused = patch(amount="5.00", overriding="I say so")
    assert (refused.status_code, "ask a manager" in refused.content.decode()) == (400, True)
    client.force_login(cast.manager, backend=backend)
    form = client.get(page).context["form"]
    sent |= {name: form[name].value() or "" for name in ("customer", "currency", "version", "name")} | {"amount": "950"}
    refused = client.post(page, sent)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["overriding"])
    assert client.post(page, sent | {"overriding": "Typed wrongly"}).status_code == 302
    assert stands(won)["amount"] == 950
    assert patch(amount="5.00").status_code == 400
    assert patch(amount="940.00", overriding="Agreed later").json()["amount"] == "940.00"


def test_a_file_changes_what_is_closed_only_for_who_may_correct_it(cast, now, won):
    Opportunity.objects.filter(pk=won.pk).update(external_id="17")
    fields = {"external_id": "no", "name": "name", "customer": "customer", "amount": "worth", "notes": "notes"}

    def bring(person, worth):
        text = f"no,name,customer,worth,notes\n17,{won.name},{won.customer},{worth},From the file\n"
        batch = import_runs.run(import_runs.stage(text, person, "opportunity", fields=fields))
        return batch, import_runs.told(batch)[0]

    right = RoleGrant.objects.filter(role__code="sales_manager", kind="closed_correction")
    verb, reach, role = right.values_list("verb", "reach", "role_id").get()
    right.delete()
    _batch, row = bring(User.objects.get(pk=cast.manager.pk), 5)
    assert row[1:3] == ("error", "What is closed keeps this: amount. Reopen it first, or ask a manager to correct it.")
    assert (stands(won)["amount"], stands(won)["notes"]) == (Decimal("1000.00"), "")
    RoleGrant.objects.create(role_id=role, kind="closed_correction", verb=verb, reach=reach)
    batch, row = bring(User.objects.get(pk=cast.manager.pk), 950)
    assert (row[1], stands(won)["amount"]) == ("updated", 950)
    import_runs.undo(batch)
    assert (stands(won)["amount"], stands(won)["notes"]) == (950, "")
    import_runs.undo(batch, force=True)
    assert stands(won)["amount"] == 1000


def test_a_file_is_refused_row_by_row_where_it_would_change_what_is_closed_and_the_rest_comes_in(cast, now, won):
    """Whoever may not correct: each field for itself, in the check as in the run; what is open is changed."""
    RoleGrant.objects.filter(kind="closed_correction").delete()
    person = User.objects.get(pk=cast.manager.pk)
    pump, acme = make_product("Pump"), won.customer

    def sold(name, number, **fields):
        made = make_opportunity(cast.rep, at=now, customer=acme, name=name, external_id=number, **fields)
        return opportunities.win(made, by=cast.rep, at=now + HOUR)

    for number, name in enumerate(("Amount", "Currency", "Product", "Close", "Owner", "Team", "Notes", "Date"), 1):
        sold(name, str(number))
    make_opportunity(cast.rep, at=now, customer=acme, name="Open", external_id="9")
    opportunities.reopen(sold("Reopened", "10"), by=cast.rep, at=now + HOUR)
    fields = {"external_id": "no", "name": "name", "customer": {"constant": acme.name}, "amount": "worth",
              "currency": "cur", "product": "article", "expected_close": "close", "owner": "who", "team": "team",
              "notes": "notes", "stage": "stage", "stage_at": "since"}  # fmt: skip
    text = f"""no,name,worth,cur,article,close,who,team,notes,stage,since
1,Amount,5,,,,,,,,
2,Currency,,EUR,,,,,,,
3,Product,,,{pump},,,,,,
4,Close,,,,2026-09-09,,,,,
5,Owner,,,,,{cast.teammate},,,,
6,Team,,,,,,{cast.south},,,
7,Notes,,,,,,,Thanks,,
8,Date,,,,,,,,{won.stage},2026-05-13 23:00
9,Open,5,,,,,,,,
10,Reopened,5,,,,,,,,
"""
    before = {each.name: stands(each) for each in Opportunity.objects.all()}
    batch = import_runs.stage(text, person, "opportunity", fields=fields)
    import_runs.running.check(batch, at=import_runs.NOW)
    checked = import_runs.told(batch)
    import_runs.run(batch)
    assert import_runs.told(batch) == checked
    said = {number - 1: (outcome, reason) for number, outcome, reason, _changes in checked}
    keeps = "What is closed keeps this: {}. Reopen it first, or ask a manager to correct it."
    locked = {1: "amount", 2: "currency", 3: "product", 4: "expected close", 5: "owner", 6: "team"}
    assert {number: said[number] for number in locked} == {
        number: ("error", keeps.format(name)) for number, name in locked.items()
    }
    after = {each.name: stands(each) for each in Opportunity.objects.all()}
    changed = {name for name, values in after.items() if values != before[name]}
    assert changed == {"Notes", "Open", "Reopened"}
