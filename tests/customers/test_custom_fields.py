"""Custom fields of customers in every layer: the record, its pages, lists, files, programs, history and merging."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.actions import records
from crm.custom_fields import known
from crm.exchange import batches
from crm.models import CustomField, Event, StaleVersion
from crm.search import finding
from customers.actions import customers, merging
from customers.models import Customer
from tests.crm.test_import_runs import NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.custom_fields import make_field, make_fields, make_formula
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
GIVEN = {
    "nickname": "The Fox", "vehicles": "12", "discount": "7.50", "audited_on": "2026-03-04", "insured": "true",
    "fleet": "small", "brands": ["big", "small"], "portal": "https://fox.example",
}  # fmt: skip
KEPT = {
    "nickname": "The Fox", "vehicles": 12, "discount": "7.5", "audited_on": "2026-03-04", "insured": True,
    "fleet": "small", "brands": ["small", "big"], "portal": "https://fox.example",
}  # fmt: skip


@pytest.fixture
def fields(db):
    return make_fields()


@pytest.fixture
def acme(cast, fields):
    return make_customer(cast.rep, "Acme Ltd", custom=dict(GIVEN))


def named(values):
    return {f"custom_{code}": value for code, value in values.items()}


def test_values_are_kept_typed_and_every_refusal_names_its_field(acme, cast, now):
    assert acme.custom == KEPT
    wrong = {"vehicles": "many", "nobody": 1, "fleet": "huge"}
    with pytest.raises(ValidationError) as refused:
        customers.update(acme, {"city": "Hull", "custom": wrong}, by=cast.rep, at=now)
    assert set(refused.value.message_dict) == {"custom_vehicles", "custom_nobody", "custom_fleet"}
    acme.refresh_from_db()
    assert (acme.custom, acme.city, acme.version) == (KEPT, "", 1)


def test_only_what_is_named_changes_and_each_field_is_told_by_itself(acme, cast, now, client):
    customers.update(acme, {"custom": {"vehicles": 15, "portal": None}}, by=cast.rep, at=now)
    acme.refresh_from_db()
    expected = {**KEPT, "vehicles": 15}
    del expected["portal"]
    assert acme.custom == expected
    told = Event.objects.get(type="customer.updated")
    assert told.data == {"custom_vehicles": [12, 15], "custom_portal": ["https://fox.example", None]}
    customers.update(acme, {"custom": {"fleet": "big", "audited_on": "2026-05-01"}}, by=cast.rep, at=now)
    cast.rep.language = "zh-hans"
    cast.rep.save()
    client.force_login(cast.rep)
    page = client.get(acme.get_absolute_url()).content.decode()
    assert [word for word in ("小车队", "大车队", "审核日期") if word not in page] == []


def test_a_long_text_is_read_in_the_lines_it_was_written_in(client, cast):
    make_field("story", "long_text")
    acme = make_customer(cast.rep, custom={"story": "First\nR&D <b>"})
    client.force_login(cast.rep)
    assert "<dd>First<br>R&amp;D &lt;b&gt;</dd>" in client.get(acme.get_absolute_url()).content.decode()


def test_two_people_may_change_two_fields_but_not_the_same_one(acme, cast, now):
    seen = {"custom": dict(acme.custom)}
    customers.update(acme, {"custom": {"vehicles": 20}}, by=cast.teammate, at=now, version=1, base=seen)
    mine = {**acme.custom, "discount": "9"}
    merged = customers.update(acme, {"custom": mine}, by=cast.rep, at=now, version=1, base=seen)
    assert (merged.custom["vehicles"], merged.custom["discount"]) == (20, "9")
    with pytest.raises(StaleVersion) as stale:
        customers.update(acme, {"custom": {"vehicles": 30}}, by=cast.rep, at=now, version=1, base=seen)
    assert stale.value.fields == ["custom_vehicles"]
    acme.refresh_from_db()
    assert acme.custom["vehicles"] == 20


def test_a_form_asks_for_the_fields_shows_a_conflict_and_keeps_what_it_did_not_show(acme, cast, client, now):
    client.force_login(cast.rep)
    url = reverse("customer-edit", args=[acme.pk])
    page = client.get(url)
    form = page.context["form"]
    assert 'type="date" name="custom_audited_on" value="2026-03-04"' in page.content.decode()
    data = {
        "name": "Acme Ltd", "form": "organisation", "version": form.initial["version"],
        "base_values": form.initial["base_values"], **named(GIVEN), "custom_vehicles": "99",
    }  # fmt: skip
    make_field("later", "text")
    customers.update(acme, {"custom": {"later": "kept", "vehicles": 13}}, by=cast.teammate, at=now)
    conflict = client.post(url, data)
    assert conflict.status_code == 409
    shown = conflict.content.decode()
    assert "<td>99</td><td>13</td><td>12</td>" in shown
    again = client.post(url, {**data, "version": 2, "custom_fleet": "huge"})
    assert again.status_code == 422
    done = client.post(url, {**data, "version": 2, "custom_fleet": "", "custom_brands": []})
    assert done.status_code == 302
    acme.refresh_from_db()
    assert (acme.custom["later"], acme.custom["vehicles"], acme.custom.get("fleet")) == ("kept", 99, None)


def test_a_required_field_is_asked_for_where_records_are_made_and_defaults_fill_in(cast, client, now):
    make_field("nickname", "text", is_required=True)
    make_field("vehicles", "number", default="3")
    client.force_login(cast.rep)
    page = client.post(reverse("customer-new"), {"name": "Beta", "form": "organisation"})
    assert page.status_code == 422
    assert not Customer.objects.filter(name="Beta").exists()
    client.post(reverse("customer-new"), {"name": "Beta", "form": "organisation", "custom_nickname": "B"})
    assert Customer.objects.get(name="Beta").custom == {"nickname": "B"}, "a field that was emptied stays empty"
    assert make_customer(cast.rep, "Made by the program").custom == {"vehicles": 3}


def test_lists_show_filter_sort_and_export_them(acme, cast, client):
    make_customer(cast.rep, "Beta", custom={"vehicles": 100, "fleet": "big", "audited_on": "2025-01-01"})
    make_customer(cast.rep, "Gamma")
    client.force_login(cast.manager)
    url = reverse("customer-list")
    assert "Vehicles" in client.get(url).content.decode(), "shown by itself"

    def names(query):
        return [row.label for row in client.get(f"{url}?{query}").context["list"].rows]

    assert names("sort=custom_vehicles") == ["Acme Ltd", "Beta", "Gamma"]
    assert names("sort=-custom_vehicles") == ["Beta", "Acme Ltd", "Gamma"]
    assert names("sort=-custom_fleet") == ["Beta", "Acme Ltd", "Gamma"]
    assert names("custom_vehicles_min=13") == ["Beta"]
    assert names("custom_audited_on_after=2026-01-01&custom_audited_on_before=2026-03-04") == ["Acme Ltd"]
    assert names("custom_fleet=big&custom_fleet=small&sort=name") == ["Acme Ltd", "Beta"]
    assert names("custom_brands=big") == ["Acme Ltd"]
    assert names("custom_nickname=fox") == ["Acme Ltd"]
    assert (names("custom_insured=true"), names("custom_insured=false")) == (["Acme Ltd"], [])
    file = client.get(f"{url}export/?columns=name,custom_fleet,custom_brands,custom_discount&sort=name&format=csv")
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "Name,Fleet,Brands,Discount",
        'Acme Ltd,Small fleet,"Small fleet, Big fleet",7.5',
        "Beta,Big fleet,,",
        "Gamma,,,",
    ]


def test_pages_of_a_custom_order_hold_each_row_once(cast, client, fields, monkeypatch):
    from customers.lists.customers import CustomerList

    monkeypatch.setattr(CustomerList, "page_size", 2)
    for number, size in enumerate([5, None, 5, 3, None, "x"]):
        made = make_customer(cast.rep, f"C{number}", custom={"vehicles": size} if isinstance(size, int) else {})
        if size == "x":  # written past everything that checks
            Customer.objects.filter(pk=made.pk).update(custom={"vehicles": "x"})
    client.force_login(cast.manager)
    url, found = f"{reverse('customer-list')}?sort=-custom_vehicles", []
    while url:
        page = client.get(url).context["list"]
        found += [row.label for row in page.rows]
        url = page.after_url
    assert found == ["C2", "C0", "C3", "C5", "C4", "C1"]


def test_search_finds_the_fields_that_are_searched(acme, cast):
    for words, found in {"fox": [acme.pk], "小车队": [acme.pk], "big fleet": []}.items():
        assert list(finding.ids("customer", words).values_list("object_id", flat=True)) == found


def test_merging_asks_which_value_counts_and_undoing_gives_it_back(acme, cast, client, now):
    from crm.actions import journal

    other = make_customer(cast.rep, "Acme Limited", custom={"vehicles": 40, "story": "Long ago"})
    client.force_login(cast.rep)
    form = client.get(reverse("customer-merge", args=[acme.pk, other.pk])).context["form"]
    assert (form.initial["custom_vehicles"], form.initial["custom_story"]) == ("master", "other")
    done = merging.merge(acme, other, chosen={"custom_story": "Long ago"}, by=cast.rep, at=now)
    acme.refresh_from_db()
    assert acme.custom == {**KEPT, "story": "Long ago"}
    journal.undo(done, by=cast.rep, at=now)
    acme.refresh_from_db()
    assert acme.custom == KEPT


FILE = (
    "name,Fahrzeuge,fleet,brands,discount,audited\n"
    "Acme Ltd,14,riesig,Big fleet;Small fleet,1.5,2026-06-01\n"
    "Neu,abc,small,,,\n"
    "Delta,3,小车队,,,2026-07-01\n"
)
PROFILE = {
    "kind": "customer",
    "identity": ["name"],
    "fields": {
        "name": "name", "custom_vehicles": "Fahrzeuge", "custom_brands": "brands", "custom_discount": "discount",
        "custom_fleet": {"column": "fleet", "values": {"riesig": "big"}}, "custom_audited_on": "audited",
    },
}  # fmt: skip


def test_files_bring_them_with_a_check_before_and_can_be_taken_back(acme, cast, now):
    from crm.exchange import running

    batch = batches.stage(
        io.BytesIO(FILE.encode()), target="customer", file_name="c.csv", by=cast.administrator, at=NOW
    )
    batches.choose(batch, PROFILE, at=NOW)
    running.check(batch, at=NOW)
    row, wrong, _new = batch.lines.order_by("number")
    assert row.changes == {
        "custom_vehicles": ["12", "14"], "custom_discount": ["7.5", "1.5"],
        "custom_fleet": ["Small fleet", "Big fleet"], "custom_audited_on": ["2026-03-04", "2026-06-01"],
    }  # fmt: skip
    assert (wrong.outcome, wrong.reason) == ("error", "Vehicles: “abc” is not a number.")
    acme.refresh_from_db()
    assert acme.custom == KEPT, "the check writes nothing"

    run_batch(batch)
    acme.refresh_from_db()
    assert (acme.custom["vehicles"], acme.custom["fleet"], acme.custom["nickname"]) == (14, "big", "The Fox")
    assert Customer.objects.get(name="Delta").custom == {"vehicles": 3, "fleet": "small", "audited_on": "2026-07-01"}
    records.update(acme, {"custom": {"vehicles": 15}}, by=cast.rep, at=now)
    undo(batch)
    acme.refresh_from_db()
    assert acme.custom == {**KEPT, "vehicles": 15}, "what was changed since stays"
    assert not Customer.objects.filter(name="Delta").exists()


def test_a_field_in_use_keeps_its_type_and_its_choices_and_is_retired_rather_than_deleted(acme, cast, client, fields):
    client.force_login(cast.administrator)
    fleet, page = fields["fleet"], "admin:crm_customfield_change"

    def post(field, deleted=(), **changed):
        data = {name: getattr(field, name) for name in ("label", "label_zh", "type", "position", "default", "group")}
        kept = {
            f"choices-{place}-{name}": getattr(row, name)
            for place, row in enumerate(field.choices.all())
            for name in ("id", "code", "label", "label_zh", "position")
        }
        kept |= {f"choices-{place}-field": field.pk for place in range(field.choices.count())}
        gone = {f"choices-{place}-DELETE": "on" for place, row in enumerate(field.choices.all()) if row.code in deleted}
        count = field.choices.count()
        management = {"choices-TOTAL_FORMS": count, "choices-INITIAL_FORMS": count}
        return client.post(reverse(page, args=[field.pk]), {**data, **kept, **gone, **management, **changed})

    assert "the type stays" in post(fields["vehicles"], type="text").content.decode()
    assert "Records have this choice: small" in post(fleet, deleted=["small"]).content.decode()
    worn = make_formula("worn", 'if(fleet = "old", 1, 0)')
    told = post(fleet, deleted=["old"]).content.decode()
    assert "Formulas compare with old: Worn. Change them first, or retire the choice." in told
    assert "Worn" in post(fleet, **{"choices-2-code": "aged"}).content.decode()
    assert fleet.choices.count() == 3
    CustomField.objects.filter(pk=worn.pk).update(formula='if(custom_fleet = "big", 1, 0)')
    assert post(fleet, deleted=["old"]).status_code == 302
    assert fleet.choices.count() == 2
    worn.delete()
    for code, gone in (("fleet", False), ("story", True)):
        client.post(reverse("admin:crm_customfield_delete", args=[fields[code].pk]), {"post": "yes"})
        fields[code].refresh_from_db()
        assert (fields[code].is_retired, fields[code].is_deleted) == (True, gone)
    acme.refresh_from_db()
    assert acme.custom == KEPT
    with pytest.raises(ValidationError):
        customers.update(acme, {"custom": {"fleet": "big"}}, by=cast.rep, at=NOW)
    assert Event.objects.filter(type="settings.changed", data__name="Fleet").exists()
    with pytest.raises(ValidationError):
        CustomField(kind="customer", code="story", label="Again", type="date").full_clean()
    assert [field.code for field in known.active("customer") if field.code in ("fleet", "story")] == []


def test_what_a_segment_asks_of_a_retired_field_stays_what_it_was(acme, cast, fields):
    from customers.lists import membership
    from customers.models import Segment

    make_customer(cast.rep, "Beta", custom={"vehicles": 100})
    question = {"custom_vehicles_min": ["50"], "custom_fleet": ["small"]}
    request = type("Request", (), {"user": cast.manager})()
    everyone = Customer.objects.visible_to(cast.manager)

    def members(**question):
        return sorted(membership.members(Segment(question=question), everyone, request).values_list("name", flat=True))

    assert members(**question) == []
    assert members(custom_vehicles_min=["50"]) == ["Beta"]
    CustomField.objects.filter(code="vehicles").update(is_retired=True)
    assert members(custom_vehicles_min=["50"]) == ["Beta"]
    assert members(custom_nobody=["1"]) == [], "what is asked of no field is true of nobody"
