"""Opportunities from files, with the stages they went through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import DATE, DATETIME, MONEY, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run, Step
from crm.exchange.unusable import Unusable
from customers.exchange.addresses import TAGS_COLUMN, TagsImport
from customers.exchange.references import CONTACT, CUSTOMER, PERSON, TEAM
from customers.sales.actions import closed, stage_changes
from customers.sales.actions.stage_changes import PastChange
from customers.sales.exchange.columns import PRODUCT, WithCurrency
from customers.sales.models import CAPTURED, LostReason, Opportunity, Pipeline, Stage, StageChange, closed_amounts
from customers.sales.models.currency import tidy_currency


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
        draft.notes["locked"] = not draft.is_new and closed.is_locked(record)
        super().fill(record, draft, run)

    def settle(self, record: Opportunity, draft: Draft, run: Run) -> None:
        """The history the rows tell, as far as it is not recorded yet, and the stage it leads to."""
        super().settle(record, draft, run)
        self._keep_amount(record, draft, run)
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
        if draft.notes["locked"] and not record.is_open:
            self._keep_locked(record, draft, run)

    def _keep_amount(self, record: Opportunity, draft: Draft, run: Run) -> None:
        """A column that says the amount is refused with the file; another currency would be another amount, too."""
        was = draft.notes["was"]
        before = closed_amounts.worth(was["amount"], was["currency"]) if not draft.is_new else None
        try:
            if before is not None:
                after = closed_amounts.worth(record.amount, record.currency)
                closed_amounts.refuse_writing(run.user, before, after)
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None

    def _keep_locked(self, record: Opportunity, draft: Draft, run: Run) -> None:
        """Whoever may correct what is closed may do so by a file: its name in the journal is the reason."""
        was = draft.notes["was"]
        now = {name: getattr(record, f"{name}_id", getattr(record, name)) for name in CAPTURED}
        changed = [name for name in closed.LOCKED if name in was and was[name] != now[name]]
        try:
            closed.refuse(record, changed, by=run.user, reason="file")
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None

    def stays(self, record: Opportunity, name: str, before: dict[str, Any]) -> bool:
        """What was sold, unless the import itself closed it."""
        return name in closed.LOCKED and "closed_at" not in before and closed.is_locked(record)

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
