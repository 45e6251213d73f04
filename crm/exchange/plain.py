"""Which texts are right in a column as they are, if they are not too long: no validator has to be asked about them."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models

ANYTHING = re.compile(r"(?s:.+)")
EMAIL = re.compile(r"[a-z0-9+_-]+(?:\.[a-z0-9+_-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def texts_of(column: Any) -> re.Pattern[str] | None:
    if type(column) is models.EmailField:
        return EMAIL
    is_free = type(column) in (models.CharField, models.TextField) and not column.choices
    if is_free and all(type(check) is MaxLengthValidator for check in column.validators):
        return ANYTHING
    return None
