"""What an import promises: the check tells what happens, a killed worker loses nothing, undo is exact."""

from __future__ import annotations

import gc
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.validators import validate_email

from crm.actions import records
from crm.exchange import batches, planning, running, undoing, working
from crm.exchange.drafts import Run
from crm.exchange.plain import texts_of
from crm.exchange.unusable import Unusable
from crm.models import ImportBatch, ImportJournal, ImportRow
from customers.actions import contacts, customers
from customers.models import Contact, Customer
from tests.journeys.real_records import dump

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
FIELDS = {"name": "name", "industry": "sector", "employees": "staff", "parent": "part of"}


def stage(text: str, by, target: str = "customer", **profile) -> ImportBatch:
    file = io.BytesIO(text.encode())
    batch = batches.stage(file, target=target, file_name="file.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": FIELDS, **profile}, at=NOW)
    return batch


def run(batch: ImportBatch) -> ImportBatch:
    running.start(batch, at=NOW)
    return running.run(batch)


def undo(batch: ImportBatch, **how) -> ImportBatch:
    undoing.start(batch, at=LATER, **how)
    return undoing.undo(batch, by=batch.by)


def told(batch: ImportBatch) -> list[tuple]:
    return list(ImportRow.objects.filter(batch=batch).values_list("number", "outcome", "reason", "changes"))


MIXED = """name,sector,staff,part of
Acme,technology,12,Umbrella
Globex,retail,many,
Umbrella,retail,3,
Initech,finance,7,Nowhere
Acme,technology,12,Umbrella
Acme,retail,12,Umbrella
Hooli,retail,5,
Short,retail
"""


def test_the_worker_says_what_it_refuses_in_the_words_of_whoever_imports(cast):
    cast.administrator.language = "zh-hans"
    cast.administrator.save()
    fields = {"name": "name", "employees": "staff", "lifecycle": "stage"}
    batch = stage("name,staff,stage\nA,many,\nB,3,active\nC,3,活跃\n", cast.administrator, fields=fields)
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.CHECKING)
    working.work(batch.pk, NOW)
    assert [row[1:3] for row in told(batch)] == [
        ("error", "员工人数：“many”不是数字。"), ("created", ""), ("created", ""),
    ]  # fmt: skip


EVERYTHING = {
    "name": "name", "email": "mail", "employees": "staff", "lifecycle": "stage", "latitude": "north",
    "longitude": "east", "parent": "part of",
}  # fmt: skip


def test_all_that_is_wrong_with_a_row_is_said_at_once_field_by_field(cast, hooli):
    text = """name,mail,staff,stage,north,east,part of
A,not a mail,many,sleeping,999,1,Nowhere
,a@b.example,1,active,,,
Hooli,no mail,few,active,,,
B,b@b.example,1,active,12.5,7,Hooli
"""
    batch = run(stage(text, cast.administrator, fields=EVERYTHING))
    unknown = "is none of: prospect, active, churned. A value mapping can translate it."
    assert [row[1:3] for row in told(batch)] == [
        (
            "error",
            f"employees: “many” is not a number. lifecycle: “sleeping” {unknown} latitude: “999” is nowhere on earth. "
            "subsidiary of: There is no “Nowhere”. email: Enter a valid email address.",
        ),
        ("error", "name: It is not said which record this is."),
        ("error", "employees: “few” is not a number. email: Enter a valid email address."),
        ("created", ""),
    ]  # fmt: skip
    assert Customer.objects.count() == 2


