"""Competitors: the list, where they are met, to whom a sale was lost, and how often they are beaten."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from crm.exchange import batches
from crm.models import StaleVersion
from customers.sales.actions import competitors, opportunities
from customers.sales.models import Competitor, Opportunity, OpportunityCompetitor, competition
from tests.crm.test_import_runs import run as run_batch
from tests.factories.evaluation import lost, won
from tests.factories.sales import WEDNESDAY, lost_reason, make_competitor, make_opportunity, meet

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_rep(client, cast):
    client.force_login(cast.rep)
    return client


def standing(opportunity) -> dict[str, str]:
    opportunity.refresh_from_db()
    rows = OpportunityCompetitor.objects.filter(opportunity=opportunity).select_related("competitor", "opportunity")
    return {row.competitor.name: row.stands.value for row in rows}


def test_a_sale_is_lost_to_one_of_those_met_and_reopening_takes_that_back(cast):
    sale, a, b = make_opportunity(cast.rep), make_competitor("A"), make_competitor("B")
    how = {"by": cast.rep, "at": WEDNESDAY}
    competitors.note(sale, a, note="cheaper", **how)
    with pytest.raises(ValidationError), transaction.atomic():
        competitors.note(sale, a, state="lost", **how)
    with pytest.raises(StaleVersion):
        competitors.note(sale, a, state="beaten", seen=("running", ""), **how)
    competitors.lose(sale, reason=lost_reason(), lost_to=b, **how)
    assert standing(sale) == {"A": "running", "B": "lost"}
    competitors.note(sale, a, state="lost", **how)
    assert standing(sale) == {"A": "lost", "B": "running"}
    with pytest.raises(IntegrityError), transaction.atomic():
        OpportunityCompetitor.objects.filter(competitor=b).update(state="lost")
    opportunities.reopen(sale, **how)
    assert standing(sale) == {"A": "running", "B": "running"}
    opportunities.win(sale, amount=Decimal(5), **how)
    assert standing(sale) == {"A": "beaten", "B": "beaten"}


def test_the_page_of_a_sale_tells_what_was_noted_of_a_competitor(cast, as_rep):
    sale, rival = make_opportunity(cast.rep), make_competitor("Boreal")
    competitors.note(sale, rival, by=cast.rep, at=WEDNESDAY)
    competitors.note(sale, rival, state="beaten", seen=("running", ""), by=cast.rep, at=WEDNESDAY)
    page = as_rep.get(reverse("opportunity-detail", args=[sale.pk]))
    assert page.status_code == 200
    told = page.content.decode()
    assert "Boreal, in the running" in told
    assert "Boreal, beaten" in told


def test_the_win_rate_is_won_of_closed_where_they_were_met_and_not_beaten_before(cast):
    a, b = make_competitor("A"), make_competitor("B")
    for opportunity in (won("2026-04-01", cast.rep), won("2026-05-10", cast.rep), won("2026-03-31", cast.rep)):
        meet(opportunity, a)
    meet(lost("2026-05-11", cast.rep), a, state="lost")
    meet(lost("2026-05-12", cast.rep), a)
    meet(lost("2026-05-13", cast.rep), a, state="beaten")
    meet(make_opportunity(cast.rep), a)
    meet(won("2026-05-14", cast.outsider), a)
    quarter = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    found = competition.against([a.pk, b.pk], Opportunity.objects.visible_to(cast.rep), *quarter)
    assert found == {a.pk: competition.Tally(open=1, won=2, lost=2, lost_to=1)}
    assert (found[a.pk].win_rate, competition.Tally().win_rate) == (Decimal("0.5"), None)
    everything = competition.against([a.pk], Opportunity.objects.all(), *quarter)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FILTER (WHERE stage.outcome = 'won'),
                count(*) FILTER (WHERE stage.outcome = 'lost' AND met.state <> 'beaten')
            FROM sales_opportunitycompetitor AS met JOIN sales_opportunity AS sale ON sale.id = met.opportunity_id
            JOIN sales_stage AS stage ON stage.id = sale.stage_id
            WHERE sale.closed_at >= '2026-04-01Z' AND sale.closed_at < '2026-07-01Z'"""
        )
        assert cursor.fetchone() == (everything[a.pk].won, everything[a.pk].lost) == (3, 2)


