"""Customers, contacts, activities and tasks from files."""

from crm.exchange import declaring
from customers.exchange.activities import ACTIVITIES
from customers.exchange.contacts import CONTACTS
from customers.exchange.customers import CUSTOMERS
from customers.exchange.tasks import TASKS


def register() -> None:
    declaring.register(CUSTOMERS, CONTACTS, ACTIVITIES, TASKS)
