"""Lists that administrators keep and records name by code: the code is what programs, files and KPIs say and never
changes, the name is what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm import reading

CODE = RegexValidator(r"^[a-z][a-z0-9_]*\Z", _("A code is of small letters, digits and “_”, and begins with a letter."))


class Lazily(CallableChoiceIterator):
    """Choices that are read when somebody asks. Callable, by which the description of the API knows not to ask."""

    def __call__(self) -> Any:
        return self.func()


class ConfiguredCode(models.Model):
    """One of a list. Those the program itself writes (`BUILT_IN`) stay, as does what a record names."""

    BUILT_IN: ClassVar[tuple[str, ...]] = ()
    named_by: ClassVar[list[CodeField]] = []  # the columns that hold such a code

    code = models.CharField(
        _("code"), max_length=16, unique=True, validators=[CODE],
        help_text=_("What programs and files call it. It never changes."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=60)
    name_zh = models.CharField(_("name in Chinese"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The smallest stands first."))
    is_active = models.BooleanField(
        _("in use"), default=True, help_text=_("What is no longer in use is not offered; records that have it keep it.")
    )

    class Meta:
        abstract = True
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="%(class)s_name_once", violation_error_message=_("There is one of that name.")
            )
        ]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.named_by = []

    def __str__(self) -> str:
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name

    @property
    def is_needed(self) -> bool:
        """Whether a record has it, or the program writes it."""
        columns = type(self).named_by
        return self.code in self.BUILT_IN or any(column.holds(self.code) for column in columns)

    @classmethod
    def listed(cls) -> list[Self]:
        """All of them in their order, those out of use too; inside `read_once` they are read by one query."""
        return reading.kept(cls._meta.label_lower, lambda: list(cls._default_manager.all()))

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(row.code, str(row)) for row in cls.listed()]

    @classmethod
    def offered(cls, held: Any = "") -> list[tuple[str, str]]:
        """Those in use, and the one that a record has already."""
        return [(row.code, str(row)) for row in cls.listed() if row.is_active or row.code == held]

    @classmethod
    def label_of(cls, code: str) -> str:
        """Its name; a code that there is not any more is all that is known of it."""
        return dict(cls.choices()).get(code, code)

    @classmethod
    def install(cls, first: dict[str, tuple[str, str]]) -> None:
        """The rows to begin with, code → name and Chinese name, where there is none."""
        if not cls._default_manager.exists():
            cls._default_manager.bulk_create(
                cls(code=code, name=name, name_zh=name_zh, position=position)
                for position, (code, (name, name_zh)) in enumerate(first.items(), start=1)
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        reading.forget(self._meta.label_lower)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        reading.forget(self._meta.label_lower)
        return super().delete(*args, **kwargs)


if TYPE_CHECKING:
    Text = models.CharField[str, str]
else:
    Text = models.CharField


class CodeField(Text):
    """A column with the code of a configured row, or nothing.

    To migrations it is a plain text: what may stand in it is data, and the database looks it up (see the migrations
    that create the tables of `of`).
    """

    def __init__(self, *args: Any, of: type[ConfiguredCode] | None = None, **kwargs: Any) -> None:
        self.of = of
        if of is not None:
            kwargs["choices"] = Lazily(of.choices)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, "django.db.models.CharField", args, kwargs

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if self.of is not None and not cls._meta.abstract:
            self.of.named_by.append(self)

    def holds(self, code: str) -> bool:
        """Whether a record, in the bin or not, has this code."""
        return self.model._base_manager.filter(**{self.name: code}).exists()

    def _check_choices(self) -> list[Any]:
        """Django's check would read them, before there is a table."""
        return []

    def formfield(self, **kwargs: Any) -> Any:
        found = super().formfield(choices_form_class=OfferedField, **kwargs)
        if isinstance(found, OfferedField):
            found.of = self.of
        return found


class OfferedField(forms.TypedChoiceField):
    """Offers what is in use, and what the record of the form has already."""

    of: type[ConfiguredCode] | None = None

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        if self.of is not None:
            known: Any = self.choices
            blank = [choice for choice in known if choice[0] == ""]
            self.choices = [*blank, *self.of.offered(form.get_initial_for_field(self, field_name))]
        return super().get_bound_field(form, field_name)
