import pytest

from crm.web import navigation, panels

pytestmark = pytest.mark.usefixtures("bare_shell")


def labels(user) -> list[tuple[str, list[str]]]:
    return [(section.code, [item.label for item in section.items]) for section in navigation.for_user(user)]


@pytest.mark.django_db
def test_the_sidebar_shows_what_the_person_may_open_in_order(cast):
    navigation.register(section="sales", label="Late", url_name="preferences", icon="x", order=20)
    navigation.register(section="sales", label="Early", url_name="home", icon="x", order=10)
    navigation.register(
        section="evaluation", label="Settings", url_name="account_login", icon="x", permission=("settings", "edit")
    )
    assert labels(cast.rep) == [("sales", ["Early", "Late"])]
    assert labels(cast.administrator) == [("sales", ["Early", "Late"]), ("evaluation", ["Settings"])]


@pytest.mark.django_db
def test_the_new_menu_shows_what_the_person_may_create(cast):
    navigation.register_create("Anything", "home", "plus", key="a")
    navigation.register_create("Role", "preferences", "plus", ("settings", "edit"))
    assert [item.label for item in navigation.creations_for(cast.rep)] == ["Anything"]
    assert [item.label for item in navigation.creations_for(cast.administrator)] == ["Anything", "Role"]


def test_a_letter_leads_to_one_page_only():
    navigation.register(section="sales", label="Home", url_name="home", icon="x", key="h")
    navigation.register(section="sales", label="Home", url_name="home", icon="x", key="h")
    with pytest.raises(ValueError, match="already leads to 'home'"):
        navigation.register(section="sales", label="Help", url_name="preferences", icon="x", key="h")
    assert [item.url_name for item in navigation.registered()] == ["home"]


def test_an_unknown_section_or_slot_is_refused():
    with pytest.raises(ValueError, match="There is no section 'seles'"):
        navigation.register(section="seles", label="x", url_name="home", icon="x")
    with pytest.raises(ValueError, match=r"There is no slot 'customer\.top'"):
        panels.register("customer.top", name="x", url_name="home", title="x")


@pytest.mark.django_db
def test_the_current_entry_is_the_longest_address_the_page_starts_with(cast):
    navigation.register(section="start", label="Home", url_name="home", icon="x")
    navigation.register(section="start", label="Settings", url_name="preferences", icon="x")
    sections = navigation.for_user(cast.rep)
    assert navigation.current(sections, "/") == "home"
    assert navigation.current(sections, "/preferences/more/") == "preferences"
    assert navigation.current(sections, "/elsewhere/") is None


@pytest.mark.django_db
def test_panels_come_in_order_to_whoever_may_see_them(cast):
    panels.register("home.main", name="b", url_name="home", title="Second", order=20, refresh_on=("saved",))
    panels.register("home.main", name="a", url_name="home", title="First", order=10)
    panels.register("home.main", name="c", url_name="home", title="Hidden", permission=("settings", "edit"))
    shown = panels.for_slot("home.main", cast.rep)
    assert [panel.title for panel in shown] == ["First", "Second"]
    assert shown[1].trigger == "load, retry, saved from:body delay:1ms"


@pytest.mark.django_db
def test_an_entry_without_a_page_is_left_out(cast):
    navigation.register(section="start", label="Nowhere", url_name="no-such-page", icon="x")
    assert labels(cast.rep) == []
