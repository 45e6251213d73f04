from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.models import Tag


class TagsForm(forms.Form):
    """Which tags a record bears; one that is not there yet is made."""

    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(), label=_("Tags"), required=False, widget=forms.CheckboxSelectMultiple
    )
    new_name = forms.CharField(label=_("New tag"), max_length=40, required=False)
    new_colour = forms.ChoiceField(label=_("Colour"), choices=Tag.Colour.choices, required=False)

    add_action_errors = RecordForm.add_action_errors

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tags: Any = self.fields["tags"]
        tags.queryset = Tag.objects.all()


class BulkTagsForm(BulkForm):
    """Which tags many records get, and which they lose."""

    add = forms.ModelMultipleChoiceField(Tag.objects.none(), label=_("Add"), required=False)
    remove = forms.ModelMultipleChoiceField(Tag.objects.none(), label=_("Take off"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("add", "remove"):
            tags: Any = self.fields[name]
            tags.queryset = Tag.objects.all()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        more, less = set(said.get("add") or ()), set(said.get("remove") or ())
        if not more and not less:
            raise ValidationError(_("Choose at least one tag."))
        if more & less:
            raise ValidationError(_("A tag cannot be added and taken off at once."))
        return said
