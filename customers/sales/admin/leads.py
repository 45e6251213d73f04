"""What administrators configure of leads: forms, who gets them, their score, questions and targets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.admin import AuditedAdmin
from crm.joining import clauses
from crm.models import User
from customers.sales.models import (
    LeadForm,
    LeadQuestion,
    LeadReceiver,
    LeadRule,
    LeadRuleCondition,
    LeadScoreRule,
    LeadSettings,
    LeadTarget,
)
from customers.sales.models.lead_condition import ATTRIBUTES


class LeadFormForm(forms.ModelForm):
    language = forms.ChoiceField(label=gettext_lazy("language"), choices=settings.LANGUAGES)


@admin.register(LeadForm)
class LeadFormAdmin(AuditedAdmin):
    """Public forms: what they ask, whose the leads are, and where they may be embedded."""

    form = LeadFormForm
    list_display = ["name", "address", "team", "in_turn", "confirms", "is_active"]
    list_filter = ["is_active", "team"]
    search_fields = ["name", "key"]
    readonly_fields = ["address"]
    fieldsets = [
        (None, {"fields": ["name", "key", "address", "is_active"]}),
        (
            gettext_lazy("What it asks"),
            {
                "fields": [
                    "title", "language", "organisation", "email", "phone", "country", "city", "employees", "note",
                    "thanks",
                ]
            },
        ),
        (gettext_lazy("What they agree to"), {"fields": ["consent", "purpose", "basis", "confirms", "keep_days"]}),
        (gettext_lazy("Whose the leads are"), {"fields": ["team", "in_turn", "product", "campaign"]}),
        (gettext_lazy("Inside other websites"), {"fields": ["sites"]}),
    ]  # fmt: skip

    @admin.display(description=gettext_lazy("public address"))
    def address(self, form: LeadForm) -> str:
        if not form.pk:
            return "–"
        url = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('lead-form', args=[form.key])}"
        return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, url)


class ConditionForm(forms.ModelForm):
    """Says at the field which codes may stand there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = ["; ".join(f"{code} = {label}" for code, label in ATTRIBUTES[name].choices) for name in CODED]
        self.fields["values"].help_text = _("One in each line. Codes: %(codes)s") % {"codes": "; ".join(codes)}
        self.fields["values"].widget = forms.Textarea(attrs={"rows": 3, "cols": 40})


CODED = [name for name, asked in ATTRIBUTES.items() if asked.choices]


class ConditionInline(admin.TabularInline):
    model = LeadRuleCondition
    form = ConditionForm
    extra = 1


@admin.register(LeadRule)
class LeadRuleAdmin(AuditedAdmin):
    """Asked in their order; the first that fits and has somebody free gives the lead."""

    list_display = ["name", "position", "fits", "receives", "giving", "is_active"]
    list_editable = ["position", "is_active"]
    list_select_related = ["person", "team"]
    fields = ["name", "position", "person", "team", "with_teams_below", "giving", "is_active"]
    inlines = [ConditionInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("conditions")

    @admin.display(description=gettext_lazy("for leads of which"))
    def fits(self, rule: LeadRule) -> str:
        return clauses(rule.conditions.all()) or _("all leads")

    @admin.display(description=gettext_lazy("gets them"))
    def receives(self, rule: LeadRule) -> str:
        return str(rule.person or rule.team)


@admin.register(LeadReceiver)
class LeadReceiverAdmin(AuditedAdmin):
    list_display = ["person", "gets_leads", "capacity", "away_from", "away_until", "given_at"]
    list_editable = ["gets_leads", "capacity", "away_from", "away_until"]
    list_select_related = ["person"]
    readonly_fields = ["given_at"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.active()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(LeadSettings)
class LeadSettingsAdmin(AuditedAdmin):
    """One row: who gets what no rule is for, and whether letters become leads."""

    list_display = ["__str__", "person", "team", "takes_mail"]
    fieldsets = [
        (gettext_lazy("Who gets leads no rule is for"), {"fields": ["person", "team", "giving"]}),
        (gettext_lazy("Mail"), {"fields": ["takes_mail"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not LeadSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LeadScoreRule)
class LeadScoreRuleAdmin(AuditedAdmin):
    """Each change scores all open leads anew, in the background."""

    form = ConditionForm
    list_display = ["name", "points", "condition", "position", "is_active"]
    list_editable = ["points", "position", "is_active"]
    fields = ["name", "attribute", "how", "values", "points", "position", "is_active"]

    @admin.display(description=gettext_lazy("for leads of which"))
    def condition(self, rule: LeadScoreRule) -> str:
        return rule.in_words()


@admin.register(LeadQuestion)
class LeadQuestionAdmin(AuditedAdmin):
    list_display = ["text", "answer", "is_required", "position", "is_active"]
    list_editable = ["is_required", "position", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was answered with words does not become a tick."""
        return ["answer"] if obj is not None and obj.answers.exists() else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A question that was answered goes out of use; it cannot vanish."""
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.answers.exists())


@admin.register(LeadTarget)
class LeadTargetAdmin(AuditedAdmin):
    list_display = ["__str__", "minutes", "calendar"]
    list_select_related = ["form", "calendar"]
