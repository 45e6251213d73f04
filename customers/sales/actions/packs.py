"""Putting a pack by trade into the configuration: what is not there yet is added, and nothing is ever changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import events
from crm.models import BusinessCalendar, CustomField, CustomFieldChoice, Event, MailTemplate
from customers.models import CadenceRule, ChurnReason, SourceChannel
from customers.sales.actions import products
from customers.sales.actions.pack_files import Pack
from customers.sales.actions.pipelines import usual_category
from customers.sales.models import ExitCriterion, LostReason, Pipeline, Product, QuoteRules, Stage

ADDED = "settings.created"
LANGUAGES = ("en", "zh-hans", "both")  # of what has one name only


@dataclass(frozen=True)
class Item:
    """One record of a pack; `make` stores it, where it is not there."""

    key: str
    label: Any
    title: str
    is_there: bool
    make: Callable[..., Any]


class Words:
    """What is said in both languages, as the organisation wants it where there is room for one name."""

    def __init__(self, language: str) -> None:
        self.language = language

    def one(self, row: dict[str, Any], name: str) -> str:
        english, chinese = str(row.get(name, "")).strip(), str(row.get(f"{name}_zh", "")).strip()
        if self.language == "both" and english != chinese:
            return f"{english}\n\n{chinese}" if "\n" in english or name == "terms" else f"{english} {chinese}".strip()
        return chinese if self.language.startswith("zh") else english

    def any(self, row: dict[str, Any], name: str) -> list[str]:
        """Under which names it may be there already, whatever the language was then."""
        return [Words(language).one(row, name) for language in LANGUAGES]


def outlook(pack: Pack, *, language: str) -> list[Item]:
    """Every record of the pack, and whether it is there: under one of its names, or under what it was renamed to."""
    before = _added_before(pack)
    return [
        Item(key, label, title, there or key in before, make)
        for key, label, title, there, make in _items(pack.said, Words(language))
    ]


def apply(pack: Pack, *, by: Any, at: datetime, language: str) -> list[Item]:
    """Add what is not there yet. The items as they were before it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('yardstick.packs'))")
        items = outlook(pack, language=language)
        for item in items:
            if item.is_there:
                continue
            made = item.make(by=by, at=at)
            data = {"model": made._meta.label_lower, "id": str(made.pk), "name": str(made), "pack": pack.code}
            data |= {"key": item.key, "changes": {"pack": [None, pack.named("en")]}}
            events.record(ADDED, by, by=by, at=at, data=data)
    return items


def _added_before(pack: Pack) -> set[str]:
    """What it put there and what still is: an administrator may have renamed it, which is not to be undone."""
    rows = Event.objects.filter(type=ADDED, data__pack=pack.code).values_list("data", flat=True)
    return {
        data["key"]
        for data in rows
        if apps.get_model(data["model"])._base_manager.filter(pk=data["id"]).exists()  # one of a few dozen
    }


Found = tuple[str, Any, str, bool, Callable[..., Any]]


def _items(said: dict[str, Any], words: Words) -> Iterator[Found]:
    if "pipeline" in said:
        yield _pipeline(said["pipeline"], words)
    for section, model in (("lost_reasons", LostReason), ("churn_reasons", ChurnReason)):
        for row in said.get(section, []):
            there = _is_named(model, words.any(row, "name"))
            name = words.one(row, "name")
            yield f"{section}.{row['name']}", _label(model), name, there, _maker(model, name=name)
    yield from _channels(said)
    yield from _fields(said)
    yield from _letters(said)
    yield from _rules(said, words)
    yield from _products(said, words)
    if "quotes" in said:
        rules, terms = QuoteRules.in_force(), words.one(said["quotes"], "terms")
        yield (
            "quotes.terms",
            _("terms of quotes"),
            terms.split("\n")[0],
            bool(rules.terms),
            partial(_write_terms, terms),
        )


def _label(model: Any) -> Any:
    return model._meta.verbose_name


def _is_named(model: Any, names: list[str]) -> bool:
    asked = Q()
    for name in names:
        asked |= Q(name__iexact=name)
    return bool(model._base_manager.filter(asked).exists())


def _maker(model: Any, **values: Any) -> Callable[..., Any]:
    return lambda **_: _stored(model(**values))


def _stored(record: Any) -> Any:
    record.full_clean()
    record.save()
    return record


def _pipeline(said: dict[str, Any], words: Words) -> Found:
    name = words.one(said, "name")
    stages = " → ".join(words.one(stage, "name") for stage in said["stages"])
    there = _is_named(Pipeline, words.any(said, "name"))
    return "pipeline", _label(Pipeline), f"{name}: {stages}", there, partial(_make_pipeline, said, words)


