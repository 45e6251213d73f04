"""The administrator's side of the kernel: people, teams, roles, calendars, and the log of what happened."""

from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.admin import calendars, custom_fields, logs, mail, people, roles, webhooks, widget_words
from crm.admin.base import AuditedAdmin, ReadOnlyAdmin
from crm.admin.configured_codes import ConfiguredCodeAdmin
from crm.admin.records import RecordAdmin

__all__ = [
    "AuditedAdmin",
    "ConfiguredCodeAdmin",
    "ReadOnlyAdmin",
    "RecordAdmin",
    "calendars",
    "custom_fields",
    "logs",
    "mail",
    "people",
    "roles",
    "webhooks",
    "widget_words",
]

# What libraries register of their own: nobody configures anything there.
for library in ("django.contrib.auth", "allauth.account", "allauth.mfa", "allauth.usersessions"):
    import_module(f"{library}.admin")  # registered first, so that it can be taken out
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])

# What Django's own pages say and its Chinese does not know, or puts with an English mark.
DJANGOS_WORDS = (
    gettext_noop(":"),
    gettext_noop("Model name"),
    gettext_noop("Add link"),
    gettext_noop("Change or view list link"),
    gettext_noop("Error:"),
)

admin.site.site_header = _("Yardstick CRM: administration")
admin.site.site_title = _("Administration")
admin.site.index_title = _("What would you like to configure?")
