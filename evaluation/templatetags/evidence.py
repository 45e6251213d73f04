"""{{ row.label|record_name:row.kind }}: what a record is called, in the reader's language."""

from __future__ import annotations

from django import template

from evaluation.views.used_values import record_name

register = template.Library()
register.filter("record_name", record_name)
