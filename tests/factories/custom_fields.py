"""Fields as an administrator would have defined them."""

from __future__ import annotations

from typing import Any

from crm.actions import custom_fields
from crm.models import CustomField, CustomFieldChoice


def make_field(code: str, type: str, *, kind: str = "customer", choices: Any = (), **fields: Any) -> CustomField:
    """`choices` are (code, label, label in Chinese)."""
    fields.setdefault("label", code.replace("_", " ").capitalize())
    field = CustomField.objects.create(kind=kind, code=code, type=type, **fields)
    for place, (choice, label, label_zh) in enumerate(choices):
        CustomFieldChoice.objects.create(field=field, code=choice, label=label, label_zh=label_zh, position=place)
    return field


def make_formula(code: str, formula: str, result: str = "number", *, kind: str = "customer", **fields: Any) -> Any:
    """As the admin site writes it down: checked, with every name in full."""
    fields.setdefault("label", code.replace("_", " ").capitalize())
    field = CustomField(kind=kind, code=code, type="formula", formula=formula, result=result, **fields)
    custom_fields.write_formula(field)
    field.save()
    return field


def make_fields(kind: str = "customer") -> dict[str, CustomField]:
    """One of each type."""
    tiers = [("small", "Small fleet", "小车队"), ("big", "Big fleet", "大车队"), ("old", "Old fleet", "旧车队")]
    made = [
        make_field("nickname", "text", kind=kind, label_zh="昵称", is_searched=True),
        make_field("story", "long_text", kind=kind),
        make_field("vehicles", "number", kind=kind, is_shown=True),
        make_field("discount", "decimal", kind=kind),
        make_field("audited_on", "date", kind=kind, label="Audited on", label_zh="审核日期", group="Checks"),
        make_field("insured", "boolean", kind=kind, group="Checks"),
        make_field("fleet", "choice", kind=kind, choices=tiers, is_searched=True),
        make_field("brands", "choices", kind=kind, choices=tiers),
        make_field("portal", "link", kind=kind),
    ]
    return {field.code: field for field in made}
