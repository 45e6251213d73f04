"""What the scripts of Django's widgets say and its Chinese does not know yet: said from our own catalogue."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext, gettext_noop
from django.views.i18n import JavaScriptCatalog

WORDS = (
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
    gettext_noop("(click to clear)"),
)


class Catalog(JavaScriptCatalog):
    def get_catalog(self) -> dict[str, Any]:
        ours = {word: gettext(word) for word in WORDS}
        return super().get_catalog() | {word: said for word, said in ours.items() if said != word}


def catalog(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    return Catalog.as_view(packages=["django.contrib.admin"])(request)


admin.site.i18n_javascript = catalog  # type: ignore[method-assign]
