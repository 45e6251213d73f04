"""Tasks that rules make by themselves: found in one statement over all customers, each made once for ever."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from crm import events
from crm.models import BusinessCalendar
from customers.models import CadenceRule, Task
from customers.models.cadence import Asked, statement_of

AT_ONCE = 1_000
END_OF_WORK = time(17, 0)
BACK, AHEAD = 14, 61  # the days a rule may be about, around today
MOST_DAYS_OFF = 60

MAKE = """
    WITH asked(customer_id, contact_id, key, day, about) AS ({statement}),
    falls AS (SELECT * FROM unnest(%(days)s::date[], %(dues)s::timestamptz[]) AS f(day, due_at))
    INSERT INTO customers_task (
        title, notes, due_at, all_day, priority, type, customer_id, contact_id, owner_id, team_id, about_kind,
        made_by_id, made_for, version, created_at, updated_at
    )
    SELECT left(concat_ws(': ', %(title)s::text, asked.about), 200), %(notes)s, falls.due_at, true, 2, '', c.id,
           asked.contact_id, c.owner_id, c.team_id, '', %(rule)s, asked.key, 1, %(now)s, %(now)s
    FROM asked
    JOIN falls ON falls.day = asked.day
    JOIN customers_customer c ON c.id = asked.customer_id
    JOIN crm_user u ON u.id = c.owner_id AND u.is_active
    WHERE c.deleted_at IS NULL AND c.lifecycle <> 'churned' AND (%(tier)s = '' OR c.tier = %(tier)s)
      AND NOT EXISTS (SELECT 1 FROM customers_task known WHERE known.made_for = asked.key)
    ORDER BY c.id, asked.key
    LIMIT %(at_once)s
    ON CONFLICT (made_for) DO NOTHING
    RETURNING id"""


def make_tasks(now: datetime) -> int:
    """What every active rule asks for today; again on the same day makes nothing."""
    zone = ZoneInfo(settings.TIME_ZONE)
    today = now.astimezone(zone).date()
    rules = CadenceRule.objects.active().select_related("calendar")
    return sum(_make_of(rule, today, now, zone) for rule in rules)


def _make_of(rule: CadenceRule, today: date, now: datetime, zone: ZoneInfo) -> int:
    found = statement_of(Asked(rule, today, zone.key))
    if found is None:
        return 0
    sql, said = found
    days = falls(rule, today)
    said = said | {
        "title": rule.title, "notes": rule.notes, "tier": rule.tier, "rule": rule.pk, "now": now, "at_once": AT_ONCE,
        "days": list(days), "dues": [datetime.combine(day, END_OF_WORK, zone) for day in days.values()],
    }  # fmt: skip
    statement = MAKE.format(statement=sql)
    made = 0
    while batch := _make_batch(statement, said, now):
        made += batch
    return made


@transaction.atomic
def _make_batch(statement: str, said: dict[str, Any], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        ids = [row[0] for row in cursor.fetchall()]
    tasks = list(Task.objects.filter(pk__in=ids).select_related("customer", "contact").order_by("pk"))
    if tasks:
        data = {"about_kind": "", "about_id": None, "rule": said["rule"]}
        events.record_many("task.created", tasks, by=None, at=now, data=data, about=_timelines)
    return len(tasks)


def _timelines(task: Task) -> list[Any]:
    return [task.customer, task.contact]


def falls(rule: CadenceRule, today: date) -> dict[date, date]:
    """On which working day a task for each day falls due.

    The first on or after it, and not in the past; a greeting is due on the last one before the holiday, and where that
    has gone by there is none.
    """
    is_working = working_days(rule.calendar)
    found: dict[date, date] = {}
    for number in range(-BACK, AHEAD + 1):
        day = today + timedelta(days=number)
        if rule.occasion == CadenceRule.Occasion.HOLIDAY:
            due = _nearest(day - timedelta(days=1), -1, is_working)
        else:
            due = _nearest(max(day, today), 1, is_working)
        if due is not None and due >= today:
            found[day] = due
    return found


def working_days(calendar: BusinessCalendar) -> Any:
    """Whether the calendar is open on a day; one without hours is open from Monday to Friday."""
    weekdays = set(calendar.frames.values_list("weekday", flat=True)) or set(range(5))
    closed = set(calendar.holidays.values_list("date", flat=True))
    return lambda day: day.weekday() in weekdays and day not in closed


def _nearest(day: date, step: int, is_working: Any) -> date | None:
    for _number in range(MOST_DAYS_OFF):
        if is_working(day):
            return day
        day += timedelta(days=step)
    return None
