"""Leads, products, orders and opportunities from files; an opportunity with the stages it went through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import declaring, storing
from crm.exchange.declaring import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    MONEY,
    NUMBER,
    REFERENCE,
    Field,
    Importable,
    Reference,
)
from crm.exchange.drafts import Draft, Refused, Run, Step
from crm.exchange.unusable import Unusable
from customers.addresses_exchange import TAGS_COLUMN, TagsImport, leave_out_erased, note_erased
from customers.exchange import CONTACT, CUSTOMER, OWNER_AND_TEAM, PERSON, TEAM
from customers.models import Customer, tidy
from customers.sales.actions import stage_changes
from customers.sales.actions.stage_changes import PastChange
from customers.sales.contracts_exchange import CONTRACTS
from customers.sales.costs_exchange import COSTS
from customers.sales.models import (
    CAPTURED,
    Competitor,
    CurrencyRate,
    Lead,
    LostReason,
    Opportunity,
    Pipeline,
    Product,
    Quota,
    Stage,
    StageChange,
)
from customers.sales.models.currency import tidy_currency
from customers.sales.orders_exchange import ORDERS, PRODUCT, WithCurrency


class OpportunityImport(TagsImport, WithCurrency):
    """Rows, or the steps a profile sees in one row, become an opportunity and its stage changes."""

    def begin(self, run: Run) -> None:
        """The stages of the pipeline the profile names; made where it says so."""
        super().begin(run)
        if "stages" not in run.caches:
            given = run.profile.content.get("pipeline", {})
            given = {"name": given} if isinstance(given, str) else given
            run.caches["pipeline"] = pipeline = _pipeline(given, run)
            run.caches["stages"] = _stages(pipeline, given, run)

    def new(self, draft: Draft, run: Run) -> Opportunity:
        opportunity = super().new(draft, run)
        opportunity.currency = tidy_currency("")
        opportunity.stage_since = run.at
        return opportunity

    def fill(self, record: Opportunity, draft: Draft, run: Run) -> None:
        draft.notes["known"] = [] if draft.is_new else list(record.stage_changes.all())
        draft.notes["was"] = {name: getattr(record, f"{name}_id", getattr(record, name)) for name in CAPTURED}
        super().fill(record, draft, run)

    def settle(self, record: Opportunity, draft: Draft, run: Run) -> None:
        """The history the rows tell, as far as it is not recorded yet, and the stage it leads to."""
        super().settle(record, draft, run)
        known = draft.notes["known"]
        changes = self._new_changes(draft, known, run)
        if draft.is_new and not changes:
            changes = [PastChange(self._first_stage(run), record.opened_at or run.at, {})]
        try:
            rows = self._chain(record, changes, known, run)
        except ValueError as error:
            raise Refused(error) from None
        if not rows and known and record.is_open and self._was_edited(record, draft):
            rows = [stage_changes.new_row(record, record.stage, by=run.user, at=run.at, recorded_at=run.at)]
        draft.notes["rows"] = rows

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        found = super().differs(draft, run)
        rows = [row for row in draft.notes["rows"] if row.is_entry]
        told = {} if draft.is_new or not rows else {"history": [None, ", ".join(str(row.to_stage) for row in rows)]}
        return found | told

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._add_rows(drafts)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        self._add_rows(drafts)

    def parts(self) -> dict[str, Any]:
        return {"stage_changes": StageChange}

    def _new_changes(self, draft: Draft, known: list[StageChange], run: Run) -> list[PastChange]:
        steps = draft.steps
        if not run.profile.steps and draft.values.get("stage"):
            told = {name: draft.values[name] for name in ("probability", "lost_reason") if name in draft.values}
            steps = [Step(draft.rows[0].number, draft.values.get("stage_at"), {"stage": draft.values["stage"], **told})]
        changes = []
        for step in steps:
            values = dict(step.values)
            stage = self._stage(values.pop("stage", None), run)
            if any(row.to_stage_id == stage.pk and step.at in (None, row.at) for row in known if stage.pk):
                continue
            changes.append(PastChange(stage, step.at or run.at, values))
        if changes and known and min(change.at for change in changes) < known[-1].at:
            raise Refused(__("A stage change is older than what is recorded already."), "stage")
        return changes

    def _chain(
        self, record: Opportunity, changes: list[PastChange], known: list[StageChange], run: Run
    ) -> list[StageChange]:
        if not changes:
            return []
        last = known[-1] if known else None
        rows = stage_changes.chain(record, last, changes, by=run.user, recorded_at=run.at)
        stage_changes.stand(record, [*known, *rows])
        return rows

    def _was_edited(self, record: Opportunity, draft: Draft) -> bool:
        was = draft.notes["was"]
        return any(getattr(record, f"{name}_id", getattr(record, name)) != was[name] for name in CAPTURED)

    def _stage(self, name: str | None, run: Run) -> Stage:
        if name is None:
            raise Refused(__("The stage is not known."), "stage")
        if name not in run.caches["stages"]:
            known = ", ".join(run.caches["stages"])
            raise Refused(
                __("There is no stage “%(name)s”; there are: %(known)s.") % {"name": name, "known": known}, "stage"
            )
        return run.caches["stages"][name]

    def _first_stage(self, run: Run) -> Stage:
        for stage in run.caches["stages"].values():
            if stage.is_open:
                return stage
        raise Refused(__("The pipeline has no open stage."), "stage")

    def _add_rows(self, drafts: list[Draft]) -> None:
        rows = [row for draft in drafts for row in draft.notes["rows"]]
        storing.insert(StageChange, rows)
        for draft in drafts:
            if draft.notes["rows"]:
                draft.parts["stage_changes"] = [row.pk for row in draft.notes["rows"]]


def _pipeline(given: dict[str, Any], run: Run) -> Pipeline:
    name = given.get("name")
    found = Pipeline.objects.filter(name=name) if name else Pipeline.objects.active().order_by("position", "pk")
    pipeline = found.first()
    if pipeline is None and name and "pipeline" in run.profile.create_missing:
        pipeline = Pipeline(name=name, position=(Pipeline.objects.count() + 1) * 10)
        _make(pipeline, run)
    if pipeline is None:
        raise Unusable(__("There is no pipeline “%(name)s”.") % {"name": name or ""})
    return pipeline


def _stages(pipeline: Pipeline, given: dict[str, Any], run: Run) -> dict[str, Stage]:
    """By name, in their order. A stage that is missing is made only if the profile describes it and says so."""
    stages = {stage.name: stage for stage in pipeline.stages.all()} if pipeline.pk else {}
    for place, described in enumerate(given.get("stages", []), start=1):
        name = described["name"]
        if name in stages or "stage" not in run.profile.create_missing:
            continue
        stages[name] = Stage(
            pipeline=pipeline,
            name=name,
            position=place,
            outcome=described.get("outcome", Stage.Outcome.OPEN),
            probability=Decimal(str(described.get("probability", "0.5"))),
        )
        stages[name].clean()
        _make(stages[name], run)
    for stage in stages.values():
        stage.pipeline = pipeline
    return stages


def _make(record: Any, run: Run) -> None:
    if not run.is_dry:
        record.full_clean()
        record.save(force_insert=True)
    run.made[(record._meta.label, "name", record.name)] = record


class LeadImport(Importable):
    def begin(self, run: Run) -> None:
        super().begin(run)
        note_erased(run)

    def fill(self, record: Lead, draft: Draft, run: Run) -> None:
        leave_out_erased(draft, run)
        super().fill(record, draft, run)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return tidy.fields(values)


LEADS = LeadImport(
    model=Lead,
    fields=(
        Field("name", _("name"), required=True),
        Field("organisation", _("organisation")),
        Field("email", _("email")),
        Field("phone", _("phone")),
        Field("channel", _("source channel"), CHOICE, choices=Customer.Channel.choices),
        Field("campaign", _("campaign")),
        Field("product", _("product asked for"), REFERENCE, reference=PRODUCT),
        Field("employees", _("number of employees"), NUMBER),
        Field("country", _("country")),
        Field("province", _("province")),
        Field("city", _("city")),
        Field("language", _("language"), CHOICE, choices=tuple(settings.LANGUAGES)),
        Field("note", _("note")),
        *OWNER_AND_TEAM,
    ),
    identities=(("email",), ("name", "organisation")),
)

PRODUCTS = WithCurrency(
    model=Product,
    fields=(
        Field("name", _("name"), required=True),
        Field("code", _("code")),
        Field("series", _("series")),
        Field("price", _("list price"), MONEY),
        Field("currency", _("currency")),
        Field("is_active", _("on sale"), BOOLEAN),
    ),
    identities=(("code",), ("name",)),
    unique=(("name",),),
)

COMPETITORS = Importable(
    model=Competitor,
    fields=(
        Field("name", _("name"), required=True),
        Field("website", _("website")),
        Field("notes", _("notes")),
        Field("is_active", _("still met"), BOOLEAN),
    ),
    identities=(("name",),),
    unique=(("name",),),
)

OPPORTUNITIES = OpportunityImport(
    model=Opportunity,
    has_history=True,
    creatable=frozenset({"pipeline", "stage"}),
    profile_keys=frozenset({"pipeline"}),
    fields=(
        Field("external_id", _("number in the old system")),
        Field("name", _("name"), required=True),
        Field("customer", _("customer"), REFERENCE, required=True, reference=CUSTOMER),
        Field("contact", _("contact"), REFERENCE, reference=CONTACT),
        Field("product", _("product"), REFERENCE, reference=PRODUCT),
        Field("opened_at", _("opened"), DATETIME),
        Field("expected_close", _("expected close"), DATE),
        Field("amount", _("amount"), MONEY),
        Field("currency", _("currency")),
        Field("stage", _("stage"), stored=False, history=True),
        Field("stage_at", _("in this stage since"), DATETIME, stored=False),
        Field("at", _("when the stage was entered"), DATETIME, stored=False, history=True),
        Field("lost_reason", _("lost reason"), REFERENCE, reference=Reference(LostReason, scoped=False), stored=False,
              history=True),
        Field("notes", _("notes")),
        TAGS_COLUMN,
        Field("owner", _("owner"), REFERENCE, reference=PERSON, history=True),
        Field("team", _("team"), REFERENCE, reference=TEAM, history=True),
    ),
    identities=(("external_id",), ("name", "customer")),
    unique=(("external_id",),),
    related=("customer", "product", "stage__pipeline", "pipeline", "owner", "team", "lost_reason"),
    prefetch=("stage_changes__to_stage",),
)  # fmt: skip


class QuotaImport(WithCurrency):
    """Whatever day of a month a file says, it is that month's; the team is the person's, or the one it is for."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().tidy(values)
        if values.get("month"):
            values["month"] = values["month"].replace(day=1)
        return values

    def settle(self, record: Quota, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        record.team = record.for_team or (record.owner.team if record.owner else None)
        if (record.owner is None) == (record.for_team is None):
            raise Refused(__("A quota is a person's or a team's."), "owner")
        if (record.currency or settings.CURRENCY) != settings.CURRENCY:
            raise Refused(__("Quotas are in the organisation's currency, so that they add up."), "currency")


QUOTAS = QuotaImport(
    model=Quota,
    fields=(
        Field("month", _("month"), DATE, required=True),
        Field("owner", _("person"), REFERENCE, reference=PERSON),
        Field("for_team", _("quota of the team"), REFERENCE, reference=TEAM),
        Field("amount", _("amount"), MONEY, required=True),
        Field("currency", _("currency")),
    ),
    identities=(("month", "owner"), ("month", "for_team")),
    related=("owner__team", "for_team"),
)


TEN_PLACES = Decimal("1E-10")


class CurrencyRateImport(WithCurrency):
    """One row for each currency and day; a row that says another rate corrects it."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().tidy(values)
        if values.get("rate") is not None:
            values["rate"] = values["rate"].quantize(TEN_PLACES)  # as it is kept, so that undoing knows it again
        return values


CURRENCY_RATES = CurrencyRateImport(
    model=CurrencyRate,
    fields=(
        Field("currency", _("currency"), required=True),
        Field("valid_from", _("valid from"), DATE, required=True),
        Field(
            "rate", _("rate"), MONEY, required=True, help=_("What one unit is worth in the organisation's currency.")
        ),
    ),
    identities=(("currency", "valid_from"),),
    unique=(("currency", "valid_from"),),
)


def register() -> None:
    declaring.register(CONTRACTS, COSTS, CURRENCY_RATES)
    declaring.register(LEADS, PRODUCTS, ORDERS, OPPORTUNITIES, QUOTAS, COMPETITORS)
