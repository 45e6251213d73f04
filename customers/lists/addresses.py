"""Further emails and phones of a row, as one text with semicolons."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery, Value

from crm.web.lists import Column
from customers.models import ContactPoint


def further_column(type: str, label: Any) -> Column:
    """Found by the import under the same name."""
    code = f"further_{type}s"

    def annotate(queryset: QuerySet) -> QuerySet:
        kind = queryset.model.kind
        rows = ContactPoint.objects.further().filter(**{kind: OuterRef("pk")}, type=type).order_by().values(kind)
        texts = rows.annotate(texts=StringAgg("value", Value("; "), order_by="pk")).values("texts")
        return queryset.annotate(**{code: Subquery(texts)})

    return Column(code, label, annotate=annotate)
