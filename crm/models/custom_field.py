from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func, OuterRef, Q, Value
from django.db.models.functions import Concat, JSONObject
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

CODE = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
# What the two ends of a range are called in an address.
ENDINGS = ("_min", "_max", "_after", "_before")
CHOOSING = ("choice", "choices")

check_code = RegexValidator(CODE, _("Small letters, digits and single underscores, beginning with a letter."))


class Whole(dict[str, Any]):
    """All custom values of a record: what is not in it has none. A plain dict is a change of those it names."""


class CustomValuesField(models.JSONField):
    """What a record holds in the fields the administrator defined, by code. Written through `crm.actions.records`."""

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return Whole(found) if isinstance(found, dict) else found

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, dict):
            raise ValidationError(_("Custom fields are an object with a value for each code."))


def custom_values_field() -> CustomValuesField:
    return CustomValuesField(
        _("custom fields"), default=dict, db_default=Value({}, models.JSONField()), blank=True, editable=False
    )


def custom_values_index(name: str) -> GinIndex:
    """Finds the few that have a value; costs nothing while nobody uses custom fields."""
    return GinIndex(fields=["custom"], name=name, condition=~Q(custom={}))


class CustomFieldQuerySet(models.QuerySet["CustomField"]):
    def existing(self) -> Self:
        return self.filter(is_deleted=False)

    def active(self) -> Self:
        return self.existing().filter(is_retired=False)

    def counting_with(self, field: CustomField) -> Self:
        """The formulas that count with a field."""
        return self.existing().filter(kind=field.kind, type=CustomField.Type.FORMULA, reads__contains=[field.name])

    def computed(self) -> Self:
        """The formulas, each with `names_read`: its own name, and after it those that it reads."""
        reads = Func("reads", Value(" "), function="array_to_string", output_field=models.TextField())
        named = Concat(Value("custom_"), "code", Value(" "), reads, output_field=models.TextField())
        return self.existing().filter(type=CustomField.Type.FORMULA).order_by().annotate(names_read=named)

    def with_options(self) -> Self:
        """Together with their choices, in the same query."""
        choices = CustomFieldChoice.objects.filter(field=OuterRef("pk")).order_by("position", "pk")
        told = JSONObject(
            code="code", label="label", label_zh="label_zh", is_retired="is_retired", is_default="is_default"
        )
        return self.annotate(options_read=ArraySubquery(choices.values_list(told)))