def test_two_rows_of_a_file_that_look_alike_come_in_and_are_told_of(cast, client, monkeypatch):
    """By what the scan for duplicates takes for certain: one strong sign, or two; the same domain alone is none."""
    text = """name,mail,phone,no
Acme Ltd,info@acme.example,,
ACME Limited,sales@acme.example,,
Umbrella,INFO@acme.example,,
Globex,a@globex.example,+442079460958,DE-123
Initech,b@globex.example,+442079460958,
Globex GmbH,,+44 20 7946 0958,
Hooli,,,de123
"""
    fields = {"name": "name", "email": "mail", "phone": "phone", "number": "no"}
    batch = stage(text, cast.administrator, fields=fields, identity=["name"])
    running.check(batch, at=NOW)
    checked = told(batch)
    assert [row[2] for row in checked if row[1] == "created"] == [
        "",
        "Looks like row 2: same domain, same name.",
        "Looks like row 2: same mail.",
        "",
        "",
        "Looks like row 5: same phone, same name.",
        "Looks like row 5: same registration number.",
    ]  # fmt: skip
    client.force_login(cast.administrator)
    shown = client.get(f"/imports/{batch.pk}/").context["alike"]
    assert (shown["count"], [each["row"].number for each in shown["rows"]]) == (4, [3, 4, 7, 8])

    monkeypatch.setattr(batches, "CHUNK", 3)
    running.start(batch, at=NOW)
    plan, calls = planning.plan, []
    monkeypatch.setattr(planning, "plan", lambda *args: calls.append(1) or (plan(*args) if len(calls) < 3 else 1 / 0))
    with pytest.raises(ZeroDivisionError):
        running.run(batch)
    monkeypatch.setattr(planning, "plan", plan)
    batch = running.run(ImportBatch.objects.get(pk=batch.pk))
    assert (told(batch), batch.count("alike"), Customer.objects.count()) == (checked, 4, 7)


def test_a_row_that_looks_like_a_record_there_is_comes_in_and_says_which_if_one_may_see_it(cast):
    """Of what whoever imports may not see nothing is told; people count by their mail, or their phone and name."""
    own = {"by": cast.rep, "at": NOW}
    customers.create(name="Globex GmbH", email="info@globex.example", phone="+442079460958", **own)
    customers.create(name="Initech", number="DE 123", **own)
    customers.create(name="Hidden", email="info@hidden.example", by=cast.outsider, at=NOW)
    contacts.create(name="Ada Smith", email="ada@globex.example", phone="+442079460959", **own)
    Customer.objects.update(created_at=NOW - timedelta(days=1))
    Contact.objects.update(created_at=NOW - timedelta(days=1))
    text = """name,mail,phone,no
Other,INFO@globex.example,,
Globex Ltd,sales@globex.example,,
Globex Two,b@globex.example,,
Third,,,de123
Fourth,info@hidden.example,,
Fifth,ada@globex.example,,
Other Inc,info@globex.example,,
"""
    fields = {"name": "name", "email": "mail", "phone": "phone", "number": "no"}
    batch = stage(text, cast.manager, fields=fields, identity=["name"])
    running.check(batch, at=NOW)
    checked = [row[2] for row in told(batch)]
    assert checked == [
        "Looks like “Globex GmbH”: same mail.",
        "Looks like “Globex GmbH”: same domain, same name.",
        "",
        "Looks like “Initech”: same registration number.",
        "",
        "",
        "Looks like row 2: same mail.",
    ]  # fmt: skip
    running.start(batch, at=NOW)
    batch = running.run(batch)
    assert ([row[2] for row in told(batch)], batch.count("alike")) == (checked, 4)

    people = "name,mail,phone\nA. Smith,ada@globex.example,\nAda-Smith,,+44 20 7946 0959\nBob,,+442079460959\n"
    fields = {"name": "name", "email": "mail", "phone": "phone"}
    batch = stage(people, cast.manager, "contact", fields=fields, identity=["name"])
    running.check(batch, at=NOW)
    assert [row[2] for row in told(batch)] == [
        "Looks like “Ada Smith”: same mail.",
        "Looks like “Ada Smith”: same phone.",
        "",
    ]  # fmt: skip


@pytest.fixture
def hooli(cast) -> Customer:
    return customers.create(name="Hooli", industry="software", employees=5, by=cast.administrator, at=NOW)


def test_the_check_says_exactly_what_the_run_then_does(cast, hooli):
    batch = stage(MIXED, cast.administrator)
    before = dump()
    running.check(batch, at=NOW)
    assert dump() == before
    checked, counts = told(batch), batch.counts
    run(batch)
    assert told(batch) == checked
    assert batch.counts == counts
    assert checked == [
        (2, "created", "", {}),
        (3, "error", "employees: “many” is not a number.", {}),
        (4, "created", "", {}),
        (5, "error", "subsidiary of: There is no “Nowhere”.", {}),
        (6, "same", "The same as row 2.", {}),
        (7, "error", "Row 2 says otherwise of the same record.", {}),
        (8, "updated", "", {"industry": ["software", "retail"]}),
        (9, "error", "The row has 2 cells, the file has 4 columns.", {}),
    ]
    assert Customer.objects.get(name="Acme").parent.name == "Umbrella"


