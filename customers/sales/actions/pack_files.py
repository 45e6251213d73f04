"""Reading packs by trade: one TOML file each, whose every line is held against what a pack may say (docs/packs.md)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from crm.custom_fields import known
from crm.models import CustomField
from crm.models.custom_field import CHOOSING
from customers.models import CadenceRule, Customer
from customers.sales.models import ExitCriterion, Stage
from customers.sales.models.pipeline import ForecastCategory

FOLDER = Path(__file__).resolve().parent.parent / "packs"
FORMAT = 1
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


class Wrong(Exception):
    """What is wrong with a file, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Column:
    of: type = str
    needed: bool = True
    most: int = 80  # characters, or the largest number
    among: tuple[str, ...] = ()
    is_code: bool = False


@dataclass(frozen=True)
class Rows:
    """What a table, or each of a list of tables, may hold."""

    columns: dict[str, Column | Rows]
    many: bool = True
    needed: bool = False
    least: int = 0


def both(name: str, most: int, needed: bool = True) -> dict[str, Column | Rows]:
    """A text in both languages; together with a space they fit into `most`."""
    return {name: Column(most=most, needed=needed), f"{name}_zh": Column(most=most, needed=needed)}


CODED = Column(is_code=True, most=40)
REASONS = Rows(both("name", 100))
STAGES = Rows(
    {
        **both("name", 80),
        "outcome": Column(needed=False, among=tuple(Stage.Outcome.values)),
        "probability": Column(float, needed=False, most=1),
        "category": Column(needed=False, among=tuple(ForecastCategory.values)),
        "rot_days": Column(int, needed=False, most=730),
        "exit": Rows({"what": Column(among=tuple(ExitCriterion.What.values)), **both("text", 120, needed=False)}),
    },
    least=3,
)
FIELDS = Rows(
    {
        "kind": Column(most=20),
        "code": CODED,
        "type": Column(among=tuple(set(CustomField.Type.values) - {CustomField.Type.FORMULA})),
        **both("label", 80),
        **both("help", 200, needed=False),
        **both("group", 60, needed=False),
        "shown": Column(bool, needed=False),
        "choices": Rows({"code": CODED, **both("label", 80)}),
    }
)
PACK = Rows(
    {
        "format": Column(int, most=FORMAT),
        **both("name", 120),
        **both("about", 400),
        "pipeline": Rows({**both("name", 80), "stages": STAGES}, many=False),
        "lost_reasons": REASONS,
        "churn_reasons": REASONS,
        "source_channels": Rows({"code": Column(is_code=True, most=12), **both("name", 60)}),
        "custom_fields": FIELDS,
        "mail_templates": Rows({**both("name", 80), **both("subject", 200), **both("body", 4000)}),
        "contact_rules": Rows(
            {
                "occasion": Column(among=(CadenceRule.Occasion.CALL_BACK, CadenceRule.Occasion.AFTER_SALE)),
                "days": Column(int, most=730),
                "tier": Column(needed=False, among=tuple(Customer.Tier.values)),
                **both("title", 120),
            }
        ),
        "products": Rows(
            {
                "code": Column(most=60),
                **both("name", 120),
                **both("series", 80, needed=False),
                "price": Column(float, needed=False, most=10**9),
            }
        ),
        "quotes": Rows(both("terms", 2000), many=False),
    },
    many=False,
)


@dataclass(frozen=True)
class Pack:
    code: str
    said: dict[str, Any] = field(repr=False)

    def named(self, language: str) -> str:
        return str(self.said["name_zh" if language.startswith("zh") else "name"])

    def about(self, language: str) -> str:
        return str(self.said["about_zh" if language.startswith("zh") else "about"])


def shipped() -> list[Pack]:
    return [read(path) for path in sorted(FOLDER.glob("*.toml"))]


