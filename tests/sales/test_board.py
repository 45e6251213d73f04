"""The pipeline as a board: what stands where, what it comes to, and what a dropped card does."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Event, StaleVersion, User
from customers.sales.actions import opportunities, ranks
from customers.sales.models import Money, Opportunity, StageChange
from customers.sales.models import board as boards
from tests.factories.sales import (
    default_pipeline,
    lost_reason,
    make_customer,
    make_opportunity,
    make_pipeline,
    stage,
)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def customer(cast):
    return make_customer(cast.rep)


def names(stage_name, viewer):
    cards = Opportunity.objects.visible_to(viewer).in_stage(stage(stage_name)).by_rank()
    return [card.name for card in cards]


def drop(client, opportunity, column, previous=None, following=None, **more):
    values = {
        "column": column.pk,
        "previous": previous.pk if previous else "",
        "next": following.pk if following else "",
        "version": opportunity.version,
    }
    url = f"{reverse('opportunity-stage', args=[opportunity.pk])}?seen_in={opportunity.stage_id}"
    return client.post(url, values | more, HTTP_HX_REQUEST="true")


# What it comes to --------------------------------------------------------------------------------------------------


def test_totals_count_each_probability_and_keep_what_has_no_rate_apart(cast, now, customer):
    common = {"at": now, "customer": customer}
    make_opportunity(cast.rep, amount=Decimal("1000.00"), **common)
    make_opportunity(cast.rep, amount=Decimal("500.00"), probability=Decimal("0.5"), **common)
    make_opportunity(cast.rep, amount=Decimal("70.00"), currency="EUR", **common)
    make_opportunity(cast.rep, amount=None, **common)
    make_opportunity(cast.rep, amount=Decimal("300.00"), stage=stage("Negotiation"), **common)
    opportunities.win(make_opportunity(cast.rep, **common), by=cast.rep, at=now)
    sums = boards.sums_by_stage(Opportunity.objects.visible_to(cast.rep), default_pipeline(), now.date())
    first, last = sums[stage("Qualifying").pk], sums[stage("Negotiation").pk]
    assert len(sums) == 2
    assert (first.count, first.unpriced) == (4, 1)
    assert first.amounts == [Money(Decimal("1500.00"), "USD"), Money(Decimal("70.00"), "EUR")]
    assert first.weighted == [Money(Decimal("350.00"), "USD"), Money(Decimal("7.00"), "EUR")]
    assert (last.amounts, last.weighted) == ([Money(Decimal("300.00"), "USD")], [Money(Decimal("210.00"), "USD")])
    overall = boards.overall(sums.values())
    assert overall.count == 5
    assert overall.amounts == [Money(Decimal("1800.00"), "USD"), Money(Decimal("70.00"), "EUR")]
    assert overall.weighted == [Money(Decimal("560.00"), "USD"), Money(Decimal("7.00"), "EUR")]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("rep", {"Ours", "Of the team"}),
        ("teammate", {"Ours", "Of the team"}),
        ("manager", {"Ours", "Of the team", "Below"}),
        ("outsider", {"Elsewhere"}),
        ("analyst", {"Ours", "Of the team", "Below", "Elsewhere"}),
        ("nobody", None),
    ],
)
def test_everybody_sees_their_own_part_of_the_board(as_user, cast, now, role, seen):
    owners = {"Ours": cast.rep, "Of the team": cast.teammate, "Below": cast.junior, "Elsewhere": cast.outsider}
    for name, owner in owners.items():
        make_opportunity(owner, at=now, name=name, customer=make_customer(owner, f"{name} customer"))
    page = as_user(getattr(cast, role)).get(reverse("opportunity-board"))
    if seen is None:
        assert page.status_code == 403
        return
    shown = {card.name for column in page.context["columns"] for card in column.cards}
    assert shown == seen
    assert page.context["overall"].count == len(seen)
    assert page.context["overall"].amounts == [Money(Decimal("1000.00") * len(seen), "USD")]


def test_in_chinese_an_overdue_card_says_so_with_a_chinese_mark(as_user, cast, now, customer):
    today = timezone.localdate()
    make_opportunity(cast.rep, at=now, customer=customer, expected_close=today - timedelta(days=1))
    User.objects.filter(pk=cast.rep.pk).update(language="zh-hans")
    page = as_user(cast.rep).get(reverse("opportunity-board")).content.decode()
    assert "已逾期：" in page
    assert "已逾期:" not in page


def test_the_filters_narrow_cards_and_totals_alike(as_user, cast, now, customer):
    today = timezone.localdate()
    make_opportunity(cast.rep, at=now, customer=customer, name="Late", expected_close=today - timedelta(days=1))
    make_opportunity(cast.teammate, at=now, customer=customer, name="Open end")
    client = as_user(cast.rep)

    def shown(**asked):
        page = client.get(reverse("opportunity-board"), asked)
        names = {card.name for column in page.context["columns"] for card in column.cards}
        assert page.context["overall"].count == len(names)
        return names

    assert shown() == {"Late", "Open end"}
    assert shown(owner=cast.teammate.pk) == {"Open end"}
    assert shown(closes="overdue") == {"Late"}
    assert shown(closes="none") == {"Open end"}
    assert shown(team=cast.north_inside.pk) == set()
    assert shown(team=cast.company.pk) == {"Late", "Open end"}


def test_each_pipeline_has_its_own_board(as_user, cast, now, customer):
    projects = make_pipeline()
    make_opportunity(cast.rep, at=now, customer=customer, name="Project", pipeline=projects)
    make_opportunity(cast.rep, at=now, customer=customer, name="Sale")
    client = as_user(cast.rep)
    page = client.get(reverse("opportunity-board"), {"pipeline": projects.pk})
    assert [card.name for card in page.context["columns"][0].cards] == ["Project"]
    assert client.get(reverse("opportunity-board"), {"pipeline": "999999"}).status_code == 404


def test_a_column_shows_fifty_and_the_rest_on_demand(as_user, cast, now, customer):
    for number in range(53):
        make_opportunity(cast.rep, at=now, customer=customer, name=f"Sale {number}")
    client = as_user(cast.rep)
    column = client.get(reverse("opportunity-board")).context["columns"][0]
    assert (len(column.cards), column.hidden) == (50, 3)
    assert column.cards[0].name == "Sale 52"  # the newest on top
    last = column.cards[-1]
    url = reverse("opportunity-board-more")
    more = client.get(url, {"stage": column.stage.pk, "rank": last.rank, "pk": last.pk})
    assert [card.name for card in more.context["cards"]] == ["Sale 2", "Sale 1", "Sale 0"]


def test_the_board_takes_the_same_queries_for_two_cards_and_for_twenty(as_user, cast, now, customer):
    client = as_user(cast.rep)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(reverse("opportunity-board")).status_code == 200
        return len(captured)

    for name in ["Qualifying", "Proposal", "Negotiation"]:
        make_opportunity(cast.rep, at=now, customer=customer, stage=stage(name))
    queries()
    few = queries()
    for number in range(20):
        make_opportunity(cast.rep, at=now, customer=make_customer(cast.rep, f"Customer {number}"))
    assert queries() == few
    assert few <= 20


# What a dropped card does ------------------------------------------------------------------------------------------


def test_a_card_is_dropped_between_two_others(as_user, cast, now, customer):
    a, b, c = (make_opportunity(cast.rep, at=now, customer=customer, name=name) for name in "abc")
    assert names("Qualifying", cast.rep) == ["c", "b", "a"]
    answer = drop(as_user(cast.rep), a, a.stage, previous=c, following=b)
    assert answer.status_code == 200
    assert f'data-card="{a.pk}"' in answer.content.decode()
    assert answer["HX-Trigger"] == "opportunity-moved"
    assert names("Qualifying", cast.rep) == ["c", "a", "b"]
    assert StageChange.objects.count() == 3
    a.refresh_from_db()
    assert a.version == 1  # a place is no change of the sale


def test_a_card_is_moved_to_another_stage_at_the_place_it_was_dropped(as_user, cast, now, customer):
    top = make_opportunity(cast.rep, at=now, customer=customer, name="top", stage=stage("Proposal"))
    card = make_opportunity(cast.rep, at=now, customer=customer, name="card")
    answer = drop(as_user(cast.rep), card, stage("Proposal"), previous=top)
    assert answer.status_code == 200
    assert 'data-version="2"' in answer.content.decode()
    assert names("Proposal", cast.rep) == ["top", "card"]
    assert StageChange.objects.filter(opportunity=card).count() == 2


def test_dropping_on_lost_asks_why_and_moves_nothing(as_user, cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    answer = drop(as_user(cast.rep), card, stage("Lost"))
    assert answer["HX-Retarget"] == "#dialog"
    assert "Why was it lost?" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert Opportunity.objects.get().stage.name == "Qualifying"
    assert StageChange.objects.count() == 1


def test_dropping_on_won_is_a_win(as_user, cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    assert drop(as_user(cast.rep), card, stage("Won")).status_code == 200
    card.refresh_from_db()
    assert card.stage.name == "Won"
    assert card.closed_at == card.stage_since
    assert Event.objects.filter(type="opportunity.won").count() == 1


def test_who_comes_second_is_told_and_changes_nothing(as_user, cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    opportunities.move(card, stage=stage("Negotiation"), by=cast.manager, at=timezone.now())
    before = list(StageChange.objects.values()), Opportunity.objects.values().get()
    answer = drop(as_user(cast.rep), card, stage("Proposal"))
    assert answer.status_code == 409
    assert "it is in “Negotiation” now" in answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert (list(StageChange.objects.values()), Opportunity.objects.values().get()) == before


def test_an_edit_by_somebody_else_does_not_stop_a_move(as_user, cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    opportunities.update(card, {"notes": "New"}, by=cast.manager, at=timezone.now())
    assert drop(as_user(cast.rep), card, stage("Proposal")).status_code == 200
    assert names("Proposal", cast.rep) == ["New machines"]


def test_a_stage_of_another_pipeline_is_refused_in_a_sentence(as_user, cast, now, customer):
    foreign = make_pipeline().first_stage
    card = make_opportunity(cast.rep, at=now, customer=customer)
    answer = drop(as_user(cast.rep), card, foreign)
    assert (answer.status_code, answer.content.decode()) == (422, "There is no such stage in this pipeline.")
    assert StageChange.objects.count() == 1


def test_a_card_that_may_only_be_looked_at_cannot_be_moved(as_user, cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    client = as_user(cast.teammate)
    assert "data-move-url" not in client.get(reverse("opportunity-board")).content.decode()
    assert drop(client, card, stage("Proposal")).status_code == 403
    assert StageChange.objects.count() == 1


def test_neighbours_the_mover_cannot_see_do_not_count(as_user, cast, now, customer):
    hidden = make_opportunity(cast.outsider, at=now, customer=make_customer(cast.outsider, "Theirs"))
    first = make_opportunity(cast.rep, at=now, customer=customer, name="first")
    second = make_opportunity(cast.rep, at=now, customer=customer, name="second")
    assert drop(as_user(cast.rep), first, first.stage, previous=hidden).status_code == 200
    assert names("Qualifying", cast.rep) == ["second", "first"]
    assert drop(as_user(cast.rep), first, first.stage, following=second).status_code == 200
    assert names("Qualifying", cast.rep) == ["first", "second"]


def test_a_column_is_spread_out_when_its_places_have_grown_too_long(cast, now, customer):
    first, second, third = (make_opportunity(cast.rep, at=now, customer=customer, name=name) for name in "321")
    Opportunity.objects.filter(pk=third.pk).update(rank="i" * 39)
    Opportunity.objects.filter(pk=second.pk).update(rank="i" * 39 + "1")
    Opportunity.objects.filter(pk=first.pk).update(rank="i" * 39 + "2")
    moved = opportunities.move(first, stage=first.stage, previous=third, by=cast.rep, at=now)
    assert names("Qualifying", cast.rep) == ["1", "3", "2"]
    assert {len(rank) for rank in Opportunity.objects.values_list("rank", flat=True)} == {8}
    assert moved.rank == Opportunity.objects.get(pk=first.pk).rank


def test_cards_without_a_place_get_one_when_somebody_sorts_them(cast, now, customer):
    cards = [make_opportunity(cast.rep, at=now, customer=customer, name=name) for name in "abc"]
    Opportunity.objects.update(rank="")
    opportunities.move(cards[0], stage=cards[0].stage, previous=cards[2], by=cast.rep, at=now)
    assert names("Qualifying", cast.rep) == ["b", "c", "a"]
    ranks.spread_out(cards[0].stage)
    assert names("Qualifying", cast.rep) == ["b", "c", "a"]


# Rules of moving ---------------------------------------------------------------------------------------------------


def test_lost_needs_a_reason(cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    with pytest.raises(ValidationError, match="Say why it was lost"):
        opportunities.lose(card, reason=None, by=cast.rep, at=now)
    assert Opportunity.objects.get().version == 1
    lost = opportunities.lose(card, reason=lost_reason(), by=cast.rep, at=now)
    assert (lost.lost_reason.name, StageChange.objects.losses().get().lost_reason.name) == ("Price", "Price")
    again = opportunities.reopen(lost, by=cast.rep, at=now + timedelta(hours=1))
    assert (again.lost_reason, again.stage.name) == (None, "Qualifying")


def test_won_needs_an_amount(cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer, amount=None)
    with pytest.raises(ValidationError, match="what it was sold for"):
        opportunities.win(card, by=cast.rep, at=now)
    assert StageChange.objects.count() == 1
    won = opportunities.win(card, amount=Decimal("42.00"), by=cast.rep, at=now)
    assert (won.amount, StageChange.objects.wins().get().amount) == (Decimal("42.00"), Decimal("42.00"))
    with pytest.raises(ValidationError, match="needs an amount"):
        opportunities.update(won, {"amount": None}, by=cast.rep, at=now)


def test_an_old_version_is_refused_without_knowing_where_it_stood(cast, now, customer):
    card = make_opportunity(cast.rep, at=now, customer=customer)
    opportunities.update(card, {"notes": "x"}, by=cast.rep, at=now)
    with pytest.raises(StaleVersion):
        opportunities.move(card, stage=stage("Proposal"), version=1, by=cast.rep, at=now)
    assert Opportunity.objects.get().stage.name == "Qualifying"


def test_overdue_is_open_and_past_its_day(cast, now, customer):
    common = {"at": now, "customer": customer, "expected_close": date(2026, 5, 12)}
    late = make_opportunity(cast.rep, **common)
    opportunities.win(make_opportunity(cast.rep, **common), by=cast.rep, at=now)
    assert list(Opportunity.objects.overdue(date(2026, 5, 13))) == [late]
    assert not Opportunity.objects.overdue(date(2026, 5, 12)).exists()
