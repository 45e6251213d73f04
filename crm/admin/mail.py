"""Templates of letters, the organisation's own mail account, and what of its mail could not be read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.timezone import now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.access import kinds
from crm.actions import mail_accounts, mail_receiving
from crm.admin.base import AuditedAdmin, ReadOnlyAdmin
from crm.mail import fields
from crm.models import IncomingMail, MailAccount, MailTemplate

OFFERED = 30  # records to look at a template with


@admin.register(MailTemplate)
class MailTemplateAdmin(AuditedAdmin):
    list_display = ["name", "language", "subject", "is_active"]
    list_filter = ["language", "is_active"]
    fields = ["name", "language", "subject", "body", "is_active"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        known = ", ".join(f"{field.written} ({field.label})" for field in fields.all_fields())
        kwargs["help_texts"] = {"body": _now("Fields: %(fields)s") % {"fields": known}}
        return super().get_form(request, obj, change, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(preview)
        return [path("<int:pk>/preview/", view, name="crm_mailtemplate_preview"), *super().get_urls()]


class PreviewForm(forms.Form):
    record = forms.ChoiceField(label=_("As it would read for"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["record"]
        choice.choices = [
            (str(kind.label), [(f"{code}:{record.pk}", str(record)) for record in latest(user, kind.model)])
            for code in fields.kinds_to_fill_from()
            for kind in [kinds.get(code)]
        ]


def latest(user: Any, model: Any) -> Any:
    return model.objects.visible_to(user).order_by("-updated_at", "-pk")[:OFFERED]


def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The template with the fields of a real record in place, and what that record leaves empty."""
    template = get_object_or_404(MailTemplate, pk=pk)
    form = PreviewForm(request.GET if "record" in request.GET else None, user=request.user)
    shown: dict[str, Any] = {
        **admin.site.each_context(request), "title": _("Preview"), "opts": MailTemplate._meta, "template": template,
        "form": form,
    }  # fmt: skip
    if form.is_bound and form.is_valid():
        code, _colon, record_pk = form.cleaned_data["record"].partition(":")
        model: Any = kinds.get(code).model
        record = get_object_or_404(model.objects.visible_to(request.user), pk=record_pk)
        around = fields.records_around(request.user, record)
        subject, body = fields.fill(template.subject, around), fields.fill(template.body, around)
        missing = dict.fromkeys([*subject.unknown, *subject.empty, *body.unknown, *body.empty])
        shown |= {"subject": subject.text, "body": body.text, "missing": ["{" + code + "}" for code in missing]}
    return render(request, "admin/crm/mailtemplate/preview.html", shown)


class MailAccountAdminForm(forms.ModelForm):
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown; empty leaves the one that is kept."),
    )

    class Meta:
        model = MailAccount
        fields = (
            "address", "name", "user", "smtp_host", "smtp_port", "smtp_security", "imap_host", "imap_port",
            "imap_security", "folder", "takes_tags", "is_active",
        )  # fmt: skip


@admin.register(MailAccount)
class MailAccountAdmin(AuditedAdmin):
    """The organisation's account; those of people are their own."""

    form = MailAccountAdminForm
    list_display = ["address", "is_active", "read_at", "problem"]
    fields = [*MailAccountAdminForm.Meta.fields[:3], "password", *MailAccountAdminForm.Meta.fields[3:]]
    actions = ["try_out"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailAccount]:
        return super().get_queryset(request).filter(owner=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not MailAccount.objects.of_organisation().exists()

    def _record(self, request: HttpRequest, obj: Any, event_type: str, message: Any) -> None:
        """What was changed is on record by the action, without values: a password is among them."""
        if event_type == "settings.deleted":
            super()._record(request, obj, event_type, message)

    def save_model(self, request: HttpRequest, obj: MailAccount, form: Any, change: bool) -> None:
        stored = MailAccount.objects.get(pk=obj.pk) if change else MailAccount()
        values = {name: form.cleaned_data[name] for name in MailAccountAdminForm.Meta.fields}
        kept = mail_accounts.keep(stored, values, password=form.cleaned_data["password"], by=request.user, at=now())
        obj.pk = kept.pk

    @admin.action(description=_("Test the connection"))
    def try_out(self, request: HttpRequest, queryset: QuerySet[MailAccount]) -> None:
        for account in queryset:
            tried = mail_accounts.try_out(account)
            for problem, text in (
                (tried.sending, _now("Sending does not work: %(problem)s")),
                (tried.reading, _now("Reading does not work: %(problem)s")),
            ):
                if problem:
                    messages.error(request, text % {"problem": problem})
            if tried.is_good:
                messages.info(request, _now("It works."))


@admin.register(IncomingMail)
class IncomingMailAdmin(ReadOnlyAdmin):
    """What came to the organisation's account and could not be read or filed."""

    list_display = ["heading", "why", "size", "fetched_at"]
    fields = ["heading", "why", "size", "fetched_at"]
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncomingMail]:
        unreadable = super().get_queryset(request).filter(account__owner=None)
        return unreadable.filter(state=IncomingMail.State.UNREADABLE)

    def called(self, obj: IncomingMail) -> str:
        return obj.heading

    @admin.display(description=_("reason"))
    def why(self, mail: IncomingMail) -> str:
        return _now(mail.reason) if mail.reason else ""

    @admin.action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[IncomingMail]) -> None:
        for mail in queryset:
            mail_receiving.try_again(mail, now())
