from customers.models.activity import Activity
from customers.models.cadence import CadenceRule
from customers.models.calendar_feed import CalendarFeed
from customers.models.contact import Contact, CustomerContact
from customers.models.customer import Collaborator, Customer, HealthBand
from customers.models.duplicate import Duplicate
from customers.models.match_key import MatchKey
from customers.models.series import TaskSeries
from customers.models.snooze import Snooze
from customers.models.standing import Standing
from customers.models.task import Task

__all__ = [
    "Activity", "CadenceRule", "CalendarFeed", "Collaborator", "Contact", "Customer", "CustomerContact", "Duplicate",
    "HealthBand", "MatchKey", "Snooze", "Standing", "Task", "TaskSeries",
]  # fmt: skip
