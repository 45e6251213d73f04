from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Organisation")

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from crm import moments
        from crm.access import kinds
        from crm.actions import roles
        from crm.exchange import organisation
        from crm.exchange import tasks as _imports  # noqa: F401 - registers their periodic jobs
        from crm.jobs import tasks  # noqa: F401 - registers the periodic jobs of the kernel
        from crm.models import Attachment, BusinessCalendar, ImportBatch, SavedView, Team, User, constraint_words
        from crm.web import navigation, paper_fonts  # noqa: F401 - the fonts register their check
        from crm.web.lists import bulk_running as _bulk  # noqa: F401 - says how workers do bulk actions

        connection_created.connect(moments.read_quickly, dispatch_uid="read-moments-quickly")
        constraint_words.give_words()
        navigation.register(section="start", label=_("Home"), url_name="home", icon="home", order=1, key="h")
        navigation.register(
            section="organisation", label=_("Imports"), url_name="import-list", icon="file-import", order=60,
            permission=("import", "view"),
        )  # fmt: skip
        navigation.register(
            section="organisation", label=_("Undo"), url_name="operation-list", icon="arrow-back-up", order=61
        )
        navigation.register(section="organisation", label=_("Bin"), url_name="bin", icon="trash", order=62)
        kinds.register(User, label=_("person"), label_plural=_("people"), icon="user")
        kinds.register(Team, label=_("team"), label_plural=_("teams"), icon="users-group")
        kinds.register(
            BusinessCalendar, label=_("business calendar"), label_plural=_("business calendars"), icon="calendar"
        )
        kinds.register(Attachment, label=_("file"), label_plural=_("files"), icon="paperclip", granted=False)
        kinds.register(SavedView, label=_("saved view"), label_plural=_("saved views"), icon="bookmark")
        kinds.register(ImportBatch, label=_("import"), label_plural=_("imports"), icon="file-import")
        kinds.register(None, code="settings", label=_("settings"), label_plural=_("settings"), icon="settings")

        organisation.register()

        # After migrate rather than in a migration: the roles are written down once, in access/shipped_roles.py.
        post_migrate.connect(roles.install_shipped, sender=self, dispatch_uid="install-shipped-roles")
