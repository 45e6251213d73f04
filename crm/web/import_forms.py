"""The forms of the import wizard: which file, and what each of its columns is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from crm.access import fields
from crm.exchange import declaring, previewing
from crm.models import ImportBatch

IGNORE, KEEP = "", "+"
ARROW = "="
DATES = [
    ("", gettext_lazy("2017-12-31 only")),
    ("day first", gettext_lazy("day first: 31/12/2017")),
    ("month first", gettext_lazy("month first: 12/31/2017")),
    ("year first", gettext_lazy("year first: 2017/12/31")),
]
EXISTING = [
    ("update", gettext_lazy("update them")),
    ("skip", gettext_lazy("leave them as they are")),
    ("error", gettext_lazy("list them as errors")),
]
DECIMALS = [(".", gettext_lazy("1,234.56")), (",", gettext_lazy("1.234,56"))]
ENCODINGS = [
    ("", gettext_lazy("find out")), ("utf-8", "UTF-8"), ("gb18030", "GB18030"), ("big5", "Big5"), ("utf-16", "UTF-16"),
    ("cp1252", "Windows-1252"), ("cp1250", "Windows-1250"), ("cp1251", "Windows-1251"),
]  # fmt: skip


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What is in the file?"))
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV or Excel (.xlsx), with column names in the first row.")
    )
    profile = forms.FileField(
        label=gettext_lazy("Profile"),
        required=False,
        help_text=gettext_lazy("A .toml file that says what each column is, if you have one."),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Characters"), choices=ENCODINGS, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "---------")] + [  # chosen, not left as it happened to stand
            (kind.code, kind.label_plural) for kind in declaring.importable() if kind.is_open_to(user)
        ]


class ColumnsForm(forms.Form):
    """One line for each column of the file, then what holds for all of them."""

    dates = forms.ChoiceField(label=gettext_lazy("How are dates written?"), choices=DATES, required=False)
    decimal = forms.ChoiceField(label=gettext_lazy("How are numbers written?"), choices=DECIMALS, initial=".")
    unknown = forms.CharField(
        label=gettext_lazy("Texts that mean “not known”"),
        required=False,
        help_text=gettext_lazy("Parted by blanks: ? n/a"),
    )
    existing = forms.ChoiceField(label=gettext_lazy("Records that exist already"), choices=EXISTING, initial="update")
    save_as = forms.CharField(
        label=gettext_lazy("Save these choices as"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("For the next file like this one."),
    )

    def __init__(self, *args: Any, batch: ImportBatch, content: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch, self.kind = batch, declaring.get(batch.target)
        chosen = _chosen(content) if content else self._guess()
        self.given = content or {}
        for name in ("dates", "decimal", "existing"):
            self.fields[name].initial = self.given.get(name, self.fields[name].initial)
        self.fields["unknown"].initial = " ".join(self.given.get("unknown", []))
        for place, head in enumerate(batch.heads):
            target, values = chosen.get(head, (IGNORE, {}))
            self.fields[f"target_{place}"] = forms.ChoiceField(
                label=head, choices=self._targets(), required=False, initial=target
            )
            self.fields[f"values_{place}"] = forms.CharField(
                label=_("Translate values of %(column)s") % {"column": head},
                required=False,
                initial="\n".join(f"{old} {ARROW} {new}" for old, new in values.items()),
                widget=forms.Textarea(attrs={"rows": 1, "placeholder": _("old = new")}),
            )

    def columns(self) -> list[dict[str, Any]]:
        samples = previewing.sample(self.batch)
        return [
            {
                "head": head,
                "sample": samples[place],
                "target": self[f"target_{place}"],
                "values": self[f"values_{place}"],
            }
            for place, head in enumerate(self.batch.heads)
        ]

    def content(self) -> dict[str, Any]:
        """The choices as a profile."""
        data = self.cleaned_data
        fields, history, ignore, keep = {}, {}, [], []
        for place, head in enumerate(self.batch.heads):
            target = data[f"target_{place}"]
            if target in (IGNORE, KEEP):
                (keep if target == KEEP else ignore).append(head)
                continue
            found = self.kind.field(target)
            source = {"column": head, **({"values": data[f"values_{place}"]} if data[f"values_{place}"] else {})}
            (history if found and found.history else fields)[target] = source
        content = {
            "kind": self.kind.code,
            "fields": fields,
            "ignore": ignore,
            "keep": keep,
            "decimal": data["decimal"],
            "existing": data["existing"],
            "unknown": data["unknown"].split(),
        }
        if data["dates"]:
            content["dates"] = data["dates"]
        if "at" in history:
            content["history"] = [{"fields": history}]
        else:
            fields.update(history)
        return content

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        taken: dict[str, str] = {}
        for place, head in enumerate(self.batch.heads):
            target = data.get(f"target_{place}", "")
            if target not in (IGNORE, KEEP) and target in taken:
                self.add_error(f"target_{place}", _("“%(column)s” is this field already.") % {"column": taken[target]})
            taken[target] = head
            data[f"values_{place}"] = self._values(place, data.get(f"values_{place}", ""))
        return data

    def _values(self, place: int, text: str) -> dict[str, str]:
        values = {}
        for line in text.splitlines():
            old, arrow, new = line.partition(ARROW)
            if line.strip() and not arrow:
                self.add_error(f"values_{place}", _("Write one translation on each line: old = new"))
            elif line.strip():
                values[old.strip()] = new.strip()
        return values

    def _targets(self) -> list[tuple[str, Any]]:
        targets = [(IGNORE, _("— leave out —"))]
        if self.kind.keeps:
            targets.append((KEEP, _("— keep with the history —")))
        return targets + [(each.name, each.label) for each in self._offered()]

    def _offered(self) -> list[declaring.Field]:
        closed = fields.unwritable(self.kind.code)
        return [each for each in self.kind.fields if each.name not in closed]

    def _guess(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Columns that are called like a field; shown for the person to confirm, never applied unseen."""
        names: dict[str, str] = {}
        offered = self._offered()
        for each in offered:
            labels = [each.custom.label, each.custom.label_zh, each.custom.code] if each.custom else _labels(each.label)
            for called in (each.name, each.name.replace("_", " "), *labels):
                names.setdefault(called.casefold(), each.name)
        for each in offered:
            own = _whole_names(self.kind.label, each.label) if each.name == "name" else ()
            for called in (*each.called, *own):
                names.setdefault(called.casefold(), each.name)
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for head in self.batch.heads:
            name = names.get(head.casefold())
            if name and name not in [target for target, _values in found.values()]:
                found[head] = (name, {})
        return found


