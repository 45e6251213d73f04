"""Where leads are fetched from, and what of it could not become a lead."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.admin import AuditedAdmin, ReadOnlyAdmin
from crm.joining import listed
from customers.sales.actions import lead_sources, received_leads
from customers.sales.models import LeadSource, LeadSourceField, ReceivedLead, lead_ad
from customers.sales.models.lead_source import targets

SECRETS = ("token", "secret")


def _secret_field(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class LeadSourceForm(forms.ModelForm):
    token = _secret_field(
        _("Access token of the page"), _("Kept encrypted and never shown. Empty: the token that is kept stays.")
    )
    secret = _secret_field(
        _("Secret of the app"),
        _("Only for being told at once. Kept encrypted and never shown. Empty: the secret that is kept stays."),
    )

    class Meta:
        model = LeadSource
        fields = (
            "name", "kind", "account", "remote_form", "form", "channel", "names_campaign", "consent_key", "read_from",
            "keep_days", "is_active",
        )  # fmt: skip

    def clean_token(self) -> str:
        token = self._plain("token")
        if not token and not self.instance.locked_token:
            raise ValidationError(_now("Without a token nothing can be fetched."))
        return token

    def clean_secret(self) -> str:
        return self._plain("secret")

    def _plain(self, name: str) -> str:
        text: str = self.cleaned_data[name].strip()
        if text and not re.fullmatch(r"[!-~]+", text):
            raise ValidationError(_now("Letters, digits and signs without spaces only."))
        return text


class LeadSourceFieldForm(forms.ModelForm):
    target = forms.ChoiceField(label=_("goes to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["target"]
        known = targets()
        kept = self.instance.target
        gone = [(kept, kept)] if kept and kept not in dict(known) else []  # a custom field that is retired
        choice.choices = [("", "---------"), *known, *gone]


class LeadSourceFieldInline(admin.TabularInline):
    model = LeadSourceField
    form = LeadSourceFieldForm
    extra = 1


@admin.register(LeadSource)
class LeadSourceAdmin(AuditedAdmin):
    """Each change is on record, but for the token and the secret, of which only that they changed."""

    form = LeadSourceForm
    list_display = ["name", "form", "is_active", "read_at", "refused_at", "problem"]
    list_select_related = ["form"]
    readonly_fields = ["read_at", "due_at", "problem", "refused_at", "door", "verify"]
    fieldsets = [
        (None, {"fields": ["name", "kind", "account", "remote_form", "token", "read_from", "keep_days", "is_active"]}),
        (_("What becomes of them"), {"fields": ["form", "channel", "names_campaign", "consent_key"]}),
        (_("Being told at once"), {"fields": ["secret", "door", "verify"]}),
        (_("How it goes"), {"fields": ["read_at", "due_at", "problem", "refused_at"]}),
    ]
    inlines = [LeadSourceFieldInline]
    actions = ["try_out"]
    change_form_template = "admin/sales/leadsource/change_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was fetched is known by its source: one that has fetched goes out of use; it cannot vanish."""
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.received.exists())

    def save_model(self, request: HttpRequest, obj: LeadSource, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in SECRETS}
        lead_sources.keep(obj, changed=form.changed_data, at=now(), **given)

    def response_add(self, request: HttpRequest, obj: LeadSource, post_url_continue: Any = None) -> HttpResponse:
        return super().response_add(request, obj, self._tried(request, obj) or post_url_continue)

    def response_change(self, request: HttpRequest, obj: LeadSource) -> HttpResponse:
        self._tried(request, obj)
        return super().response_change(request, obj)

    def _tried(self, request: HttpRequest, obj: LeadSource) -> str | None:
        """The button beside *Save*: tried with what was just saved, and back to the page."""
        if "_try" not in request.POST:
            return None
        request.POST = request.POST.copy()  # type: ignore[assignment]
        request.POST["_continue"] = "1"  # type: ignore[index]
        self._try(request, obj)
        return reverse("admin:sales_leadsource_change", args=[obj.pk])

    @admin.action(description=_("Try it"))
    def try_out(self, request: HttpRequest, queryset: QuerySet[LeadSource]) -> None:
        for source in queryset:
            self._try(request, source)

    def _try(self, request: HttpRequest, source: LeadSource) -> None:
        tried = lead_sources.try_out(source, at=now())
        if tried.problem:
            text = _now("%(source)s does not work: %(problem)s")
            messages.error(request, text % {"source": source, "problem": tried.problem})
            return
        mapping, named = source.mapping, dict(targets())
        going = [(question, named.get(lead_ad.goes_to(question, mapping))) for question in tried.form.questions]
        asked = listed(f"{question} → {target or _now('note')}" for question, target in going)
        text = _now("%(source)s works. The form “%(form)s” asks: %(questions)s.")
        messages.info(request, text % {"source": source, "form": tried.form.name, "questions": asked or "–"})

    @admin.display(description=_("address to be told at"))
    def door(self, source: LeadSource) -> str:
        return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('lead-source', args=[source.key])}" if source.pk else "–"

    @admin.display(description=_("verify token"))
    def verify(self, source: LeadSource) -> str:
        return source.verify_token if source.pk else "–"


@admin.register(ReceivedLead)
class ReceivedLeadAdmin(ReadOnlyAdmin):
    """What was fetched: of what failed the reason, of the rest the lead."""

    list_display = ["remote_id", "source", "state", "why", "became", "sent_at"]
    list_filter = ["state", "source"]
    list_select_related = ["source"]
    search_fields = ["remote_id"]
    fields = ["remote_id", "source", "state", "why", "became", "sent_at", "fetched_at"]
    actions = ["try_again"]
    show_full_result_count = False

    @admin.display(description=_("reason"))
    def why(self, received: ReceivedLead) -> str:
        return _now(received.reason) if received.reason else ""

    @admin.display(description=_("lead"))
    def became(self, received: ReceivedLead) -> str:
        if received.lead_id is None:
            return "–"
        # By its number: whoever looks after the site need not be one who may read leads.
        return format_html('<a href="{}">{}</a>', reverse("lead-detail", args=[received.lead_id]), received.lead_id)

    @admin.action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[ReceivedLead]) -> None:
        for received in queryset:
            received_leads.try_again(received, now())
        left = ReceivedLead.objects.failed().filter(pk__in=queryset.values("pk")).count()
        if left:
            messages.error(
                request, _now("Still not a lead: %(count)d. The reason stands beside each.") % {"count": left}
            )