def test_the_pages_show_and_change_them_and_the_list_finds_by_them(cast, as_rep, time_machine):
    time_machine.move_to(WEDNESDAY, tick=False)
    sale, other, rival = make_opportunity(cast.rep), make_opportunity(cast.rep, name="Quiet"), make_competitor("Rival")
    new = reverse("opportunity-competitor-new", args=[sale.pk])
    assert as_rep.post(new, {"competitor": rival.pk, "state": "running", "note": "cheap"}).status_code == 302
    panel = as_rep.get(reverse("opportunity-competitors", args=[sale.pk])).content.decode()
    assert "Rival" in panel
    assert "in the running" in panel
    assert "cheap" in panel
    edit = reverse("opportunity-competitor-edit", args=[sale.pk, rival.pk])
    assert as_rep.post(edit, {"state": "beaten", "note": "", "was": "running dear"}).status_code == 409
    assert as_rep.post(edit, {"state": "lost", "note": "", "was": "running cheap"}).status_code == 422
    loss = reverse("opportunity-loss", args=[sale.pk])
    assert "Rival" in as_rep.get(loss).content.decode()
    assert as_rep.post(loss, {"lost_reason": lost_reason().pk, "lost_to": rival.pk}).status_code == 302
    assert standing(sale) == {"Rival": "lost"}
    for query in (f"competitor={rival.pk}", f"lost_against={rival.pk}&closed_at_after=2026-05-13"):
        page = as_rep.get(f"{reverse('opportunity-list')}?{query}").content.decode()
        assert sale.name in page
        assert "Quiet" not in page
    listed = as_rep.get(reverse("competitor-list")).content.decode()
    assert "Rival" in listed
    assert "0%" in listed
    detail = as_rep.get(reverse("competitor-detail", args=[rival.pk])).content.decode()
    assert "Lost to them" in detail
    assert sale.name in detail
    assert other.name not in detail
    removal = reverse("opportunity-competitor-removal", args=[sale.pk, rival.pk])
    assert as_rep.post(removal).status_code == 302
    assert standing(sale) == {}
    assert as_rep.get(reverse("competitor-new")).status_code == 403


def test_managers_keep_the_list_programs_and_files_too(cast, client):
    client.force_login(cast.manager)
    said = {"name": " Big  Rival ", "website": "rival.example", "notes": "", "is_active": "on"}
    assert client.post(reverse("competitor-new"), said).status_code == 302
    rival = Competitor.objects.get()
    assert (rival.name, rival.website) == ("Big Rival", "https://rival.example")
    assert client.post(reverse("competitor-new"), said).status_code == 422
    send = {"content_type": "application/json", "headers": {"If-Match": "*"}}
    sale = make_opportunity(cast.rep)
    url = reverse("api:opportunity-competitor-noting", args=[sale.pk])
    assert client.post(url, {"competitor": rival.pk, "note": "met"}, **send).status_code == 200
    assert client.get(reverse("api:opportunity-met", args=[sale.pk])).json() == [
        {"competitor": rival.pk, "state": "running", "note": "met"}
    ]
    found = client.get(f"{reverse('api:opportunity-list')}?competitor={rival.pk}").json()["results"]
    assert [one["id"] for one in found] == [sale.pk]
    move = {"stage": sale.pipeline.lost_stage.pk, "lost_reason": lost_reason().pk, "lost_to": rival.pk}
    assert client.post(reverse("api:opportunity-stage", args=[sale.pk]), move, **send).status_code == 200
    assert standing(sale) == {"Big Rival": "lost"}
    file = io.BytesIO(b"who,site\nBig Rival,https://big.example\nOther,\n")
    batch = batches.stage(file, target="competitor", file_name="c.csv", by=cast.administrator, at=WEDNESDAY)
    batches.choose(batch, {"fields": {"name": "who", "website": "site"}}, at=WEDNESDAY)
    run_batch(batch)
    assert dict(Competitor.objects.values_list("name", "website")) == {
        "Big Rival": "https://big.example", "Other": "",
    }  # fmt: skip
