"""A filter for the lists of kinds whose single records people share: docs/sharing.md."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _


class SharedWithMe(filters.BooleanFilter):
    """What was shared with whoever looks: a saved view of it shows everybody their own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("shared with me"), **kwargs)

    def filter(self, qs: Any, value: bool | None) -> Any:
        return qs if value is None else qs.shared_with(self.parent.request.user, value)
