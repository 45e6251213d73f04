from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.search import documents
        from customers import exchange, subscriptions, tasks  # noqa: F401 - registers reactions and periodic jobs
        from customers.actions import consents
        from customers.models import words

        self.declare_kinds()
        self.name_tags()
        exchange.register()
        for kind, describe in words.DESCRIBE.items():
            documents.searchable(kind, describe, related=words.RELATED.get(kind, ()))
        self.find_duplicates()
        self.fill_timelines()
        self.fill_shell()
        self.fill_paper()
        self.fill_today()
        self.file_letters()
        post_migrate.connect(consents.install_purposes, sender=self, dispatch_uid="install-purposes")

    def name_tags(self) -> None:
        from crm.web import changes
        from customers.models.tag import by_number

        changes.say("tags", by_number)

    def file_letters(self) -> None:
        from crm.access import together
        from crm.actions import mail_receiving
        from customers.actions import email_filing
        from customers.models import mail_fields

        mail_fields.register()
        together.register_letters("email")
        mail_receiving.filed_by("customers", email_filing.file)

    def find_duplicates(self) -> None:
        from crm.actions import journal
        from crm.events import timeline
        from crm.search import documents
        from customers.actions import contacts, customers, merge_undoing, merging
        from customers.models import match_key

        for kind in match_key.OF:
            documents.keep_with(kind, match_key.keep)
        journal.undone_with(merging.MERGE, merge_undoing.undo, merge_undoing.refuse)
        journal.restored_with("customers.Customer", customers.put_back)
        journal.restored_with("customers.Contact", contacts.update)
        timeline.tell_also("customer", merging.merged_into)

    def declare_kinds(self) -> None:
        from crm.access import fields, kinds
        from customers.models import (
            Activity,
            Contact,
            Customer,
            Email,
            ErasureRequest,
            PooledCustomer,
            Segment,
            Task,
            formula_fields,
        )

        declared: list[tuple[Any, Any, Any, str, str | None]] = [
            (Customer, _("customer"), _("customers"), "building", "customer-detail"),
            (Contact, _("contact"), _("contacts"), "address-book", "contact-detail"),
            (Activity, _("activity"), _("activities"), "phone", "activity-detail"),
            (Task, _("task"), _("tasks"), "checkbox", "task-detail"),
            (Email, _("email"), _("emails"), "mail", "email-detail"),
            (Segment, _("segment"), _("segments"), "chart-pie", "segment-detail"),
            (ErasureRequest, _("erasure request"), _("erasure requests"), "user-x", "erasure-detail"),
            (PooledCustomer, _("customer in the pool"), _("customers in the pool"), "file", None),
        ]
        for model, label, label_plural, icon, detail_url in declared:
            kinds.register(model, label=label, label_plural=label_plural, icon=icon, detail_url=detail_url)
        fields.declare(Customer, "employees", "annual_revenue", "notes")
        fields.declare(Contact, "notes")
        formula_fields.declare_all()

    def fill_paper(self) -> None:
        from customers.views import summary_pdf

        summary_pdf.register()

    def fill_timelines(self) -> None:
        from crm.events import timeline
        from customers.views import sentences
        from customers.views import timeline as ours

        timeline.add_source("customer", ours.activities_of_customer, shows="activity")
        timeline.add_source("contact", ours.activities_with_contact, shows="activity")
        timeline.add_source("customer", ours.letters_of_customer, shows="activity")
        timeline.add_source("contact", ours.letters_with_contact, shows="activity")
        for event_type in sentences.SENTENCES:
            timeline.show_with(event_type, "customers/_event.html")

    def fill_today(self) -> None:
        from crm.web import navigation
        from customers.models import occasions, today
        from customers.models.today_tasks import due_tasks

        occasions.register_all()
        today.register("customers.tasks", due_tasks, kind="task")
        navigation.register(
            section="start",
            label=_("Today"),
            url_name="today-page",
            icon="sun",
            order=20,
            permission=("task", "view"),
            key="d",
        )
        navigation.register(
            section="start",
            label=_("Calendar"),
            url_name="calendar",
            icon="calendar",
            order=30,
            permission=("task", "view"),
            key="m",
        )

    def fill_shell(self) -> None:
        """The sidebar, the "new" menu, and the panels of pages."""
        from crm.access import together as registry
        from crm.actions import follows
        from crm.web import navigation, panels, together
        from customers.actions import activities

        pages = [
            (_("Customers"), "customer", "building", 10, "c"),
            (_("Contacts"), "contact", "address-book", 20, "p"),
            (_("Activities"), "activity", "phone", 30, "a"),
            (_("Tasks"), "task", "checkbox", 40, "k"),
        ]
        for label, kind, icon, order, key in pages:
            navigation.register(
                section="customers",
                label=label,
                url_name=f"{kind}-list",
                icon=icon,
                order=order,
                permission=(kind, "view"),
                key=key,
            )
        navigation.register(
            section="customers",
            label=_("Map"),
            url_name="customer-map",
            icon="map-2",
            order=45,
            permission=("customer", "view"),
        )
        navigation.register(
            section="customers",
            label=_("Customer pool"),
            url_name="pool-list",
            icon="users-group",
            order=50,
            permission=("pool", "view"),
        )
        navigation.register(
            section="customers",
            label=_("Segments"),
            url_name="segment-list",
            icon="chart-pie",
            order=55,
            permission=("segment", "view"),
        )
        navigation.register(
            section="customers",
            label=_("Erasure requests"),
            url_name="erasure-list",
            icon="user-x",
            order=65,
            permission=("erasure", "view"),
        )
        navigation.register(
            section="customers",
            label=_("Possible duplicates"),
            url_name="duplicate-list",
            icon="copy",
            order=60,
            permission=("customer", "edit"),
        )
        creations = [
            (_("Log an activity"), "activity", "activity", "l", 10),
            (_("New task"), "task", "checkbox", "k", 20),
            (_("Write an email"), "email", "mail", "e", 25),
            (_("New customer"), "customer", "building", "c", 30),
            (_("New contact"), "contact", "address-book", "p", 40),
        ]
        for label, kind, icon, key, order in creations:
            navigation.register_create(label, f"{kind}-new", icon, (kind, "create"), key, order=order)

        together.register("customer", slot="customer.side")
        together.register("contact", slot="contact.side")
        registry.register_reminders("task")
        follows.add_source(activities.of_followed)
        changes = ("task-changed",)
        panels.register(
            "customer.side",
            name="tasks",
            url_name="customer-tasks",
            title=_("To do"),
            permission=("task", "view"),
            order=10,
            refresh_on=changes,
        )
        panels.register(
            "customer.side",
            name="contacts",
            url_name="customer-contacts",
            title=_("Contacts"),
            permission=("contact", "view"),
            order=20,
            refresh_on=("contacts-changed",),
        )
        panels.register(
            "customer.side",
            name="family",
            url_name="customer-family",
            title=_("With its subsidiaries"),
            permission=("customer", "view"),
            order=60,
        )
        panels.register(
            "customer.side",
            name="holders",
            url_name="customer-holders",
            title=_("Who had it"),
            permission=("customer", "view"),
            order=95,
        )
        panels.register(
            "customer.side",
            name="collaborators",
            url_name="customer-collaborators",
            title=_("Also work on it"),
            permission=("customer", "view"),
            order=90,
            refresh_on=("collaborators-changed",),
        )
        panels.register(
            "home.main",
            name="today",
            url_name="today",
            title=_("Today"),
            permission=("task", "view"),
            order=10,
            refresh_on=("task-changed", "activity-logged", "opportunity-changed"),
        )
