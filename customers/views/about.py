"""The record of an app above that a form was opened from, as the address or the form names it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from crm.access import guards, kinds
from crm.web import asked


def record_named_by(values: QueryDict, user: Any) -> Any:
    """The record that `about_kind` and `about_id` name, or `about` as "opportunity:7", if the person may see it.

    None where they name none.
    """
    code, given = values.get("about_kind", ""), values.get("about_id", "")
    if not (code or given):
        code, _colon, given = values.get("about", "").partition(":")
        if not code:
            return None
    rows, pk = kinds.rows_of(code), asked.whole(given)
    if rows is None or pk is None:
        raise Http404(_("There is no such record, or it is not yours to see."))
    return guards.get_visible(rows.all(), user, pk=pk)
