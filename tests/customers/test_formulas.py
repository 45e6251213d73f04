"""Fields that are worked out: what each function gives, and the same everywhere, for whoever may see what they read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.access.grants import Access, access_of
from crm.access.permissions import Level
from crm.custom_fields import computed, known
from crm.models import CustomField, Event, Role, User
from customers.actions import customers
from customers.models import Customer
from tests.factories.custom_fields import make_field, make_formula
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db
ROW = {
    "employees": 40, "annual_revenue": Decimal("1000.50"), "city": "Zürich", "tier": "A",
    "custom": {"machines": 7, "rate": "2.5", "since": "2024-02-29", "insured": True, "fleet": "big"},
}  # fmt: skip
BIG = 2_000_000_000

NUMBERS = {
    "1 + 2 * 3 - 4 / 8": "6.5",
    "-employees * -2": "80",
    "annual_revenue / employees": "25.0125",
    "1 / 3": "0.333333",
    "employees / 0": None,
    "employees / (machines - 7)": None,
    "founded * 2": None,
    "founded + employees": None,
    f"{BIG} * {BIG} / {BIG}": str(BIG),
    "employees * 1000000 * 1000000 * 1000000": None,
    "round(rate)": "3",
    "round(10 / 3, 2)": "3.33",
    "floor(-2.5)": "-3",
    "ceil(-2.5)": "-2",
    "abs(machines - 10)": "3",
    "min(employees, machines, founded)": "7",
    "max(machines, 12.5)": "12.5",
    "coalesce(founded, 1900)": "1900",
    "if(employees > 500, 1, 2)": "2",
    "if(founded > 1900, 1, 2)": None,
    "if(founded > 1900 or employees > 5, 1, 2)": "1",
    "if(is_empty(founded), 1, 2)": "1",
    "days_between(since, date('2024-03-01'))": "1",
    "days_between(today(), today())": "0",
    "date('2026-01-31') - since": "702",
    "year(since) * 10000 + month(since) * 100 + day(since)": "20240229",
    "length(city)": "6",
    "health + 1": None,
}
OTHERS = {
    "text": {
        "concat(upper(city), ' ', employees, '/', rate, ' ', since, website)": "ZÜRICH 40/2.5 2024-02-29",
        "lower('ABC')": "abc",
        "if(tier = 'A' and fleet != 'small', 'key', 'other')": "key",
        "coalesce(website, industry, '-')": "-",
        "website": None,
        "if(insured, '', 'x')": None,
    },
    "date": {
        "add_days(since, 1)": date(2024, 3, 1),
        "since + 366.9": date(2025, 3, 1),
        "since - 29": date(2024, 1, 31),
        "add_days(since, 999999999999)": None,
        "add_days(since, 999999)": date(4762, 1, 25),
        "add_days(add_days(since, 999999), 2000000)": None,
        "add_days(date('9999-12-31'), 1)": None,
        "add_days(date('0001-01-01'), -1)": None,
        "max(since, date('2025-01-01'))": date(2025, 1, 1),
    },
    "boolean": {
        "insured": True,
        "not insured": False,
        "founded > 1": None,
        "founded > 1 and employees < 1": False,
        "contains(city, 'ZÜR')": True,
        "do_not_contact = false": True,
        "since < today()": True,
    },
}  # fmt: skip


@pytest.fixture
def fields(db):
    made = [
        make_field("machines", "number"), make_field("rate", "decimal"), make_field("since", "date"),
        make_field("insured", "boolean"),
        make_field("fleet", "choice", choices=[("small", "Small", "小"), ("big", "Big", "大")]),
    ]  # fmt: skip
    return {field.code: field for field in made}


@pytest.fixture
def acme(cast, fields):
    return make_customer(cast.rep, "Acme", **ROW)


def worked_out(record, result, texts):
    made = [
        CustomField(kind="customer", code=f"f{place}", type="formula", formula=text, result=result)
        for place, text in enumerate(texts)
    ]
    with known.read_once():
        found = computed.values_of(record, made)
    return {text: computed.as_kept(found.get(field.code)) for text, field in zip(texts, made, strict=True)}


def test_each_function_gives_what_it_says_and_nothing_where_something_is_missing(acme, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert worked_out(acme, "number", list(NUMBERS)) == NUMBERS
    for result, expected in OTHERS.items():
        wanted = {text: computed.as_kept(value) for text, value in expected.items()}
        assert worked_out(acme, result, list(expected)) == wanted


def test_values_that_somebody_wrote_past_us_are_nothing(acme):
    wrong = {"machines": "many", "rate": "NaN", "since": "2026-02-29", "insured": "perhaps", "fleet": 5}
    Customer.objects.filter(pk=acme.pk).update(custom=wrong)
    assert worked_out(acme, "number", ["machines + 1", "rate + 1", "year(since)"]) == dict.fromkeys(
        ["machines + 1", "rate + 1", "year(since)"]
    )
    assert worked_out(acme, "boolean", ["insured", "fleet = 'big'"]) == {"insured": None, "fleet = 'big'": False}
    assert worked_out(acme, "number", ["nobody + 1", "round("]) == {"nobody + 1": None, "round(": None}


@pytest.fixture
def formulas(acme):
    make_formula("per_head", "round(annual_revenue / employees, 2)", is_shown=True, label_zh="人均", group="Figures")
    make_formula("size", "if(employees > 500, 'large', 'Small')", "text")
    make_formula("next_check", "add_days(since, 365)", "date")
    make_formula("is_key", "tier = 'A'", "boolean")


@pytest.fixture
def three(cast, acme, formulas):
    make_customer(cast.rep, "Beta", employees=1000, annual_revenue=Decimal(9000), tier="B")
    make_customer(cast.rep, "Gamma", employees=0, annual_revenue=Decimal(9000), custom={"since": "2026-01-01"})


def test_lists_show_filter_sort_and_export_what_the_page_and_programs_say(three, acme, cast, client):
    client.force_login(cast.manager)
    url = reverse("customer-list")

    def names(query):
        page = client.get(f"{url}?{query}")
        assert page.status_code == 200
        return [row.label for row in page.context["list"].rows]

    assert names("sort=custom_per_head") == ["Beta", "Acme", "Gamma"]
    assert names("sort=-custom_per_head") == ["Acme", "Beta", "Gamma"]
    assert names("sort=custom_size") == ["Beta", "Acme", "Gamma"]
    assert names("sort=-custom_next_check") == ["Gamma", "Acme", "Beta"]
    assert names("sort=custom_is_key") == ["Beta", "Acme", "Gamma"]
    assert names("custom_per_head_min=9&custom_per_head_max=9&sort=name") == ["Beta"]
    assert names("custom_per_head_max=25.01&sort=name") == ["Acme", "Beta"]
    assert names("custom_next_check_after=2026-01-01") == ["Gamma"]
    assert names("custom_next_check_after=2025-02-28&custom_next_check_before=2025-02-28") == ["Acme"]
    assert names("custom_is_key=true") == ["Acme"]
    assert names("custom_size=LARGE") == ["Beta"]
    assert names("custom_size=small&custom_per_head_min=1") == ["Acme"]
    shown = client.get(f"{url}?sort=name&columns=name,custom_per_head,custom_size,custom_next_check,custom_is_key")
    cells = [str(row.cells) for row in shown.context["list"].rows]
    assert [text in cells[0] for text in ("25.01", ">Small<", "Feb. 28, 2025", ">yes<")] == [True] * 4, cells[0]
    file = client.get(
        f"{url}export/?columns=name,custom_per_head,custom_size,custom_next_check,custom_is_key&sort=name&format=csv"
    )
    assert b"".join(file.streaming_content).decode("utf-8-sig").splitlines() == [
        "Name,Per head,Size,Next check,Is key",
        "Acme,25.01,Small,2025-02-28,yes",
        "Beta,9,large,,no",
        "Gamma,,Small,2027-01-01,",
    ]
    page = client.get(acme.get_absolute_url()).content.decode()
    assert [word in page for word in ("Figures", "Per head", "25.01", "Next check", "Feb. 28, 2025")] == [True] * 5
    answer = client.get(reverse("api:customer-detail", args=[acme.pk])).json()
    told = {"per_head": "25.01", "size": "Small", "next_check": "2025-02-28", "is_key": True}
    assert (answer["formulas"], answer["custom"]) == (told, ROW["custom"])
    listed = client.get(reverse("api:customer-list"), {"custom_per_head_min": "20"}).json()["results"]
    assert [(each["name"], each["formulas"]) for each in listed] == [("Acme", told)]


def test_pages_of_a_formula_order_hold_each_row_once(three, cast, client, monkeypatch):
    from customers.lists.customers import CustomerList

    monkeypatch.setattr(CustomerList, "page_size", 1)
    client.force_login(cast.manager)
    for code, expected in (("-custom_per_head", ["Acme", "Beta", "Gamma"]), ("custom_size", ["Beta", "Acme", "Gamma"])):
        url, found = f"{reverse('customer-list')}?sort={code}", []
        while url:
            page = client.get(url).context["list"]
            found += [row.label for row in page.rows]
            url = page.after_url
        assert found == expected


def test_a_list_with_formulas_asks_no_more_than_one_without(three, cast, client):
    client.force_login(cast.manager)
    client.get(reverse("customer-list"))
    counts = []
    for query in ("columns=name", "columns=name,custom_per_head,custom_size&custom_is_key=true"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(f"{reverse('customer-list')}?{query}")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_nothing_is_written_in_a_formula(acme, formulas, cast, client, now):
    with pytest.raises(ValidationError) as refused:
        customers.update(acme, {"custom": {"per_head": 5}}, by=cast.rep, at=now)
    assert refused.value.message_dict == {"custom_per_head": ["This field is a formula: nothing is written in it."]}
    client.force_login(cast.rep)
    assert "custom_per_head" not in client.get(reverse("customer-edit", args=[acme.pk])).context["form"].fields
    address = reverse("api:customer-detail", args=[acme.pk])
    answer = client.patch(
        address, {"custom": {"size": "x"}}, content_type="application/json", headers={"If-Match": '"1"'}
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "custom.size")
    from crm.exchange import declaring

    assert {"custom_per_head", "custom_machines"} & {field.name for field in declaring.get("customer").fields} == {
        "custom_machines"
    }
    acme.refresh_from_db()
    assert (acme.version, acme.custom) == (1, ROW["custom"])
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomField.objects.filter(code="size").update(is_required=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomField.objects.filter(code="machines").update(result="number")


def test_a_formula_is_closed_to_whom_one_of_its_fields_is(three, acme, cast, client, django_assert_num_queries):
    role = Role.objects.get(code="sales_rep")
    role.fields.create(kind="customer", name="employees", level=Level.HIDDEN)
    role.fields.create(kind="customer", name="custom_since", level=Level.READ)
    closed = {"employees", "custom_per_head", "custom_size"}
    with django_assert_num_queries(2):
        assert Access(User.objects.get(pk=cast.rep.pk)).hidden == {"customer": closed}  # and the user
    assert access_of(cast.manager).hidden == {}
    client.force_login(cast.rep)
    url = reverse("customer-list")
    query = "columns=name,custom_per_head,custom_size,custom_next_check"
    seen = client.get(f"{url}?{query}&sort=custom_per_head&custom_size=large").context["list"]
    assert (seen.state.columns, seen.state.sort, seen.state.is_closed) == (
        ["name", "custom_next_check"], "-updated_at", True,
    )  # fmt: skip
    assert sorted(row.label for row in seen.rows) == ["Acme", "Beta", "Gamma"]
    export = client.get(f"{url}export/?{query}&format=csv")
    assert b"".join(export.streaming_content).decode("utf-8-sig").splitlines()[0] == "Name,Next check"
    page = client.get(acme.get_absolute_url()).content.decode()
    assert ("Per head" in page, "25.01" in page, "Next check" in page) == (False, False, True)
    answer = client.get(reverse("api:customer-detail", args=[acme.pk])).json()
    assert answer["formulas"] == {"next_check": "2025-02-28", "is_key": True}
    assert client.get(reverse("api:customer-list"), {"custom_size": "large"}).status_code == 400
    told = client.get(reverse("api:custom-field-list")).json()
    assert [each["code"] for each in told if each["type"] == "formula"] == ["next_check", "is_key"]


GIVEN = {
    "kind": "customer", "code": "per_machine", "type": "formula", "label": "Per machine", "position": "0",
    "choices-TOTAL_FORMS": "0", "choices-INITIAL_FORMS": "0",
}  # fmt: skip


def test_the_admin_site_checks_a_formula_and_keeps_what_it_counts_with(acme, fields, cast, client):
    client.force_login(cast.administrator)
    add = reverse("admin:crm_customfield_add")
    page = client.get(add).content.decode()
    assert [word in page for word in ("days_between(date, date)", "annual_revenue", "probability")] == [True] * 3

    def errors(**said):
        answer = client.post(add, {**GIVEN, **said})
        assert answer.status_code == 200
        assert not CustomField.objects.filter(code="per_machine").exists()
        return {name: list(found) for name, found in answer.context["adminform"].form.errors.items()}

    assert errors() == {"formula": ["Write down what is worked out."]}
    assert errors(formula="machines") == {"result": ["Say what the formula gives."]}
    assert errors(formula="employees / machine", result="number") == {
        "formula": ["Character 13: “machine” is unknown. Do you mean “custom_machines”?"]
    }
    assert set(errors(formula="machines", result="number", is_required="on", default="3")) == {"is_required", "default"}
    assert set(errors(type="number", formula="machines")) == {"formula"}

    done = client.post(add, {**GIVEN, "formula": "employees / machines", "result": "number"})
    assert done.status_code == 302, done.context["adminform"].form.errors
    made = CustomField.objects.get(code="per_machine")
    assert (made.formula, made.reads) == ("employees / custom_machines", ["custom_machines", "employees"])
    assert worked_out(acme, "number", [made.formula]) == {made.formula: "5.714286"}
    assert Event.objects.filter(type="settings.created", data__name="Per machine").exists()

    change = reverse("admin:crm_customfield_change", args=[fields["machines"].pk])
    said = {**GIVEN, "label": "Machines", "type": "number"}
    told = "Formulas count with it: Per machine. Change them first."
    for more in ({"is_retired": "on"}, {"type": "text"}):
        assert told in client.post(change, {**said, **more}).content.decode()
    delete = reverse("admin:crm_customfield_delete", args=[fields["machines"].pk])
    assert "Per machine" in client.post(delete, {"post": "yes"}).content.decode()
    fields["machines"].refresh_from_db()
    assert (fields["machines"].is_retired, fields["machines"].type) == (False, "number")

    own = reverse("admin:crm_customfield_change", args=[made.pk])
    edited = {name: GIVEN[name] for name in GIVEN if name not in ("kind", "code", "type")}
    assert "is unknown" in client.post(own, {**edited, "formula": "nobody"}).content.decode()
    assert client.post(own, {**edited, "formula": "employees * 2"}).status_code == 302
    made.refresh_from_db()
    assert (made.formula, made.reads, made.result) == ("employees * 2", ["employees"], "number")
    assert client.post(change, {**said, "is_retired": "on"}).status_code == 302
    assert client.post(reverse("admin:crm_customfield_delete", args=[made.pk]), {"post": "yes"}).status_code == 302
    made.refresh_from_db()
    assert made.is_deleted
