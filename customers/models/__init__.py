from customers.models.activity import Activity
from customers.models.contact import Contact, CustomerContact
from customers.models.customer import Collaborator, Customer, HealthBand
from customers.models.snooze import Snooze
from customers.models.standing import Standing
from customers.models.task import Task

__all__ = [
    "Activity", "Collaborator", "Contact", "Customer", "CustomerContact", "HealthBand", "Snooze", "Standing", "Task",
]  # fmt: skip
