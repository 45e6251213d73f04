"""The messages of the sources, read without GNU gettext, which a fresh machine does not have.

Python is read by its own parser; templates go through Django's `templatize`, as for makemessages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop", "ugettext"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
CONTEXT_PLURAL = {"npgettext", "npgettext_lazy"}
FOLDERS = ("crm", "customers", "service", "surveys", "evaluation", "templates")
CALL = re.compile(r"\b(?:n?p?gettext|_)\(")


@dataclass(frozen=True)
class Message:
    text: str
    plural: str = ""
    context: str = ""


def messages_of(root: Path) -> set[Message]:
    """Every message of the apps and templates under `root`."""
    found: set[Message] = set()
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if {"migrations", "static", "node_modules", "__pycache__"} & set(path.parts):
                continue
            if path.suffix == ".py":
                found |= set(_in_python(path.read_text()))
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                found |= set(_in_template(path.read_text()))
    return {message for message in found if message.text}


def update(catalogue: Path, wanted: set[Message]) -> tuple[int, int, int]:
    """Bring the catalogue to exactly these messages; returns how many were added, dropped and are untranslated."""
    po = polib.pofile(str(catalogue)) if catalogue.exists() else _empty()
    known = {Message(e.msgid, e.msgid_plural or "", e.msgctxt or ""): e for e in po if not e.obsolete}
    kept = {key: entry for key, entry in known.items() if key in wanted}
    fresh = _empty()
    fresh.metadata = po.metadata
    for key in sorted(wanted, key=lambda message: (message.text.lower(), message.text, message.context)):
        fresh.append(kept.get(key) or _entry(key))
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(catalogue))
    return len(wanted - set(known)), len(set(known) - wanted), len(fresh.untranslated_entries())


def _in_python(source: str) -> Iterator[Message]:
    tree = ast.parse(source)
    names = _other_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, names)


def _other_names(tree: ast.AST) -> dict[str, str]:
    """What a module calls Django's functions: `gettext as __` marks messages as much as `gettext` does."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {
        alias.asname: alias.name
        for node in imports
        if node.module == "django.utils.translation"
        for alias in node.names
        if alias.asname
    }


def _of_call(node: ast.Call, names: dict[str, str]) -> Iterator[Message]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    name = names.get(name, name)
    texts = [arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in node.args]
    if name in SINGULAR and texts[:1] != [None] and texts:
        yield Message(texts[0] or "")
    elif name in PLURAL and len(texts) > 1 and None not in texts[:2]:
        yield Message(texts[0] or "", texts[1] or "")
    elif name in CONTEXT and len(texts) > 1 and None not in texts[:2]:
        yield Message(texts[1] or "", context=texts[0] or "")
    elif name in CONTEXT_PLURAL and len(texts) > 2 and None not in texts[:3]:
        yield Message(texts[1] or "", texts[2] or "", texts[0] or "")


def _in_template(source: str) -> Iterator[Message]:
    code = templatize(source)
    for match in CALL.finditer(code):
        call = _balanced(code, match.start())
        if call:
            yield from _in_python(call)


def _balanced(code: str, start: int) -> str:
    """The call that begins at `start`, up to the bracket that makes it parse."""
    end = code.find(")", start)
    while end != -1:
        call = code[start : end + 1].lstrip()
        try:
            ast.parse(call)
        except SyntaxError:
            end = code.find(")", end + 1)
        else:
            return call
    return ""


def _entry(message: Message) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgstr="")
    if message.context:
        entry.msgctxt = message.context
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = {0: ""}
    if re.search(r"%\(\w+\)[sd]|%[sd]", message.text):
        entry.flags.append("python-format")
    return entry


def _empty() -> polib.POFile:
    po = polib.POFile(wrapwidth=110)
    po.metadata = {
        "Project-Id-Version": "Yardstick CRM",
        "Language": "zh_Hans",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return po
