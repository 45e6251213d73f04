"""Records that have pages of their own too: edited here through the same actions, on record like any other change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.models.record import StaleVersion

STALE = gettext_noop("Somebody else changed this meanwhile. Read it again.")


class VersionedForm(forms.ModelForm):
    """Nobody overwrites what somebody else has changed since the form was opened."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        seen = said.pop("seen_version", None)
        stored = type(self.instance)._base_manager.filter(pk=self.instance.pk).values_list("version", flat=True).first()
        if stored is not None and seen != stored:
            self.add_error(None, _(STALE))
        self.seen = seen
        return said


class RecordAdmin(admin.ModelAdmin):
    """Subclasses name the actions, and `fields`, of which "seen_version" is the last."""

    form = VersionedForm
    create_record: ClassVar[Callable[..., Any]]
    update_record: ClassVar[Callable[..., Any]]
    delete_record: ClassVar[Callable[..., Any]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form has looked at the version; whoever saves between that and the action wins all the same."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except StaleVersion:
            self.message_user(request, _(STALE), messages.ERROR)
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        who = {"by": request.user, "at": now()}
        if change:
            stored = type(obj)._base_manager.get(pk=obj.pk)
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            type(self).update_record(stored, changes, version=form.seen, **who)
        else:
            made = type(self).create_record(**who, **form.cleaned_data)
            obj.__dict__.update(made.__dict__)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        type(self).delete_record(obj, by=request.user, at=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for record in queryset:
            self.delete_model(request, record)
