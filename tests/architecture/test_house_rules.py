"""Rules of the house that a machine can see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from django.core.management import call_command

from tests.architecture.sources import APPS, ROOT, python_files, tracked_files

MODEL_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}
TOP_LEVEL = {
    "crm", "customers", "service", "surveys", "evaluation", "templates", "tests", "manage.py", "pyproject.toml",
    "README.md", "Makefile", "requirements", "frontend", "deploy", "docs", "locale", "LICENSE",
}  # fmt: skip


def relative(path) -> str:
    return str(path.relative_to(ROOT))


def test_no_model_signals():
    found = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.db.models.signals"):
                names = {alias.name for alias in node.names} & MODEL_SIGNALS
                found += [f"{relative(path)}:{node.lineno} {name}" for name in sorted(names)]
            if isinstance(node, ast.Attribute) and node.attr in MODEL_SIGNALS:
                found.append(f"{relative(path)}:{node.lineno} {node.attr}")
    assert not found, "Call it, or record an event:\n" + "\n".join(found)


def test_the_kernel_imports_no_app():
    found = []
    for path in (ROOT / "crm").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            found += [f"{relative(path)}:{node.lineno} {name}" for name in names if name.split(".")[0] in APPS[1:]]
    assert not found, "The kernel knows no business noun:\n" + "\n".join(found)


def test_the_import_contracts_are_kept():
    """All of them, exhaustive: a module nobody placed fails here."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.django_db
def test_the_migrations_hold_every_change_of_the_models():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_nothing_stands_at_the_top_level_that_was_not_agreed():
    names = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_names_a_registry_host_or_a_path_of_some_machine():
    hosts = ["py" + "pi.org", "files.python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian", "index.cra" + "tes"]
    places = ["/" + "home/", "/" + "work/", "/" + "Users/"]
    pattern = re.compile("|".join(re.escape(word) for word in [*hosts, *places]))
    found = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [
            f"{relative(path)}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
        ]
    assert not found, "\n".join(found)


def test_nothing_renders_text_unescaped_or_takes_all_fields():
    """|safe, mark_safe, csrf_exempt and "__all__" are places where an attacker looks first."""
    # The secret in the address is the whole authority of a public page, and no-referrer rules out an Origin.
    # Nobody is signed in on a lead form, and inside another website the browser keeps no cookie of ours.
    # A provider of leads calls without a browser; what it says is signed.
    # Programs of mail that unsubscribe with one click (RFC 8058) send no cookie.
    reviewed: set[str] = {
        "surveys/views/public.py", "customers/sales/views/public_quote.py", "customers/sales/views/lead_form.py",
        "customers/sales/views/public_mailing.py", "customers/sales/views/lead_source.py",
    }  # fmt: skip
    pattern = re.compile(r"\|\s*safe\b|mark_safe\(|autoescape off|\.extra\(|fields = \"__all__\"|csrf_exempt")
    found = []
    for path in tracked_files():
        name = relative(path)
        if name.startswith("tests/") or path.suffix not in {".py", ".html"} or name in reviewed:
            continue
        lines = path.read_text().splitlines()
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_pages_carry_no_inline_script_style_or_handler():
    """They would need unsafe-inline in the Content-Security-Policy."""
    pattern = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=\"|\son[a-z]+=\"|hx-on|javascript:")
    found = []
    for path in (ROOT / "templates").rglob("*.html"):
        if "mail" in path.parts:
            continue  # mail programs know nothing but inline styles
        lines = path.read_text().splitlines()
        found += [f"{relative(path)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_logic_never_reads_the_clock():
    """Time is an argument of models and actions."""
    pattern = re.compile(r"timezone\.now\(\)|datetime\.now\(|date\.today\(|localdate\(\)")
    found = []
    for path in python_files():
        if not {"models", "actions", "formulas", "engine", "kpis"} & set(path.relative_to(ROOT).parts):
            continue
        lines = path.read_text().splitlines()
        found += [f"{relative(path)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    assert not found, "\n".join(found)
