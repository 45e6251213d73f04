"""What the demo organisation wants to know of its customers besides: fields of its own, filled in for most."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from crm.actions import custom_fields
from crm.custom_fields import known, writing
from crm.models import CustomField, CustomFieldChoice
from customers.models import Customer
from evaluation.demo import storing
from evaluation.demo.world import World

EQUIPMENT = {"group": "Equipment", "group_zh": "设备"}
BUYING = (
    ("direct", "directly", "直接采购"),
    ("distributor", "through a distributor", "通过经销商"),
    ("tender", "by tender", "招标采购"),
)


def define() -> None:
    Type = CustomField.Type
    CustomField.objects.create(
        kind=Customer.kind, code="machines", type=Type.NUMBER, label="Machines in use", label_zh="在用设备数",
        position=1, is_shown=True, **EQUIPMENT,
    )  # fmt: skip
    CustomField.objects.create(
        kind=Customer.kind, code="inspected_on", type=Type.DATE, label="Last inspection", label_zh="上次检验",
        help_text="When one of us last looked at the machines.", help_text_zh="我们上次检查设备的日期。",
        position=2, **EQUIPMENT,
    )  # fmt: skip
    buying = CustomField.objects.create(
        kind=Customer.kind, code="buying", type=Type.CHOICE, label="How it buys", label_zh="采购方式", position=3,
        is_searched=True,
    )  # fmt: skip
    for place, (code, label, label_zh) in enumerate(BUYING):
        CustomFieldChoice.objects.create(field=buying, code=code, label=label, label_zh=label_zh, position=place)
    due = CustomField(
        kind=Customer.kind, code="inspection_due", type=Type.FORMULA, label="Next inspection", label_zh="下次检验",
        help_text="A year after the last one.", help_text_zh="上次检验一年之后。", position=4,
        formula="add_days(inspected_on, 365)", result=CustomField.Result.DATE, **EQUIPMENT,
    )  # fmt: skip
    custom_fields.write_formula(due)
    due.save()


def fill(world: World) -> None:
    """Counted through rather than drawn, so that the story around it stays as it is."""
    define()
    today = timezone.localdate(world.now)
    with known.read_once():
        for place, customer in enumerate(world.customers):
            said = {
                "machines": 1 + place * 7 % 23 if place % 4 else None,
                "inspected_on": today - timedelta(days=10 + place * 13 % 700) if place % 3 else None,
                "buying": BUYING[place % 5 % 3][0] if place % 5 < 4 else None,
            }
            customer.custom = writing.for_new(Customer.kind, said)
    storing.change(Customer, world.customers, ["custom"])
