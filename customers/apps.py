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
        from customers.actions import consents, source_channels
        from customers.models import words

        self.declare_kinds()
        self.name_tags()
        exchange.register()
        for kind, describe in words.DESCRIBE.items():
            subtitle = "email" if kind == "contact" else ""
            documents.searchable(kind, describe, lists=words.LISTS.get(kind), subtitle=subtitle)
        self.find_duplicates()
        self.fill_timelines()
        self.fill_sidebar()
        self.fill_panels()
        self.work_together()
        self.fill_paper()
        self.fill_today()
        self.file_letters()
        self.tell_what_is_owned()
        post_migrate.connect(consents.install_purposes, sender=self, dispatch_uid="install-purposes")
        post_migrate.connect(source_channels.install_channels, sender=self, dispatch_uid="install-source-channels")

    def tell_what_is_owned(self) -> None:
        from crm.access import owned

        owned.register("customer", "customer-list")
        owned.register("task", "task-list", lambda rows: rows.open(), state="open")

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
        mail_receiving.read_by("addresses", email_filing.read)
        mail_receiving.filed_by("customers", email_filing.file)

    def find_duplicates(self) -> None:
        from crm.actions import journal
        from crm.events import timeline
        from crm.search import documents
        from customers.actions import contacts, customers, duplicates, merge_undoing, merging, segments, tasks
        from customers.models import match_key

        for kind in match_key.OF:
            documents.keep_with(kind, match_key.keep)
        journal.undone_with(merging.MERGE, merge_undoing.undo, merge_undoing.refuse)
        journal.restored_with("customers.Customer", customers.put_back, out_of_bin=customers.restore)
        journal.restored_with("customers.Contact", contacts.update, out_of_bin=contacts.restore)
        journal.restored_with("customers.Task", tasks.put_back, out_of_bin=tasks.restore)
        journal.restored_with("customers.Duplicate", duplicates.propose_again)
        journal.restored_with(
            "customers.SegmentMember", take_away=segments.take_out_again, make_again=segments.choose_again
        )
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
            reached,
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
        closes = {"email": ("further_emails",), "phone": ("further_phones", "handle")}
        fields.declare(Customer, "email", "phone", "employees", "annual_revenue", "notes", closes=closes)
        fields.declare(Contact, "email", "phone", "notes", closes=closes)
        reached.declare()
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
        from customers.models import occasions, today
        from customers.models.today_tasks import due_tasks

        occasions.register_all()
        today.register("customers.tasks", due_tasks, kind="task")

    def fill_sidebar(self) -> None:
        """The sidebar and the "new" menu."""
        from crm.web import navigation

        view, edit = "view", "edit"
        for section, label, url_name, permission, icon, order, key in [
            ("start", _("Today"), "today-page", ("task", view), "sun", 20, "d"),
            ("start", _("Calendar"), "calendar", ("task", view), "calendar", 30, "m"),
            ("customers", _("Customers"), "customer-list", ("customer", view), "building", 10, "c"),
            ("customers", _("Contacts"), "contact-list", ("contact", view), "address-book", 20, "p"),
            ("customers", _("Activities"), "activity-list", ("activity", view), "phone", 30, "a"),
            ("customers", _("Tasks"), "task-list", ("task", view), "checkbox", 40, "k"),
            ("customers", _("Map"), "customer-map", ("customer", view), "map-2", 45, None),
            ("customers", _("Customer pool"), "pool-list", ("pool", view), "users-group", 50, None),
            ("customers", _("Segments"), "segment-list", ("segment", view), "chart-pie", 55, None),
            ("customers", _("Possible duplicates"), "duplicate-list", ("customer", edit), "copy", 60, None),
            ("customers", _("Erasure requests"), "erasure-list", ("erasure", view), "user-x", 65, None),
        ]:
            navigation.register(
                section=section, label=label, url_name=url_name, icon=icon, order=order, permission=permission, key=key
            )
        for label, kind, icon, key, order in [
            (_("Log an activity"), "activity", "activity", "l", 10),
            (_("New task"), "task", "checkbox", "k", 20),
            (_("Write an email"), "email", "mail", "e", 25),
            (_("New customer"), "customer", "building", "c", 30),
            (_("New contact"), "contact", "address-book", "p", 40),
        ]:
            navigation.register_create(label, f"{kind}-new", icon, (kind, "create"), key, order=order)

    def fill_panels(self) -> None:
        from crm.web import panels

        for slot, name, url_name, title, kind, order, refresh_on in [
            ("customer.side", "tasks", "customer-tasks", _("To do"), "task", 10, ["task-changed"]),
            ("customer.side", "contacts", "customer-contacts", _("Contacts"), "contact", 20, ["contacts-changed"]),
            (
                "customer.side", "family", "customer-family", _("With its subsidiaries"), "customer", 60,
                ["activity-logged"],
            ),
            (
                "customer.side", "collaborators", "customer-collaborators", _("Also work on it"), "customer", 90,
                ["collaborators-changed"],
            ),
            ("customer.side", "holders", "customer-holders", _("Who had it"), "customer", 95, []),
            (
                "home.main", "today", "today", _("Today"), "task", 10,
                ["task-changed", "activity-logged", "opportunity-changed"],
            ),
        ]:  # fmt: skip
            panels.register(
                slot, name=name, url_name=url_name, title=title, permission=(kind, "view"), order=order,
                refresh_on=tuple(refresh_on),
            )  # fmt: skip

    def work_together(self) -> None:
        """Who follows a record and what they are told, and when a task reminds."""
        from crm.access import together as registry
        from crm.actions import follows
        from crm.web import together
        from customers.actions import activities

        together.register("customer", slot="customer.side")
        together.register("contact", slot="contact.side")
        registry.register_reminders("task")
        follows.add_source(activities.of_followed)