def _make_pipeline(said: dict[str, Any], words: Words, **_: Any) -> Pipeline:
    pipeline = _stored(Pipeline(name=words.one(said, "name"), position=Pipeline.objects.count(), locks_closed=True))
    for place, row in enumerate(said["stages"], start=1):
        outcome, probability = row.get("outcome", Stage.Outcome.OPEN), row.get("probability", 0)
        stage = _stored(
            Stage(
                pipeline=pipeline, name=words.one(row, "name"), position=place, outcome=outcome,
                probability=probability, rot_days=row.get("rot_days"),
                forecast_category=row.get("category", usual_category(outcome, probability)),
            )
        )  # fmt: skip
        for number, criterion in enumerate(row.get("exit", []), start=1):
            text = words.one(criterion, "text")
            _stored(ExitCriterion(stage=stage, what=criterion["what"], text=text, position=number))
    return pipeline


def _channels(said: dict[str, Any]) -> Iterator[Found]:
    for place, row in enumerate(said.get("source_channels", [])):
        named = Q(code=row["code"]) | Q(name__iexact=row["name"]) | Q(name_zh=row["name_zh"])
        there = SourceChannel.objects.filter(named).exists()
        make = _maker(SourceChannel, **row, position=SourceChannel.objects.count() + 1 + place)
        yield f"source_channels.{row['code']}", _label(SourceChannel), f"{row['name']} {row['name_zh']}", there, make


def _fields(said: dict[str, Any]) -> Iterator[Found]:
    for row in said.get("custom_fields", []):
        there = CustomField.objects.filter(kind=row["kind"], code=row["code"]).exists()
        title = f"{row['label']} {row['label_zh']}"
        key = f"custom_fields.{row['kind']}.{row['code']}"
        yield key, _label(CustomField), title, there, partial(_make_field, row)


def _make_field(row: dict[str, Any], **_: Any) -> CustomField:
    field = _stored(
        CustomField(
            kind=row["kind"], code=row["code"], type=row["type"], label=row["label"], label_zh=row["label_zh"],
            help_text=row.get("help", ""), help_text_zh=row.get("help_zh", ""), group=row.get("group", ""),
            group_zh=row.get("group_zh", ""), is_shown=row.get("shown", False),
            position=CustomField.objects.filter(kind=row["kind"]).count() + 1,
        )
    )  # fmt: skip
    for number, choice in enumerate(row.get("choices", []), start=1):
        _stored(CustomFieldChoice(field=field, position=number, **choice))
    return field


def _letters(said: dict[str, Any]) -> Iterator[Found]:
    """One in each language: customers are written to in theirs."""
    for row in said.get("mail_templates", []):
        for language, ending in (("en", ""), ("zh-hans", "_zh")):
            name = row[f"name{ending}"]
            there = MailTemplate.objects.filter(name=name, language=language).exists()
            subject, body = row[f"subject{ending}"], row[f"body{ending}"].strip()
            make = _maker(MailTemplate, name=name, language=language, subject=subject, body=body)
            yield f"mail_templates.{row['name']}.{language}", _label(MailTemplate), name, there, make


def _rules(said: dict[str, Any], words: Words) -> Iterator[Found]:
    calendar = BusinessCalendar.objects.order_by("pk").first()
    for row in said.get("contact_rules", []):
        occasion, tier = row["occasion"], row.get("tier", "")
        there = calendar is None or CadenceRule.objects.filter(occasion=occasion, tier=tier).exists()
        title = words.one(row, "title")
        make = _maker(CadenceRule, occasion=occasion, tier=tier, days=row["days"], title=title, calendar=calendar)
        yield f"contact_rules.{occasion}.{tier}", _label(CadenceRule), title, there, make


def _products(said: dict[str, Any], words: Words) -> Iterator[Found]:
    for row in said.get("products", []):
        names = Q(name__in=words.any(row, "name")) | Q(code=row["code"])
        there = Product._base_manager.filter(names, deleted_at=None).exists()
        values = {"name": words.one(row, "name"), "series": words.one(row, "series"), "code": row["code"]}
        values["price"] = row.get("price")
        yield f"products.{row['code']}", _label(Product), values["name"], there, partial(products.create, **values)


def _write_terms(terms: str, **_: Any) -> QuoteRules:
    rules = QuoteRules.in_force()
    rules.terms = terms
    stored: QuoteRules = _stored(rules)
    return stored
