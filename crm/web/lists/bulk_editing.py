"""Editing and deleting many at once: a list says which fields, and the app's own actions do it, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from crm.access import fields
from crm.access.permissions import Verb
from crm.actions import journal
from crm.joining import clauses, labelled
from crm.web.lists.bulk import BulkAction, BulkForm

Update = Callable[..., Any]  # (record, changes, by=, at=)
PICKERS: dict[type[forms.Field], Callable[[], forms.Widget]] = {
    forms.DateField: partial(forms.DateInput, attrs={"type": "date"}, format="%Y-%m-%d"),
    forms.DateTimeField: partial(forms.DateTimeInput, attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
}


def editing(model: type[models.Model], names: Sequence[str], update: Update) -> BulkAction:
    """Give these fields new values, each only where one is said; undone as one."""
    form = type("EditManyForm", (EditForm,), {"model": model, "names": tuple(names)})
    return BulkAction("edit", gettext_lazy("Change fields"), partial(_edit_each, update), form=form, icon="edit")


def deleting(delete: Callable[..., Any]) -> BulkAction:
    """Put each into the bin by `delete(record, by=, at=)`; undone as one. How it comes out again, the app says with
    `journal.restored_with(…, out_of_bin=)`."""
    return BulkAction(
        "deletion",
        gettext_lazy("Delete"),
        partial(_delete_each, delete),
        verb=Verb.DELETE,
        icon="trash",
        danger=True,
        warning=gettext_lazy("They go into the bin, from which each can be taken out again."),
        done=gettext_lazy("Put into the bin: %(count)s."),
    )


class EditForm(BulkForm):
    """The model's own fields, none of them required: what is left empty stays as it is."""

    model: ClassVar[Any]
    names: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        closed = fields.hidden(self.model.kind) | fields.unwritable(self.model.kind)
        for name in self.names:
            if name not in closed:
                self.fields[name] = self._field(name)

    def _field(self, name: str) -> forms.Field:
        asked: Any = self.model._meta.get_field(name).formfield(required=False, initial=None)
        if isinstance(asked, forms.TypedChoiceField):
            known = [choice for choice in asked.choices if choice[0] not in ("", None)]
            asked.choices = [("", _("leave as it is")), *known]
        elif type(asked) in PICKERS:
            asked.widget = PICKERS[type(asked)]()
        else:
            asked.widget.attrs["placeholder"] = _("leave as it is")
        return asked  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        said = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if not said and not self.errors:
            raise ValidationError(_("Say what is to change."))
        return said


def _edit_each(update: Update, chosen: Iterable[Any], *, by: Any, at: datetime, **changes: Any) -> int:
    found, changed = list(chosen), 0
    if not found:
        return 0
    with journal.recording(kind=found[0].kind, message=gettext_noop("Fields of many changed"), by=by, at=at):
        for record in found:
            before = record.version
            changed += _each(found, update, record, dict(changes), by=by, at=at).version != before
    return changed


def _delete_each(delete: Callable[..., Any], chosen: Iterable[Any], *, by: Any, at: datetime) -> int:
    found = list(chosen)
    if not found:
        return 0
    with journal.recording(kind=found[0].kind, message=gettext_noop("Many deleted"), by=by, at=at):
        for record in found:
            _each(found, delete, record, by=by, at=at)
    return len(found)


def _each(among: list[Any], act: Callable[..., Any], record: Any, *given: Any, **how: Any) -> Any:
    """Who refuses is named: of a thousand records, one is enough to change none."""
    try:
        return act(record, *given, **how)
    except ValidationError as error:
        if len(among) == 1:
            raise
        raise ValidationError(labelled(str(record), clauses(error.messages))) from error
