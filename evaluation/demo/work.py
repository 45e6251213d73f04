"""What people did with their customers, and what they still have to do."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from crm.models import BusinessCalendar
from customers.models import Activity, CadenceRule, Customer, Task
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.people import CALLER
from evaluation.demo.world import World, at_clock

TYPES = {"call": 6, "meeting": 2, "visit": 1, "email": 5, "message": 3, "note": 1}
WITH_NEXT_STEP = 0.12
OPEN_DAYS = 21  # tasks due from three weeks ago on may still be open
STILL_OPEN = 0.25
KNOWN_NEXT = 0.85  # of the open opportunities have a next step; the board shows that the others have none
LATE = 0.15  # of those steps are overdue
MORE_CALLS = 2  # a working day, of the rep whose plan it is to call every day
TODAY = 4  # tasks each rep has for today
COMING = 5


def do(world: World) -> None:
    made = _around_sales(world) + _in_between(world) + _daily_calls(world)
    made.sort(key=lambda activity: activity.at)
    storing.store(Activity, made)
    through = Activity.contacts.through
    storing.copy(
        through, ("activity_id", "contact_id"),
        (f"{activity.pk}\t{world.people[activity.customer_id][0].pk}\n" for activity in made),
    )  # fmt: skip
    for activity in made:
        activity.customer.last_activity_at = activity.at
        activity.customer.updated_at = max(activity.customer.updated_at, activity.at)
    storing.store(Task, _next_steps(world, made) + _next_of_sales(world) + _today(world))
    _set_rules()


def _around_sales(world: World) -> list[Activity]:
    """Three for each opportunity, between its beginning and its end."""
    made = []
    for opportunity in world.opportunities:
        last = (opportunity.closed_at or world.now).date()
        for _ in range(3):
            day = world.day_between(opportunity.opened_at.date(), last)
            made.append(_activity(world, opportunity.customer, day, opportunity))
    return made


def _in_between(world: World) -> list[Activity]:
    count = max(world.size.activities - 3 * len(world.opportunities), 0)
    chosen = world.random.choices(world.customers, [3 if one.tier == "A" else 1 for one in world.customers], k=count)
    return [
        _activity(world, customer, world.growing_day(max(customer.created_at.date(), world.start)), None)
        for customer in chosen
    ]


def _daily_calls(world: World) -> list[Activity]:
    """One rep keeps a fixed hour for calls from the day on which that plan starts; the others go on as they did."""
    caller, made = world.users[CALLER], []
    own = [one for one in world.customers if world.owner_at(one, world.now) == caller]
    day = world.days.plan_start
    while day < world.today:
        known = [one for one in own if one.created_at.date() < day and world.owner_at(one, at_clock(day, 9)) == caller]
        if day.weekday() < 5 and known:
            for _ in range(MORE_CALLS):
                activity = _activity(world, world.pick(known), day, None, type_="call")
                activity.direction = Activity.Direction.OUTBOUND
                made.append(activity)
        day += timedelta(days=1)
    return made


def _activity(world: World, customer: Any, day: date, about: Any, type_: str = "") -> Activity:
    at = max(world.past_moment(day), customer.created_at + timedelta(minutes=2))
    owner = world.owner_at(customer, at)
    type_ = type_ or world.pick(list(TYPES), list(TYPES.values()))
    is_talk = type_ in ("call", "meeting", "visit")
    direction = "none" if type_ == "note" else world.pick(("outbound", "inbound"), (4, 1))
    return Activity(
        customer=customer, type=type_, direction=direction, at=at, owner=owner, team=owner.team,
        subject=world.pick(words.ACTIVITY[type_][language_of(customer)]),
        outcome=world.pick(("reached", "positive", "neutral", "negative", "not_reached"), (4, 3, 2, 1, 1))
        if is_talk else "",
        duration=timedelta(minutes=world.pick((10, 15, 30, 60))) if is_talk else None,
        about_kind=about.kind if about else "", about_id=about.pk if about else None, created_at=at, updated_at=at,
    )  # fmt: skip


def _next_steps(world: World, made: list[Activity]) -> list[Task]:
    """Noted with an activity, due some days later; most are done, some late, the newest still to do."""
    tasks = []
    for activity in made:
        if not world.chance(WITH_NEXT_STEP):
            continue
        due = world.working_moment(activity.at.date() + timedelta(days=world.random.randrange(2, 20)))
        done = due + timedelta(hours=world.pick((-20, -4, -1, 30)))
        is_open = done >= world.now or (
            due.date() > world.today - timedelta(days=OPEN_DAYS) and world.chance(STILL_OPEN)
        )
        tasks.append(_task(world, activity.customer, activity.at, due, None if is_open else done, activity))
    return tasks


def _next_of_sales(world: World) -> list[Task]:
    """What comes next in most of the open sales, in the days to come or already late; of some nobody knows."""
    tasks = []
    for opportunity in world.opportunities:
        if opportunity.closed_at is not None or not world.chance(KNOWN_NEXT):
            continue
        days = -world.random.randrange(1, 12) if world.chance(LATE) else world.random.randrange(0, 21)
        due = world.working_moment(world.today + timedelta(days=days))
        noted = max(min(opportunity.stage_since, due - timedelta(days=2)), opportunity.opened_at)
        task = _task(world, opportunity.customer, noted, max(due, noted), None, None)
        task.title = world.pick(words.NEXT_STEPS[opportunity.stage.position][language_of(opportunity.customer)])
        task.owner, task.team = opportunity.owner, opportunity.team
        task.about_kind, task.about_id = opportunity.kind, opportunity.pk
        tasks.append(task)
    return tasks


def _today(world: World) -> list[Task]:
    """Everybody who sells has something to do today and in the days to come."""
    tasks = []
    for rep in [*world.reps, world.users["manager_north"], world.users["manager_east"]]:
        own = [one for one in world.customers if world.owners[one.pk][-1][1].team_id == rep.team_id]
        mine = [one for one in own if world.owners[one.pk][-1][1] == rep] or own
        for place in range(TODAY + COMING):
            day = world.today if place < TODAY else world.today + timedelta(days=place)
            noted = world.past_moment(world.today - timedelta(days=world.random.randrange(2, 9)))
            due = at_clock(day, world.random.randrange(9, 18))
            task = _task(world, world.pick(mine), noted, due, None, None)
            task.owner, task.team = rep, rep.team
            if place % 3 == 1:  # a visit with a beginning and an end
                task.type, task.starts_at, task.due_at = Activity.Type.VISIT, due, due + timedelta(hours=1)
            tasks.append(task)
    return tasks


def _set_rules() -> None:
    """How often customers are to hear from us: key customers every month, others every quarter, and birthdays."""
    calendar = BusinessCalendar.objects.order_by("pk").first()
    occasion = CadenceRule.Occasion
    for title, fields in (
        ("Call key customer 致电重点客户", {"occasion": occasion.CALL_BACK, "tier": Customer.Tier.A, "days": 30}),
        ("Call 回访客户", {"occasion": occasion.CALL_BACK, "tier": Customer.Tier.B, "days": 90}),
        ("Birthday 生日祝福", {"occasion": occasion.BIRTHDAY}),
        ("Visit after the sale 成交回访", {"occasion": occasion.AFTER_SALE, "days": 30}),
    ):
        CadenceRule.objects.create(title=title, calendar=calendar, **fields)


def _task(world: World, customer: Any, noted: datetime, due: datetime, done: datetime | None, after: Any) -> Task:
    owner = world.owner_at(customer, noted)
    noted = max(noted, customer.created_at)
    return Task(
        title=world.pick(words.TASKS[language_of(customer)]), due_at=due, owner=owner, team=owner.team,
        priority=world.pick((1, 2, 3), (1, 5, 2)), customer=customer, contact=world.people[customer.pk][0],
        after=after, about_kind=after.about_kind if after else "", about_id=after.about_id if after else None,
        created_at=noted, updated_at=done or noted, done_at=done, done_by=owner if done else None,
        version=2 if done else 1,
    )  # fmt: skip