class CustomField(models.Model):
    """A field of the organisation's own on one kind of record. What it holds stands in the record's `custom` column;
    what a formula gives stands nowhere.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        LONG_TEXT = "long_text", _("long text")
        NUMBER = "number", _("whole number")
        DECIMAL = "decimal", _("decimal number")
        DATE = "date", _("date")
        BOOLEAN = "boolean", _("yes or no")
        CHOICE = "choice", _("one choice")
        CHOICES = "choices", _("several choices")
        LINK = "link", _("link")
        FORMULA = "formula", _("formula")

    class Result(models.TextChoices):
        """What a formula gives."""

        NUMBER = "number", _("number")
        TEXT = "text", _("text")
        DATE = "date", _("date")
        BOOLEAN = "boolean", _("yes or no")

    LONGEST_FORMULA: ClassVar[int] = 500

    kind = models.CharField(_("kind of record"), max_length=20)
    code = models.CharField(
        _("code"), max_length=40, validators=[check_code],
        help_text=_("What files and other programs call it. It stays for ever."),
    )  # fmt: skip
    label = models.CharField(_("label"), max_length=80)
    label_zh = models.CharField(_("label in Chinese"), max_length=80, blank=True)
    help_text = models.CharField(_("help text"), max_length=200, blank=True)
    help_text_zh = models.CharField(_("help text in Chinese"), max_length=200, blank=True)
    type = models.CharField(
        _("type"), max_length=10, choices=Type.choices, help_text=_("It stays as soon as a record has a value.")
    )
    formula = models.CharField(_("formula"), max_length=LONGEST_FORMULA, blank=True, default="", db_default="")
    result = models.CharField(
        _("result"), max_length=10, choices=Result.choices, blank=True, default="", db_default="",
        help_text=_("What the formula gives. It stays."),
    )  # fmt: skip
    # What the formula names, by which a field is known to be in use, and a formula to be closed with what it reads.
    reads = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, editable=False,
        db_default=Value([], ArrayField(models.CharField(max_length=60))),
    )  # fmt: skip
    is_required = models.BooleanField(
        _("required"), default=False, help_text=_("In forms, files and through the API, from now on.")
    )
    default = models.CharField(
        _("default"), max_length=200, blank=True,
        help_text=_("What a new record has unless something else is said. Of choices: mark one below."),
    )  # fmt: skip
    group = models.CharField(_("group"), max_length=60, blank=True)
    group_zh = models.CharField(_("group in Chinese"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_searched = models.BooleanField(_("found by search"), default=False)
    is_shown = models.BooleanField(
        _("shown in the list"), default=False, help_text=_("Unless a person chose columns of their own.")
    )
    is_retired = models.BooleanField(
        _("retired"), default=False, help_text=_("No longer asked for or shown; what was written down is kept.")
    )
    # It never held anything, and is gone. The row stays, so that its code does not come to mean something else.
    is_deleted = models.BooleanField(default=False, editable=False)

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["kind", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "code"], name="custom_field_code_once",
                violation_error_message=_("There is, or was, a field with this code."),
            ),
            models.CheckConstraint(condition=Q(code__regex=CODE), name="custom_field_code_is_plain"),
            models.CheckConstraint(condition=~Q(label=""), name="custom_field_has_a_label"),
            models.CheckConstraint(
                condition=(Q(type="formula") & ~Q(formula="") & ~Q(result=""))
                | (~Q(type="formula") & Q(formula="", result="", reads=[])),
                name="custom_field_has_a_formula_if_it_is_one",
            ),
            models.CheckConstraint(
                condition=~Q(type="formula") | Q(is_required=False, is_searched=False, default=""),
                name="custom_field_formula_is_not_filled_in",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.code.endswith(ENDINGS):
            raise ValidationError({"code": _("A code cannot end in _min, _max, _after or _before.")})

    @property
    def name(self) -> str:
        """What it is called beside a record's own fields: in forms, addresses, files and histories."""
        return f"custom_{self.code}"

    @property
    def title(self) -> str:
        return _in_language(self.label, self.label_zh)

    @property
    def hint(self) -> str:
        return _in_language(self.help_text, self.help_text_zh)

    @property
    def group_title(self) -> str:
        return _in_language(self.group, self.group_zh)

    @property
    def is_closed_somewhere(self) -> bool:
        """Whether any role closes it, where it was read with that (`crm.custom_fields.known`)."""
        return getattr(self, "closings_read", False)

    @property
    def is_computed(self) -> bool:
        return self.type == CustomField.Type.FORMULA

    @property
    def is_choosing(self) -> bool:
        return self.type in CHOOSING

    @cached_property
    def options(self) -> list[Option]:
        """Its choices in their order, retired ones too."""
        rows = getattr(self, "options_read", None)
        if rows is None:
            rows = self.choices.values("code", "label", "label_zh", "is_retired", "is_default")
        return [Option(**row) for row in rows]


class Option:
    """A choice as it is read with its field."""

    def __init__(self, code: str, label: str, label_zh: str, is_retired: bool, is_default: bool) -> None:
        self.code, self.label, self.label_zh = code, label, label_zh
        self.is_retired, self.is_default = is_retired, is_default

    @property
    def title(self) -> str:
        return _in_language(self.label, self.label_zh)


class CustomFieldChoice(models.Model):
    """What can be chosen in a field. One that records have is retired rather than taken away."""

    field = models.ForeignKey(CustomField, models.CASCADE, related_name="choices", verbose_name=_("field"))
    code = models.CharField(_("code"), max_length=40, validators=[check_code])
    label = models.CharField(_("label"), max_length=80)
    label_zh = models.CharField(_("label in Chinese"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_default = models.BooleanField(pgettext_lazy("choice", "default"), default=False)
    is_retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = pgettext_lazy("custom field", "choice")
        verbose_name_plural = pgettext_lazy("custom field", "choices")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["field", "code"], name="custom_field_choice_once"),
            models.CheckConstraint(condition=Q(code__regex=CODE), name="custom_field_choice_code_is_plain"),
        ]

    def __str__(self) -> str:
        return _in_language(self.label, self.label_zh)


def _in_language(text: str, chinese: str) -> str:
    return chinese if chinese and (get_language() or "").startswith("zh") else text
