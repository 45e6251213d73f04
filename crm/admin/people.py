"""People and teams."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from crm.access import owned
from crm.access.permissions import Reach, Verb
from crm.actions import people
from crm.admin.base import AuditedAdmin
from crm.joining import labelled, listed
from crm.models import RoleGrant, Team, User
from crm.web import formats
from crm.web.preferences import time_zones


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    list_display = ["indented_name", "manager", "parent"]
    list_select_related = ["manager", "parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent", "manager"]
    ordering = ["path_names"]

    @admin.display(description=_("name"), ordering="path_names")
    def indented_name(self, team: Team) -> str:
        return "\u2003" * (len(team.path) - 1) + team.name


class PersonForm(forms.ModelForm):
    acting_id: int | None = None  # whoever fills it in

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, required=False)
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the present one. Setting one signs the person out everywhere."),
    )
    invite = forms.BooleanField(
        label=_("Send an invitation"),
        required=False,
        help_text=_("A mail with a link with which they choose their password themselves."),
    )

    class Meta:
        model = User
        fields = ["name", "email", "team", "roles", "language", "timezone", "is_active", "is_superuser"]

    def clean_email(self) -> str | None:
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_new_password(self) -> str:
        from django.contrib.auth.password_validation import validate_password

        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk and self.instance.pk == self.acting_id and not self.errors:
            self._refuse_locking_oneself_out(cleaned)
        if (cleaned.get("new_password") or cleaned.get("invite")) and not cleaned.get("email"):
            raise ValidationError({"email": _("Somebody who signs in needs an email address.")})
        return cleaned

    def _refuse_locking_oneself_out(self, cleaned: dict[str, Any]) -> None:
        """Nobody may take the key out of the door behind them; another administrator can."""
        said = _("This would take the administration away from yourself. Nothing was changed.")
        grants = RoleGrant.objects.filter(role__in=cleaned["roles"], kind="settings", verb=Verb.EDIT, reach=Reach.ALL)
        if not cleaned["is_active"]:
            self.add_error("is_active", said)
        elif not cleaned["is_superuser"] and not grants.exists():
            self.add_error("roles", said)


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    list_display = ["name", "email", "team", "role_names", "is_active"]
    list_filter = ["is_active", "roles", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["team"]
    filter_horizontal = ["roles"]
    actions = ["invite", "remove_second_factors"]

    @admin.action(description=_("Send an invitation (a link to choose a password)"), permissions=["change"])
    @transaction.atomic
    def invite(self, request: HttpRequest, queryset: QuerySet) -> None:
        by: Any = request.user
        sent = 0
        for person in filter(people.can_be_invited, queryset):
            try:
                people.invite(person, by=by)
            except OSError as error:
                said = _("No mail to %(email)s left: %(reason)s") % {"email": person.email, "reason": error}
                self.message_user(request, said, messages.ERROR)
                break
            sent += 1
            request._settings_diff = {gettext_noop("Invitation"): person.email}  # type: ignore[attr-defined]
            self._record(request, person, "settings.changed", "")
        self.message_user(request, ngettext("%(n)s invitation sent.", "%(n)s invitations sent.", sent) % {"n": sent})
        left = [person.name for person in queryset if not people.can_be_invited(person)]
        if left:
            said = _("Not invited, because not active or without an email address: %(names)s")
            self.message_user(request, said % {"names": listed(left)}, messages.WARNING)

    @admin.action(description=_("Remove the second factor (a lost phone)"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet) -> None:
        for person in queryset:
            if Authenticator.objects.filter(user=person).delete()[0]:
                request._settings_diff = {gettext_noop("Second factor removed"): person.email}  # type: ignore[attr-defined]
                self._record(request, person, "settings.changed", "")
        self.message_user(request, _("They sign in with the password alone until they set one again."))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("roles")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.acting_id = request.user.pk
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people leave history behind: they are deactivated, not deleted

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("owns",) if obj is not None else ()

    @admin.display(description=_("still has"))
    def owns(self, person: User) -> SafeString:
        """What would stay with somebody who goes, each with the list from which many are handed over at once."""
        parts = [format_html('<a href="{}">{}</a>', one.url(person), said) for one, said in _on_their_hands(person)]
        return SafeString(listed(parts) or "–")

    def _tell_what_stays(self, request: HttpRequest, person: User) -> None:
        if not _on_their_hands(person):
            return
        said = _("%(name)s can no longer sign in. Open each list, choose all, and hand over what is left:")
        self.message_user(request, format_html("{} {}", said % {"name": person}, self.owns(person)), messages.WARNING)

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        return listed(str(role) for role in person.roles.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        people.credentials_changed(
            form.instance, password=form.cleaned_data.get("new_password") or None, fields=form.changed_data
        )
        if "is_active" in form.changed_data and not form.instance.is_active:
            self._tell_what_stays(request, form.instance)
        if form.cleaned_data.get("invite"):
            invited = User.objects.filter(pk=form.instance.pk)  # scoped: the admin site
            transaction.on_commit(lambda: self.invite(request, invited))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list:
        """The invitation has an event of its own, once it is sent."""
        message = super().construct_change_message(request, form, formsets, add)
        request._settings_diff.pop("invite", None)  # type: ignore[attr-defined]
        return message


def _on_their_hands(person: User) -> list[tuple[owned.Owned, str]]:
    return [(one, labelled(one.label, formats.number(count))) for one, count in owned.by(person)]
