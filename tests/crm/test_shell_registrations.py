"""What the installed apps have really put into the menus and slots."""

from crm.access import kinds
from crm.web import navigation, panels


def test_every_entry_of_the_menus_leads_somewhere():
    assert [item.url_name for item in navigation.registered() if not item.leads_somewhere] == []


def test_every_permission_names_a_kind_of_record_there_is():
    known = {kind.code for kind in kinds.all_kinds()}
    asked = {item.permission[0] for item in navigation.registered() if item.permission}
    asked |= {panel.permission[0] for slot in panels.registered().values() for panel in slot if panel.permission}
    assert asked - known == set()
