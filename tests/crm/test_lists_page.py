import pytest

from crm.models import ChosenColumns
from customers.models import Customer
from tests.crm.lists_rows import make_customers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.lists_urls")]


def labels(response):
    return [row.label for row in response.context["list"].rows]


@pytest.fixture
def rep(client, cast):
    client.force_login(cast.rep)
    return cast.rep


def test_only_what_the_person_may_see_is_listed_and_counted(client, cast, now):
    make_customers(2, cast.rep, now, name="Ours")
    make_customers(3, cast.outsider, now, name="Theirs")
    client.force_login(cast.rep)

    page = client.get("/sample/")

    assert labels(page) == ["Ours 01", "Ours 00"]
    assert page.context["list"].count_text == "2 records"
    assert "Theirs" not in page.content.decode()


def test_somebody_whose_role_knows_nothing_of_the_kind_is_refused(client, cast):
    client.force_login(cast.nobody)

    assert client.get("/sample/").status_code == 403
    assert client.get("/sample/export/").status_code == 403
    assert client.get("/sample/columns/").status_code == 403
    assert client.get("/sample/views/new/").status_code == 403
    assert client.post("/sample/bulk/assign/", {"row": [1]}).status_code == 403


def test_an_anonymous_visitor_is_sent_to_the_sign_in(client):
    for address in ("/sample/", "/sample/export/", "/sample/columns/", "/sample/views/new/"):
        assert client.get(address)["Location"].startswith("/accounts/login/")


def test_htmx_gets_the_list_alone_and_the_same_rows(client, rep, now):
    make_customers(3, rep, now)

    whole = client.get("/sample/?sort=name")
    part = client.get("/sample/?sort=name", headers={"HX-Request": "true", "HX-Target": "section#list"})

    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert labels(part) == labels(whole) == ["C 00", "C 01", "C 02"]


def test_the_head_says_how_it_is_sorted_and_offers_the_other_direction(client, rep, now):
    make_customers(1, rep, now)

    page = client.get("/sample/?sort=name")
    heads = {head.column.code: head for head in page.context["list"].heads}

    assert heads["name"].sorted == "ascending"
    assert "sort=-name" in heads["name"].url
    assert "sort=-updated_at" in heads["updated_at"].url
    assert heads["lifecycle"].url == ""
    assert 'aria-sort="ascending"' in page.content.decode()


def test_filters_narrow_the_list_and_each_chip_takes_one_away(client, rep, now):
    make_customers(2, rep, now, name="Active", lifecycle="active", founded=1990)
    make_customers(2, rep, now, name="Old", lifecycle="churned", founded=1890)

    page = client.get("/sample/?lifecycle=active&lifecycle=prospect&founded_min=1950")
    chips = page.context["list"].chips

    assert labels(page) == ["Active 01", "Active 00"]
    assert [(chip.label, chip.text) for chip in chips] == [
        ("Lifecycle", "active, prospect"),
        ("Founded", "from 1950"),
    ]
    assert "lifecycle" not in chips[0].remove
    assert "founded_min=1950" in chips[0].remove


def test_parameters_that_are_no_filter_are_not_carried_along(client, rep, now):
    make_customers(1, rep, now)

    shown = client.get("/sample/?evil=1&lifecycle=active&owner__password=x").context["list"]

    assert list(shown.state.filters) == ["lifecycle"]
    assert "evil" not in shown.query


def test_a_value_nobody_can_use_names_its_filter_and_lists_nothing(client, rep, now):
    make_customers(2, rep, now)

    page = client.get("/sample/?founded_min=soon")

    assert page.status_code == 422
    assert labels(page) == []
    assert [refusal.label for refusal in page.context["list"].refusals] == ["Founded"]
    assert "Remove the filter Founded" in page.content.decode()


def test_a_filter_by_somebody_who_is_not_there_is_refused_too(client, rep, now):
    assert client.get("/sample/?owner=999999").status_code == 422