def test_a_second_run_finds_everything_as_it_is(cast, hooli):
    run(stage(MIXED, cast.administrator))
    before = dump()
    again = run(stage(MIXED, cast.administrator))
    assert (again.count("created"), again.count("updated"), again.count("same"), again.count("error")) == (0, 0, 4, 4)
    assert dump() == before


def test_undo_takes_back_creations_and_updates(cast, hooli):
    before = dump()
    batch = run(stage(MIXED, cast.administrator))
    undo(batch)
    assert dump() == before
    assert batch.state == "undone"
    assert list(undoing.kept(batch)) == []


def test_undo_keeps_what_was_changed_since_and_names_it(cast, hooli):
    batch = run(stage(MIXED, cast.administrator))
    by = cast.administrator
    customers.update(Customer.objects.get(name="Umbrella"), {"city": "Raccoon"}, by=by, at=LATER)
    customers.update(Customer.objects.get(name="Hooli"), {"industry": "search"}, by=by, at=LATER)
    undo(batch)
    assert sorted(Customer.objects.values_list("name", "industry")) == [("Hooli", "search"), ("Umbrella", "retail")]
    assert {entry.label: entry.reason for entry in undoing.kept(batch)} == {
        "Umbrella": "It was changed since the import.",
        "Hooli": "Changed since, and kept: industry.",
    }


def test_forced_undo_takes_those_back_too(cast, hooli):
    batch = run(stage(MIXED, cast.administrator))
    customers.update(Customer.objects.get(name="Hooli"), {"industry": "search"}, by=cast.administrator, at=LATER)
    undo(batch)
    undo(batch, force=True)
    assert Customer.objects.get().industry == "software"


def test_undo_keeps_what_others_use(cast, hooli):
    batch = run(stage(MIXED, cast.administrator))
    acme = Customer.objects.get(name="Acme")
    child = Customer.objects.create(name="Acme North", parent=acme)
    undo(batch)
    child.refresh_from_db()
    assert child.parent == acme
    assert {entry.label: entry.reason for entry in undoing.kept(batch)} == {
        "Acme": "It is used by: customer Acme North.",
        "Umbrella": "It is used by: customer Acme.",
    }


def test_a_run_that_was_cut_off_goes_on_without_doubling(cast, monkeypatch):
    rows = "".join(f"Customer {number},retail,{number},\n" for number in range(25))
    batch = stage(
        "name,sector,staff,part of\n" + rows + "Customer 3,retail,3,\nCustomer 4,finance,4,\n", cast.administrator
    )
    monkeypatch.setattr(batches, "CHUNK", 10)
    running.start(batch, at=NOW)
    plan, calls = planning.plan, []

    def dies_in_the_second_chunk(*args):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return plan(*args)

    monkeypatch.setattr(planning, "plan", dies_in_the_second_chunk)
    with pytest.raises(SystemExit):
        working.work(batch.pk, NOW)
    assert Customer.objects.count() == 10
    monkeypatch.setattr(planning, "plan", plan)
    working.work(batch.pk, NOW)
    batch.refresh_from_db()
    assert batch.state == "done"
    assert Customer.objects.count() == 25
    assert ImportJournal.objects.filter(batch=batch).count() == 25
    assert (batch.count("created"), batch.count("same"), batch.count("error"), batch.settled) == (25, 1, 1, 27)


def test_an_empty_cell_overwrites_only_when_the_profile_says_so(cast, hooli):
    text = "name,sector,staff,part of\nHooli,,,\n"
    assert run(stage(text, cast.administrator)).count("same") == 1
    emptied = {**FIELDS, "industry": {"column": "sector", "overwrite_with_empty": True}}
    run(stage(text, cast.administrator, fields=emptied))
    hooli.refresh_from_db()
    assert (hooli.industry, hooli.employees) == ("", 5)


def test_a_column_nobody_mentions_makes_the_profile_unusable(cast):
    with pytest.raises(Unusable, match="says nothing about: remark"):
        stage("name,sector,staff,part of,remark\nAcme,,,,x\n", cast.administrator)


