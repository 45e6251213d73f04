"""The record of an app above that a form was opened from, as the address or the form names it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from crm.access import guards, kinds


def record_named_by(values: QueryDict, user: Any) -> Any:
    """The record that `about_kind` and `about_id` name, if the person may see it; None where they name none."""
    code, pk = values.get("about_kind", ""), values.get("about_id", "")
    if not code and not pk:
        return None
    try:
        model: Any = kinds.get(code).model
    except KeyError:
        model = None
    if model is None or not hasattr(model, "objects") or not pk.isdecimal() or len(pk) > 18:
        raise Http404(_("There is no such record, or it is not yours to see."))
    return guards.get_visible(model.objects.all(), user, pk=int(pk))
