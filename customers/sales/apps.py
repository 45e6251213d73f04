from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "customers.sales"
    label = "sales"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from crm.actions import mail_receiving
        from customers.sales import (
            exchange,
            subscriptions,  # noqa: F401 - listens from here on
            tasks,  # noqa: F401 - registers periodic jobs
        )
        from customers.sales.actions import (
            contract_renewals,
            discard_reasons,
            lead_mail,
            mailing_answers,
            next_steps,
            order_returns,
            pipelines,
        )
        from customers.sales.forms import log_stage
        from customers.sales.models import family, mail_fields

        self.declare_kinds()
        self.find_records()
        exchange.register()
        mail_fields.register()
        self.write_to_leads()
        family.register()
        log_stage.register()
        next_steps.register()
        mail_receiving.read_by("mailings", mailing_answers.read)
        mail_receiving.filed_by("mailings", mailing_answers.file)
        mail_receiving.filed_by("leads", lead_mail.file)  # after customers: whoever is known is no lead
        self.fill_timelines()
        self.fill_sidebar()
        self.fill_panels()
        self.fill_today()
        self.enclose_and_tag()
        self.fill_lists()
        self.fill_paper()
        self.tell_what_is_owned()
        # Like the shipped roles: written down once, in actions/pipelines.py, and never over what is there.
        post_migrate.connect(pipelines.install_default, sender=self, dispatch_uid="install-default-pipeline")
        post_migrate.connect(contract_renewals.install_reasons, sender=self, dispatch_uid="install-churn-reasons")
        post_migrate.connect(order_returns.install_reasons, sender=self, dispatch_uid="install-return-reasons")
        post_migrate.connect(discard_reasons.install_reasons, sender=self, dispatch_uid="install-discard-reasons")

    def write_to_leads(self) -> None:
        """Letters go to a lead before it is anybody's customer."""
        from customers.actions import contact_points
        from customers.models import before_customers, writing
        from customers.sales.actions import lead_address
        from customers.sales.models import Lead, LeadConsent

        before_customers.register(Lead.kind, lambda lead: lead.letters.all())
        contact_points.also_marks(lead_address.mark_failed, lead_address.clear)
        writing.also_failed(lead_address.is_failed)
        writing.also_agreed(LeadConsent.said_by)

    def tell_what_is_owned(self) -> None:
        from crm.access import owned
        from customers.sales.models import State

        running = [state for state in State.values if state != State.ENDED]
        owned.register("lead", "lead-list", lambda rows: rows.open(), state=["new", "working"])
        owned.register("opportunity", "opportunity-list", lambda rows: rows.open(), outcome="open")
        owned.register("quote", "quote-list", lambda rows: rows.not_answered(), state=["draft", "sent"])
        owned.register("contract", "contract-list", lambda rows: rows.not_ended(), state=running)
        owned.register("campaign", "campaign-list")

    def fill_paper(self) -> None:
        from customers.sales.views import summary

        summary.register()

    def declare_kinds(self) -> None:
        from crm.access import kinds
        from customers.sales.models import closed_amounts, reached

        # A permission on no table: going on from a stage although something it asks for is missing.
        kinds.register(None, code="criteria_override", label=_("exception"), label_plural=_("exceptions from criteria"))
        # … and changing what was sold although it is closed.
        kinds.register(
            None, code="closed_correction", label=_("correction"), label_plural=_("corrections of what is closed")
        )
        from customers.sales.models import (
            Campaign,
            Competitor,
            Contract,
            Cost,
            CurrencyRate,
            ForecastSubmission,
            Lead,
            Mailing,
            Opportunity,
            Order,
            OrderReturn,
            Pipeline,
            Product,
            Quota,
            Quote,
            UnitCost,
            formula_fields,
        )

        declared = [
            (Lead, _("lead"), _("leads"), "user-search", "lead-detail"),
            (Opportunity, _("opportunity"), _("opportunities"), "target-arrow", "opportunity-detail"),
            (Product, _("product"), _("products"), "package", "product-detail"),
            (Quote, _("quote"), _("quotes"), "file-invoice", "quote-detail"),
            (Order, _("order"), _("orders"), "receipt", "order-detail"),
            (Contract, _("contract"), _("contracts"), "contract", "contract-detail"),
            (ForecastSubmission, _("forecast"), _("forecasts"), "chart-line", "forecast-detail"),
            (Campaign, _("campaign"), _("campaigns"), "speakerphone", "campaign-detail"),
            (Mailing, _("mailing"), _("mailings"), "send", "mailing-detail"),
            (Cost, _("cost"), _("costs"), "coin", "cost-detail"),
            (Competitor, _("competitor"), _("competitors"), "scale", "competitor-detail"),
            (Quota, _("quota"), _("quotas"), "target", None),
            (Pipeline, _("pipeline"), _("pipelines"), "layout-kanban", None),
            (CurrencyRate, _("currency rate"), _("currency rates"), "coins", None),
        ]
        for model, label, label_plural, icon, detail_url in declared:
            kinds.register(model, label=label, label_plural=label_plural, icon=icon, detail_url=detail_url)
        # As visible as its order, on whose page it stands.
        kinds.register(OrderReturn, label=_("return"), label_plural=_("returns"), icon="arrow-back-up", granted=False)
        # What goods cost, as visible as the ledger of costs.
        kinds.register(
            UnitCost, label=_("cost of goods"), label_plural=_("costs of goods"), icon="coins", granted=False
        )
        closed_amounts.declare()
        reached.declare()
        formula_fields.declare_all()

    def find_records(self) -> None:
        from crm.search.documents import searchable
        from customers.sales.models import Campaign, Competitor, Contract, Lead, Opportunity, Order, Product, Quote

        for model in (Lead, Opportunity, Quote, Order, Product, Contract, Campaign, Competitor):
            of = ["customer"] if model in (Opportunity, Quote, Order, Contract) else []
            searchable(model.kind, model.search_words, of, quotes={path: ["name"] for path in of})

    def fill_timelines(self) -> None:
        from crm.events import timeline
        from customers.sales.views import lead_conversion, sentences
        from customers.views import timeline as stories

        timeline.add_source("opportunity", stories.activities_about, shows="activity")
        timeline.add_source("opportunity", stories.letters_about, shows="activity")
        for kind in ("quote", "lead"):
            timeline.add_source(kind, stories.activities_about, shows="activity")
            timeline.add_source(kind, stories.letters_about, shows="activity")
        timeline.add_source("customer", lead_conversion.history_of_leads, shows="lead")
        stories.show_kind("customer", "lead", _("Leads"))
        stories.show_kind("customer", "opportunity", _("Opportunities"))
        stories.show_kind("customer", "quote", _("Quotes"))
        stories.show_kind("customer", "contract", _("Contracts"))
        for event_type in sentences.SENTENCES:
            timeline.show_with(event_type, "sales/_event.html")

    def enclose_and_tag(self) -> None:
        from crm.actions import enclosures
        from customers.actions import tags
        from customers.sales.models import Opportunity
        from customers.sales.views import quotes

        enclosures.offer_with("quote", quotes.enclosures)
        tags.borne_by(Opportunity)

    def fill_lists(self) -> None:
        """Whom one sees in a list can be added to a campaign; who hands customers over is told what moves and stays."""
        from dataclasses import replace

        from customers.lists.contacts import ContactList
        from customers.lists.customers import CustomerList
        from customers.sales.lists import around
        from customers.sales.lists.campaigns import ADD_MAIN_CONTACTS, ADD_TO_CAMPAIGN
        from customers.sales.lists.leads import LeadList
        from customers.sales.models import handover

        around.offer()
        CustomerList.bulk_actions = [*CustomerList.bulk_actions, ADD_MAIN_CONTACTS]
        for each in (ContactList, LeadList):
            each.bulk_actions = [*each.bulk_actions, ADD_TO_CAMPAIGN]
        CustomerList.bulk_actions = [
            replace(action, foretell=handover.foretold) if action.code == "hand-over" else action
            for action in CustomerList.bulk_actions
        ]

    def fill_today(self) -> None:
        from crm.web import panels
        from customers.models import CadenceRule, cadence, today
        from customers.sales.models import after_sale, lead_today, today_contracts
        from customers.sales.models import today as ours

        cadence.register(CadenceRule.Occasion.AFTER_SALE, after_sale.after_sale)
        today.register("sales.next_steps", ours.next_steps, kind="opportunity")
        today.register("sales.past_close", ours.past_close, kind="opportunity")
        today.register("sales.leads", lead_today.to_contact, kind="lead")
        today.register("sales.contracts", today_contracts.renewals, kind="contract")
        panels.register(
            "today.side",
            name="coverage",
            url_name="next-step-coverage",
            title=_("Next steps"),
            permission=("opportunity", "view"),
            refresh_on=("task-changed", "activity-logged"),
        )

    def fill_sidebar(self) -> None:
        """The sidebar and the "new" menu."""
        from crm.web import navigation

        for label, url_name, kind, icon, order, key in [
            (_("Campaigns"), "campaign-list", "campaign", "speakerphone", 2, None),
            (_("Mailings"), "mailing-list", "mailing", "send", 3, None),
            (_("Costs"), "cost-list", "cost", "coin", 4, None),
            (_("Leads"), "lead-list", "lead", "user-search", 5, None),
            (_("Pipeline"), "opportunity-board", "opportunity", "layout-kanban", 10, "s"),
            (_("Opportunities"), "opportunity-list", "opportunity", "target-arrow", 20, "o"),
            (_("Pipeline history"), "pipeline-waterfall", "opportunity", "chart-bar", 25, None),
            (_("Forecast"), "forecast", "forecast", "chart-line", 27, None),
            (_("Quotas"), "quota-table", "quota", "target", 28, None),
            (_("Quotes"), "quote-list", "quote", "file-invoice", 29, None),
            (_("Orders"), "order-list", "order", "receipt", 30, None),
            (_("Returns"), "order-return-list", "order", "arrow-back-up", 31, None),
            (_("Contracts"), "contract-list", "contract", "contract", 35, None),
            (_("Products"), "product-list", "product", "package", 40, None),
            (_("Competitors"), "competitor-list", "competitor", "scale", 45, None),
        ]:
            navigation.register(
                section="sales", label=label, url_name=url_name, icon=icon, order=order, permission=(kind, "view"),
                key=key,
            )  # fmt: skip
        for label, url_name, kind, icon, key, order, dialog in [
            (_("New lead"), "lead-new", "lead", "user-search", None, 45, True),
            (_("New opportunity"), "opportunity-new", "opportunity", "target-arrow", "o", 50, True),
            (_("New quote"), "quote-new", "quote", "file-invoice", None, 55, False),
            (_("New order"), "order-new", "order", "receipt", None, 60, False),
            (_("New contract"), "contract-new", "contract", "contract", None, 65, False),
            (_("New campaign"), "campaign-new", "campaign", "speakerphone", None, 70, True),
            (_("New cost"), "cost-new", "cost", "coin", None, 75, True),
            (_("New competitor"), "competitor-new", "competitor", "scale", None, 80, True),
        ]:
            navigation.register_create(label, url_name, icon, (kind, "create"), key, order=order, dialog=dialog)

    def fill_panels(self) -> None:
        from crm.web import panels, together

        for kind in ("lead", "opportunity", "contract"):
            together.register(kind, slot=f"{kind}.side", is_shared=kind == "opportunity")
        for slot, name, url_name, label, kind, order in [
            ("customer.main", "opportunities", "customer-opportunities", _("Opportunities"), "opportunity", 10),
            ("customer.side", "quotes", "customer-quotes", _("Quotes"), "quote", 32),
            ("opportunity.side", "quotes", "opportunity-quotes", _("Quotes"), "quote", 20),
            ("opportunity.side", "attribution", "opportunity-attribution", _("Where it came from"), "opportunity", 10),
            ("opportunity.side", "people", "opportunity-people", _("Who decides"), "opportunity", 2),
            ("opportunity.side", "competitors", "opportunity-competitors", _("Competitors"), "opportunity", 4),
            ("opportunity.side", "credit", "opportunity-credit", _("Credit"), "opportunity", 6),
            ("contact.side", "opportunities", "contact-opportunities", _("Opportunities"), "opportunity", 20),
            ("customer.side", "contracts", "customer-contracts", _("Contracts"), "contract", 35),
            ("customer.side", "orders", "customer-orders", _("Orders"), "order", 40),
            ("customer.side", "rfm", "customer-rfm", _("RFM"), "order", 45),
            ("home.main", "opportunities", "my-opportunities", _("My open opportunities"), "opportunity", 30),
        ]:
            refresh_on = ("task-changed", "activity-logged") if kind == "opportunity" else ()
            panels.register(
                slot, name=name, url_name=url_name, title=label, permission=(kind, "view"), order=order,
                refresh_on=refresh_on,
            )  # fmt: skip
