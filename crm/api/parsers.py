"""Bodies as other programs send them, within what this one can carry."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

DEEPEST = 50  # far more than any record's
UNKEPT = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, and half a character is none


class TooLarge(exceptions.APIException):
    status_code = 413


class BoundedJSONParser(BaseParser):
    """Refuses in a sentence what would otherwise be a fault of ours further on: too much, too deep, no text."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(_("The body has more than %(most)d bytes.") % {"most": most})
        try:
            found = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
        except RecursionError:
            raise exceptions.ParseError(_("The body is nested too deeply.")) from None
        except ValueError as error:
            raise exceptions.ParseError(_("The body is not JSON: %(reason)s") % {"reason": error}) from None
        return _checked(found)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number.")


def _finite(written: str) -> float:
    number = float(written)
    return number if math.isfinite(number) else _refuse(written[:20])


def _checked(body: Any) -> Any:
    """As it came, if the database can hold every text in it; level by level, as it may be deeper than calls may go."""
    wrong: dict[str, Any] = {}
    level = [("", body)]
    for _one in range(DEEPEST):
        deeper: list[tuple[str, Any]] = []
        for path, value in level:
            if isinstance(value, str) and UNKEPT.search(value):
                wrong[path] = [_("It holds a character that cannot be kept.")]
            inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for name, each in inside:
                there = f"{path}.{_shown(name)}" if path else _shown(name)
                if isinstance(name, str) and UNKEPT.search(name):
                    wrong[there] = [_("It holds a character that cannot be kept.")]
                deeper.append((there, each))
        if not deeper:
            if wrong:
                raise exceptions.ValidationError(wrong)
            return body
        level = deeper
    raise exceptions.ParseError(_("The body is nested too deeply."))


def _shown(name: str | int) -> str:
    return UNKEPT.sub("?", str(name)[:100])