def test_an_empty_list_says_what_to_do_and_a_narrowed_one_how_to_widen_it(client, rep, now):
    assert "Nothing here yet" in client.get("/sample/").content.decode()

    make_customers(1, rep, now)
    page = client.get("/sample/?lifecycle=churned")

    assert "Nothing matches" in page.content.decode()
    assert page.context["list"].cleared_url == "/sample/?sort=-updated_at"


def test_the_columns_a_person_chose_are_remembered_for_them_alone(client, cast, now):
    make_customers(1, cast.rep, now, founded=1990)
    client.force_login(cast.rep)

    answer = client.post("/sample/columns/", {"columns": ["name", "founded"]})

    assert answer["Location"] == "/sample/?sort=-updated_at"
    assert [column.code for column in client.get("/sample/").context["list"].columns] == ["name", "founded"]
    client.force_login(cast.teammate)
    assert len(client.get("/sample/").context["list"].columns) == 4


def test_columns_nobody_declared_are_refused_and_no_column_at_all_too(client, rep):
    assert client.post("/sample/columns/", {"columns": ["name", "password"]}).status_code == 422
    assert client.post("/sample/columns/", {}).status_code == 422
    assert not ChosenColumns.objects.exists()


def test_the_columns_can_be_put_back_as_they_came(client, rep):
    client.post("/sample/columns/", {"columns": ["name"]})

    client.post("/sample/columns/", {"reset": "1"})

    assert len(client.get("/sample/").context["list"].columns) == 4


def test_an_address_that_names_columns_shows_those_it_knows(client, rep, now):
    make_customers(1, rep, now)

    shown = client.get("/sample/?columns=founded,password,name").context["list"]

    assert [column.code for column in shown.columns] == ["founded", "name"]


def test_searching_finds_rows_by_their_documents(client, cast, now):
    from tests.factories.customers import make_customer

    make_customer(cast.rep, "张伟", at=now)
    make_customer(cast.rep, "Acme", at=now)
    make_customer(cast.outsider, "张芳", at=now)
    client.force_login(cast.rep)

    assert labels(client.get("/sample/?q=zhang")) == ["张伟"]
    assert labels(client.get("/sample/?q=acm")) == ["Acme"]
    assert labels(client.get("/sample/?q=%00'")) == []


def test_what_a_record_is_called_is_escaped_everywhere(client, rep, now):
    Customer.objects.create(name="<script>alert(1)</script>", owner=rep, team=rep.team, industry="<b>")

    page = client.get("/sample/?q=&lifecycle=%3Cscript%3E").content.decode()
    plain = client.get("/sample/").content.decode()

    assert "<script>alert" not in page + plain
    assert "&lt;script&gt;alert(1)" in plain


def test_checkboxes_have_names_that_say_which_row_they_select(client, cast, now):
    make_customers(1, cast.rep, now)
    client.force_login(cast.manager)

    page = client.get("/sample/").content.decode()

    assert 'aria-label="Select C 00"' in page
    assert 'aria-label="Select this page"' in page


def test_who_may_do_nothing_with_many_rows_sees_no_checkboxes(client, rep, now):
    make_customers(1, rep, now)

    assert "data-bulk-row" not in client.get("/sample/").content.decode()


def test_the_filter_form_is_drawn_only_when_it_is_opened(client, rep, now):
    make_customers(1, rep, now)

    closed = client.get("/sample/?lifecycle=active")
    opened = client.get(closed.context["list"].filters_url)

    assert "Apply filters" not in closed.content.decode()
    assert "Apply filters" in opened.content.decode()
    assert 'aria-expanded="true"' in opened.content.decode()
    assert "filters=open" not in opened.context["list"].query


@pytest.mark.parametrize(("who", "offered"), [("administrator", True), ("analyst", False)])
def test_a_list_leads_whoever_may_to_the_import_of_its_kind(client, cast, who, offered):
    client.force_login(getattr(cast, who))
    assert ('href="/imports/new/?kind=customer"' in client.get("/customers/").content.decode()) is offered