def test_rows_reach_no_further_than_the_importer(cast):
    theirs = customers.create(name="Theirs", by=cast.outsider, at=NOW)
    text = "name,sector,staff,part of\nTheirs,retail,3,\nMine,retail,4,Theirs\nOurs,retail,5,\n"
    batch = run(stage(text, cast.manager))
    assert [(number, outcome) for number, outcome, *_rest in told(batch)] == [
        (2, "created"),
        (3, "created"),
        (4, "created"),
    ]
    theirs.refresh_from_db()
    assert theirs.industry == ""
    assert Customer.objects.get(name="Ours").owner == cast.manager
    assert Customer.objects.get(name="Ours").team == cast.north


def test_an_owner_outside_the_importers_reach_is_refused(cast):
    fields = {"name": "name", "owner": "owner"}
    batch = run(stage(f"name,owner\nAcme,{cast.outsider.name}\nGlobex,{cast.rep.name}\n", cast.manager, fields=fields))
    assert told(batch)[0][1:3] == ("error", "Your role does not reach this person's or team's records.")
    assert list(Customer.objects.values_list("name", "owner__name")) == [("Globex", "Rosa Rep")]


def test_an_analyst_may_not_import(cast):
    with pytest.raises(Unusable, match="does not allow"):
        run(stage("name,sector,staff,part of\nAcme,,,\n", cast.analyst))
    assert Customer.objects.count() == 0


def test_contacts_are_linked_and_unlinked(cast, hooli):
    contact = records.create(Contact(name="Gavin", email="gavin@hooli.example"), by=cast.administrator, at=NOW)
    fields = {"name": "name", "email": "email", "customer": "at", "role": "as"}
    text = "name,email,at,as\nGavin,gavin@hooli.example,Hooli,Head\nBig Head,big@hooli.example,Hooli,\n"
    before = dump()
    batch = run(stage(text, cast.administrator, "contact", fields=fields))
    assert [link.role for link in contact.customer_links.all()] == ["Head"]
    assert list(hooli.contacts.order_by("name").values_list("name", flat=True)) == ["Big Head", "Gavin"]
    undo(batch)
    assert dump() == before


def test_a_check_keeps_only_records_that_another_row_may_point_at(cast, monkeypatch):
    runs = []
    monkeypatch.setattr(running, "Run", lambda **given: runs.append(Run(**given)) or runs[-1])
    text = "name,sector,staff,part of\nAcme,retail,5,Umbrella\nUmbrella,retail,7,\n"
    running.check(stage(text, cast.administrator), at=NOW)
    running.check(stage("name\nAcme\nUmbrella\n", cast.administrator, fields={"name": "name"}), at=NOW)
    pointed_at, alone = runs
    assert {key[1:]: record.name for key, record in pointed_at.made.items()} == {("name", "Umbrella"): "Umbrella"}
    assert alone.made == {}


def test_a_row_points_at_another_with_a_name_made_of_its_cells_too(cast):
    fields = {"name": "name", "parent": {"template": "Umbrella {area}"}}
    batch = stage("name,area\nAcme,Asia\nUmbrella Asia,\n", cast.administrator, fields=fields)
    running.check(batch, at=NOW)
    assert [row[1:3] for row in told(batch)] == [("created", ""), ("created", "")]
    run(batch)
    assert Customer.objects.get(name="Acme").parent.name == "Umbrella Asia"


def test_what_an_import_takes_for_a_plain_mail_django_takes_for_one_too():
    plain = ["info@p213-1.example", "a.b+c_d@x.y-z.co.uk", "x@a--b.de"]
    asked = ["Info@example.com", "o'neil@example.com", "info@münchen.de", "a@localhost"]
    wrong = ["a@-b.de", "a@b-.de", "a..b@c.de", ".a@b.de", "a@b..de", "a@b.d", f"a@{'b' * 64}.de", "a@b.de\n"]
    texts = texts_of(Customer._meta.get_field("email"))
    assert [text for text in [*plain, *asked, *wrong] if texts.fullmatch(text)] == plain
    for text in plain:
        validate_email(text)


def test_while_an_import_runs_python_seldom_looks_for_garbage(cast, monkeypatch):
    before, meanwhile, plan = gc.get_threshold(), [], planning.plan
    monkeypatch.setattr(planning, "plan", lambda *given: meanwhile.append(gc.get_threshold()) or plan(*given))
    batch = stage("name\nAcme\n", cast.administrator, fields={"name": "name"})
    running.check(batch, at=NOW)
    run(batch)
    assert meanwhile == [(50_000, 20, 100)] * 2
    assert gc.get_threshold() == before
