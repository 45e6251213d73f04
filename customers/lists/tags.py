"""Tags in lists: a column of chips, two filters, and the bulk action."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.web.lists import BulkAction, Column
from customers.actions import tags
from customers.forms.tags import BulkTagsForm
from customers.models import Tag


class Chips(str):
    """Names with semicolons between them for a file, coloured on the page."""

    tags: list[dict[str, str]]

    def __html__(self) -> SafeString:
        drawn = render_to_string("customers/tag/_chips.html", {"tags": self.tags})
        return format_html("<span>{}</span>", drawn)  # on a phone the cell's one value, which breaks between chips


def chips(row: Any) -> Chips:
    found = Chips("; ".join(tag["name"] for tag in row.tags_shown))
    found.tags = row.tags_shown
    return found


def with_tags(queryset: QuerySet) -> QuerySet:
    """Names and colours of each row's tags, in the same query."""
    borne = Func(
        F("pk"), OuterRef("tags"), template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField()
    )
    named = Tag.objects.filter(borne).order_by("key").values_list(JSONObject(name="name", colour="colour"))
    return queryset.annotate(tags_shown=ArraySubquery(named))


def tags_column() -> Column:
    return Column("tags", _("Tags"), value=chips, annotate=with_tags)


class AnyTagFilter(filters.ModelMultipleChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=lambda request: Tag.objects.all(), label=_("with one of the tags"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        numbers = [tag.pk for tag in value or ()]
        return qs.filter(tags__overlap=numbers) if numbers else qs


class NoTagFilter(filters.ModelMultipleChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=lambda request: Tag.objects.all(), label=_("with none of the tags"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        numbers = [tag.pk for tag in value or ()]
        return qs.exclude(tags__overlap=numbers) if numbers else qs


def tags_action() -> BulkAction:
    return BulkAction("tags", _("Tags"), tags.change_many, form=BulkTagsForm, icon="tags")
