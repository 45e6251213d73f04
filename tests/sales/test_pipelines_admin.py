"""Pipelines in the admin site: changed without code, and never into something that does not work."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.models import Event
from customers.sales.actions import opportunities, pipelines
from customers.sales.models import LostReason, Pipeline, Stage
from tests.factories.sales import default_pipeline, make_opportunity


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def values(pipeline, **changes):
    """The admin form of a pipeline as it stands, with `changes` like {"Won-outcome": "open"}."""
    stages = list(pipeline.stages.order_by("position", "pk"))
    data = {
        "name": pipeline.name,
        "position": pipeline.position,
        "is_active": "on",
        "stages-TOTAL_FORMS": len(stages),
        "stages-INITIAL_FORMS": len(stages),
    }
    for number, stage in enumerate(stages):
        fields = {"id": stage.pk, "pipeline": pipeline.pk, "name": stage.name, "position": stage.position}
        fields |= {"outcome": stage.outcome, "probability": stage.probability}
        fields |= {"forecast_category": stage.forecast_category}
        fields |= {name.split("-", 1)[1]: value for name, value in changes.items() if name.split("-")[0] == stage.name}
        data |= {f"stages-{number}-{name}": value for name, value in fields.items()}
    return data


def change(admin, pipeline, **changes):
    return admin.post(reverse("admin:sales_pipeline_change", args=[pipeline.pk]), values(pipeline, **changes))


def test_an_installation_starts_with_a_pipeline(db):
    pipeline = default_pipeline()
    assert [(stage.name, stage.outcome, stage.probability) for stage in pipeline.stages.all()] == [
        ("Qualifying", "open", Decimal("0.100")),
        ("Proposal", "open", Decimal("0.400")),
        ("Negotiation", "open", Decimal("0.700")),
        ("Won", "won", Decimal("1.000")),
        ("Lost", "lost", Decimal("0.000")),
    ]
    assert LostReason.objects.count() == 5
    Pipeline.objects.filter(pk=pipeline.pk).update(name="Ours")
    pipelines.install_default()
    assert list(Pipeline.objects.values_list("name", flat=True)) == ["Ours"]


def test_stages_are_reordered_and_the_change_is_on_record(admin):
    pipeline = default_pipeline()
    assert change(admin, pipeline, **{"Proposal-position": 9}).status_code == 302
    assert [stage.name for stage in pipeline.stages.open().order_by("position")] == [
        "Qualifying",
        "Negotiation",
        "Proposal",
    ]
    assert Event.objects.get(type="settings.changed").data["name"] == "Sales"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Won-outcome": "open"}, "exactly one won stage"),
        ({"Proposal-outcome": "won"}, "exactly one won stage"),
        ({"Lost-DELETE": "on"}, "exactly one lost stage"),
    ],
)
def test_a_pipeline_always_has_one_way_to_win_and_one_to_lose(admin, changes, sentence):
    before = list(Stage.objects.values())
    answer = change(admin, default_pipeline(), **changes)
    assert sentence in answer.content.decode()
    assert list(Stage.objects.values()) == before


def test_the_database_refuses_a_second_won_stage(db):
    with pytest.raises(IntegrityError, match="pipeline_has_one_won_stage"), transaction.atomic():
        Stage.objects.create(pipeline=default_pipeline(), name="Won too", outcome="won", probability=1)


def test_a_stage_in_use_cannot_vanish_or_change_sides(admin, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    pipeline = default_pipeline()
    opportunities.move(opportunity, stage=pipeline.stages.get(name="Proposal"), by=cast.rep, at=now)
    before = list(Stage.objects.values())
    for name in ["Qualifying", "Proposal"]:  # one it was in, one it is in
        answer = change(admin, pipeline, **{f"{name}-DELETE": "on"})
        assert f"“{name}” cannot be removed: opportunities are or were in it." in answer.content.decode()
    answer = change(admin, pipeline, **{"Proposal-outcome": "won", "Won-outcome": "open", "Won-probability": "0.9"})
    assert "“Proposal” keeps its outcome" in answer.content.decode()
    assert list(Stage.objects.values()) == before


def test_an_unused_stage_and_an_unused_pipeline_may_go(admin):
    pipeline = default_pipeline()
    assert change(admin, pipeline, **{"Negotiation-DELETE": "on"}).status_code == 302
    assert not Stage.objects.filter(name="Negotiation").exists()
    url = reverse("admin:sales_pipeline_delete", args=[pipeline.pk])
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not Pipeline.objects.exists()


def test_a_pipeline_in_use_stays(admin, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    url = reverse("admin:sales_pipeline_delete", args=[opportunity.pipeline_id])
    page = admin.get(reverse("admin:sales_pipeline_change", args=[opportunity.pipeline_id])).content.decode()
    assert url not in page
    # Nor does Django go and read all opportunities to say that it cannot be.
    assert admin.get(url).status_code == admin.post(url, {"post": "yes"}).status_code == 403
    assert Pipeline.objects.filter(pk=opportunity.pipeline_id).exists()
    assert "delete_selected" not in admin.get(reverse("admin:sales_pipeline_changelist")).content.decode()


def test_a_reason_that_was_given_goes_out_of_use_and_an_unused_one_may_go(admin, cast, now):
    used, unused = LostReason.objects.create(name="Used"), LostReason.objects.create(name="Unused")
    opportunities.lose(make_opportunity(cast.rep, at=now), reason=used, by=cast.rep, at=now)
    for reason, answer in ((used, 403), (unused, 302)):
        url = reverse("admin:sales_lostreason_delete", args=[reason.pk])
        assert admin.post(url, {"post": "yes"}).status_code == answer
    assert LostReason.objects.filter(name__in=("Used", "Unused")).get() == used


def test_only_administrators_configure_pipelines(client, cast):
    client.force_login(cast.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert change(client, default_pipeline()).status_code in (302, 403)
    assert not Event.objects.filter(type="settings.changed").exists()
