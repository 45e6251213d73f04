"""Django's templates, drawn for the reader: what is closed to them is empty, also after something was written; what was
erased is said in their language.
"""

from __future__ import annotations

from typing import Any

from django.template.backends.django import DjangoTemplates, Template
from django.utils.safestring import SafeString

from crm.access import fields
from crm.actions.redaction_words import as_read


class Drawn(Template):
    def render(self, context: Any = None, request: Any = None) -> SafeString:
        with fields.covered():
            said = super().render(context=context, request=request)
        return SafeString(as_read(said))  # the mark is ours, and holds nothing to be escaped


class Templates(DjangoTemplates):
    def from_string(self, template_code: str) -> Drawn:
        return Drawn(super().from_string(template_code).template, self)

    def get_template(self, template_name: str) -> Drawn:
        return Drawn(super().get_template(template_name).template, self)
