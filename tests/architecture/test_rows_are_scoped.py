"""Views and API never start from bare rows: `.objects` is followed at once by who is asking."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.sources import ROOT, python_files

# Tables of libraries, filtered by the person in the same expression.
REVIEWED = {"crm/web/sessions.py"}
DOORS = {"visible_to", "editable_by", "permitted", "restorable_by", "none"}
# `guards.get_visible(Model.objects.all(), user, …)` applies the door itself.
GUARDS = {"get_visible", "get_permitted"}


def unscoped_uses(source: str) -> list[int]:
    """Line numbers of `Model.objects` that is not followed by a door.

    A line may say `# scoped: why` where the rows belong to nobody or are narrowed in another way.
    """
    tree = ast.parse(source)
    explained = {number for number, line in enumerate(source.splitlines(), 1) if "# scoped: " in line}
    allowed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in DOORS:
            allowed.add(id(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GUARDS:
            first = node.args[0] if node.args else None
            if (
                isinstance(first, ast.Call)
                and isinstance(first.func, ast.Attribute)
                and first.func.attr in {"all", "select_related", "prefetch_related"}
            ):
                allowed.add(id(first.func.value))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_base_manager"}
        and id(node) not in allowed
        and node.lineno not in explained
    ]


def test_no_view_or_api_module_starts_from_bare_rows():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in python_files()
        if {"views", "api", "web"} & set(path.relative_to(ROOT).parts[:-1])
        and str(path.relative_to(ROOT)) not in REVIEWED
        for line in unscoped_uses(path.read_text())
    ]
    assert not found, "Start from .visible_to(user) or .editable_by(user):\n" + "\n".join(found)


def test_the_check_sees_a_bare_use_and_accepts_a_scoped_one():
    assert unscoped_uses("rows = Customer.objects.filter(pk=1)") == [1]
    assert unscoped_uses("rows = Customer.objects.visible_to(user).filter(pk=1)") == []
    assert unscoped_uses("rows = Stage.objects.all()  # scoped: stages are configuration") == []
    assert unscoped_uses("one = guards.get_visible(Customer.objects.all(), user, pk=1)") == []


def test_the_sources_are_found():
    assert Path(ROOT / "manage.py").exists()
    assert len(list(python_files())) > 50