def find(name: str) -> Pack:
    """A shipped one by its name, or a file of one's own."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file() or ("/" in name and not name.endswith(".toml")):
        names = ", ".join(one.stem for one in sorted(FOLDER.glob("*.toml")))
        raise Wrong([f"There is no pack {name}; there are: {names}, and files that end in .toml."])
    return read(path)


def read(path: Path) -> Pack:
    return parse(path.read_text(encoding="utf-8"), path.stem)


def parse(text: str, code: str) -> Pack:
    try:
        said = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise Wrong([f"{code}: {error}"]) from error
    found = list(_problems(said, PACK, "")) or list(_together(said))
    if found:
        lines = _lines(text)
        raise Wrong([f"{code}, line {_line_of(path, lines)}: {path}: {problem}" for path, problem in found])
    return Pack(code, said)


def _problems(said: Any, rows: Rows, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(said, dict):
        yield path, "is to be a table"
        return
    inside = f"{path}." if path else ""
    for name in said.keys() - rows.columns.keys():
        yield inside + name, f"is not known; known are {', '.join(rows.columns)}"
    for name, column in rows.columns.items():
        if name not in said:
            if column.needed or (isinstance(column, Rows) and column.least):
                yield inside + name, "is missing"
        elif isinstance(column, Column):
            yield from ((inside + name, problem) for problem in _value(said[name], column))
        elif not column.many:
            yield from _problems(said[name], column, inside + name)
        elif not isinstance(said[name], list) or len(said[name]) < column.least:
            yield inside + name, f"is to be a list of tables, at least {column.least}"
        else:
            for place, row in enumerate(said[name]):
                yield from _problems(row, column, f"{inside}{name}[{place}]")


def _value(value: Any, column: Column) -> Iterator[str]:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    fits = number if column.of is float else type(value) is column.of
    if not fits:
        yield {str: "is to be a text", bool: "is to be true or false", int: "is to be a whole number"}.get(
            column.of, "is to be a number"
        )
    elif number and not 0 <= value <= column.most:
        yield f"is to be between 0 and {column.most}"
    elif isinstance(value, str):
        if column.needed and not value.strip():
            yield "is empty"
        elif len(value) > column.most:
            yield f"has {len(value)} characters, at most {column.most} fit"
        elif column.among and value not in column.among:
            yield f"is to be one of {', '.join(sorted(column.among))}"
        elif column.is_code and not CODE.match(value):
            yield "is to be of small letters, digits and single underscores"


def _together(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What only several values show."""
    if said["format"] != FORMAT:
        yield "format", f"is to be {FORMAT}"
    lists = {name: rows for name, rows in said.items() if isinstance(rows, list)}
    stages = said.get("pipeline", {}).get("stages", [])
    for name, rows in [*lists.items(), ("pipeline.stages", stages)] if stages else lists.items():
        yield from _twice(name, rows)
    yield from _stages(stages)
    for place, row in enumerate(said.get("custom_fields", [])):
        path = f"custom_fields[{place}]"
        if row["kind"] not in known.takers():
            yield f"{path}.kind", f"is to be one of {', '.join(sorted(known.takers()))}"
        if bool(row.get("choices")) != (row["type"] in CHOOSING):
            yield f"{path}.type", "has choices if, and only if, it is one of choice and choices"


def _twice(name: str, rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for column in ("code", "name", "name_zh"):
        counted = Counter((row.get("kind"), str(row[column]).casefold()) for row in rows if column in row)
        for place, row in enumerate(rows):
            if column in row and counted[row.get("kind"), str(row[column]).casefold()] > 1:
                yield f"{name}[{place}].{column}", "stands there twice"


def _stages(stages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    outcomes = Counter(stage.get("outcome", "open") for stage in stages)
    if stages and (outcomes["won"] != 1 or outcomes["lost"] != 1):
        yield "pipeline.stages", "are to be one that is won, one that is lost, and open ones"
    for place, stage in enumerate(stages):
        path, is_open = f"pipeline.stages[{place}]", stage.get("outcome", "open") == "open"
        if is_open != ("probability" in stage):
            yield f"{path}.probability", "is said of open stages, and of no others"
        if stage.get("exit") and not is_open:
            yield f"{path}.exit", "is for open stages"
        for number, criterion in enumerate(stage.get("exit", [])):
            if (criterion["what"] == "manual") != bool(criterion.get("text") and criterion.get("text_zh")):
                yield f"{path}.exit[{number}].text", "is said in both languages where what is manual, and nowhere else"


def _lines(text: str) -> dict[str, int]:
    """On which line each table begins and each value stands, by its path."""
    found: dict[str, int] = {}
    counted: dict[str, int] = {}
    here, quoted = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        if not quoted and (header := re.match(r"\s*\[(\[)?([\w.]+)\]", line)):
            here = ""
            *above, last = header[2].split(".")
            for part in above:
                here += f".{part}" if here else part
                here += f"[{counted[here]}]" if here in counted else ""
            here = f"{here}.{last}" if here else last
            if header[1]:
                counted[here] = counted.get(here, -1) + 1
                here += f"[{counted[here]}]"
            found[here] = number
        elif not quoted and (key := re.match(r"\s*(\w+)\s*=", line)):
            found[f"{here}.{key[1]}" if here else key[1]] = number
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
    return found


def _line_of(path: str, lines: dict[str, int]) -> int:
    """Its own, or that of the table it should stand in."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path, 1)