def _labels(label: Any) -> list[str]:
    """In each language: who exported a file need not read the language of whoever imports it."""
    said = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            said.append(str(label))
    return said


def _whole_names(kind: Any, name: Any) -> list[str]:
    """ "Customer" and "Customer name", 「客户」 and 「客户名称」."""
    pairs = list(zip(_labels(kind), _labels(name), strict=True))
    return [*(of for of, _said in pairs), *(f"{of} {said}" for of, said in pairs), *(of + said for of, said in pairs)]


def read_as(batch: ImportBatch) -> str:
    """In which characters a file was read; empty for a workbook, which says so itself."""
    name = batch.reading.get("encoding", "").removesuffix("-sig")
    return dict(ENCODINGS).get(name, name.upper()) if name else ""


def _chosen(content: dict[str, Any]) -> dict[str, tuple[str, dict[str, str]]]:
    """What a profile says of each column."""
    given = [content.get("fields", {}), *(step.get("fields", {}) for step in content.get("history", []))]
    chosen = {head: (KEEP, {}) for head in content.get("keep", [])}
    for mapped in given:
        for name, source in mapped.items():
            source = {"column": source} if isinstance(source, str) else source
            if "column" in source:
                chosen[source["column"]] = (name, source.get("values", {}))
    return chosen
