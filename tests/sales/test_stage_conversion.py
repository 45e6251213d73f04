"""How far a cohort came, and how long it stayed in each stage, those that are still there included."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.sales.actions import opportunities
from customers.sales.models.pipeline_history import Selection
from customers.sales.models.stage_conversion import Cohort, cohort, stage_conversion
from evaluation.formulas.survival import kaplan_meier
from tests.factories.sales import default_pipeline, lost_reason, make_opportunity, stage
from tests.query_counts import assert_flat

APRIL, LATER = (date(2026, 4, 1), date(2026, 4, 30)), datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(month, day):
    return datetime(2026, month, day, 12, tzinfo=UTC)


def told(selection, now=LATER):
    """Stage: entered, went on, lost, open, median days, unfinished of stays."""
    return {
        one.stage.name: (
            one.entered, one.went_on, one.lost, one.open, one.median and one.median / timedelta(days=1),
            one.unfinished, one.stays,
        )
        for one in stage_conversion(selection, *APRIL, now)
    }  # fmt: skip


@pytest.fixture
def april(cast):
    """Four opened in April: won after 20 days, lost after 10, in a proposal, and still to be qualified."""
    default_pipeline()
    by = {"by": cast.rep}
    won, lost, offered, _waiting = [make_opportunity(cast.rep, name=name, at=at(4, 1)) for name in "wlop"]
    make_opportunity(cast.rep, name="March", at=at(3, 31))
    won = opportunities.move(won, stage=stage("Proposal"), at=at(4, 5), **by)
    opportunities.update(won, {"amount": Decimal("2000.00")}, at=at(4, 6), **by)  # an edit is no entry
    opportunities.win(won, at=at(4, 21), **by)
    opportunities.lose(lost, reason=lost_reason(), at=at(4, 11), **by)
    opportunities.move(offered, stage=stage("Proposal"), at=at(4, 9), **by)


def test_a_cohort_worked_by_hand(cast, april):
    selection = Selection(default_pipeline(), cast.administrator)
    assert cohort(selection, *APRIL, LATER) == Cohort(opened=4, won=1, lost=1)
    assert told(selection) == {
        # Left after 4, 8 and 10 days, one still there: 3/4, then 2/4 of four last longer.
        "Qualifying": (4, 2, 1, 1, 8.0, 1, 4),
        # One left after 16 days; the other has been there for 53: from 16 days on half last longer.
        "Proposal": (2, 1, 0, 1, 16.0, 1, 2),
        "Negotiation": (0, 0, 0, 0, None, 0, 0),
    }


def test_nothing_is_known_of_the_future(cast, april):
    selection = Selection(default_pipeline(), cast.administrator)
    assert told(selection, at(4, 6))["Qualifying"] == (4, 1, 0, 3, None, 3, 4)
    assert cohort(selection, *APRIL, at(4, 6)) == Cohort(opened=4)


def test_a_rep_gets_the_cohort_of_own_and_team_and_an_outsider_their_own(cast, april):
    def opened(reader):
        return cohort(Selection(default_pipeline(), reader), *APRIL, LATER).opened

    assert (opened(cast.teammate), opened(cast.outsider), opened(cast.nobody)) == (4, 0, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=12))
def test_the_median_is_that_of_kaplan_and_meier(cast, told_stays):
    from crm.purging import purging
    from customers.sales.models import Opportunity, StageChange

    with purging():
        StageChange.objects.all().delete()
        Opportunity._base_manager.all().delete()
    default_pipeline()
    for days, ended in told_stays:
        sold = make_opportunity(cast.rep, customer=None, at=LATER - timedelta(days=days) if not ended else at(4, 1))
        if ended:
            opportunities.lose(sold, reason=lost_reason(), by=cast.rep, at=at(4, 1) + timedelta(days=days))
    days = (date(2026, 4, 1), date(2026, 6, 1))
    found = stage_conversion(Selection(default_pipeline(), cast.administrator), *days, LATER)[0]
    expected = kaplan_meier([days for days, _ in told_stays], [ended for _, ended in told_stays]).median
    assert (found.median and found.median / timedelta(days=1)) == expected
    assert found.unfinished == sum(not ended for _, ended in told_stays)


def test_the_page_shows_the_stages_and_costs_the_same_however_many_there_are(cast, april, client):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = f"{reverse('pipeline-conversion')}?first=2026-04-01&last=2026-04-30"
    content = client.get(url).content.decode()
    assert "4 opportunities opened on these days" in content
    assert "1 won, 1 lost, 2 still open." in content
    assert "50.0%" in content
    assert assert_flat(client, url, lambda: make_opportunity(cast.rep, at=at(4, 2))) <= 15
    empty = client.get(f"{reverse('pipeline-conversion')}?first=2020-04-01&last=2020-04-30").content.decode()
    assert "Nothing was opened on these days" in empty
    wrong = client.get(f"{reverse('pipeline-conversion')}?first=2026-05-01&last=2026-04-30")
    assert (wrong.status_code, "before the first one" in wrong.content.decode()) == (422, True)
