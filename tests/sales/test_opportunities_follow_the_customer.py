from datetime import timedelta

from crm.events import delivering
from customers.actions import customers
from customers.sales.actions import opportunities
from customers.sales.models import StageChange
from tests.factories.sales import make_customer, make_opportunity

HOUR = timedelta(hours=1)


def test_who_takes_over_a_customer_takes_over_what_is_open_there(cast, now):
    customer = make_customer(cast.rep)
    open_one = make_opportunity(cast.rep, at=now, customer=customer)
    won = opportunities.win(make_opportunity(cast.rep, at=now, customer=customer), by=cast.rep, at=now)
    of_a_colleague = make_opportunity(cast.teammate, at=now, customer=customer)
    elsewhere = make_opportunity(cast.rep, at=now, customer=make_customer(cast.rep, "Beta"))
    customers.hand_over(customer, to=cast.junior, by=cast.manager, at=now + HOUR)
    delivering.deliver_due(now + 2 * HOUR)
    delivering.deliver_due(now + 2 * HOUR)  # told twice, done once
    for opportunity in (open_one, won, of_a_colleague, elsewhere):
        opportunity.refresh_from_db()
    assert (open_one.owner, open_one.team) == (cast.junior, cast.north_inside)
    assert [won.owner, of_a_colleague.owner, elsewhere.owner] == [cast.rep, cast.teammate, cast.rep]
    last = StageChange.objects.filter(opportunity=open_one).in_order().last()
    assert (last.owner, last.at, last.by) == (cast.junior, now + HOUR, cast.manager)


def test_a_customer_given_away_without_open_work_leaves_the_opportunities(cast, now):
    customer = make_customer(cast.rep)
    opportunity = make_opportunity(cast.rep, at=now, customer=customer)
    customers.hand_over(customer, to=cast.junior, by=cast.manager, at=now + HOUR, with_open_work=False)
    delivering.deliver_due(now + 2 * HOUR)
    opportunity.refresh_from_db()
    assert opportunity.owner == cast.rep
