from customers.models.activity import Activity
from customers.models.cadence import CadenceRule
from customers.models.calendar_feed import CalendarFeed
from customers.models.churn_reason import ChurnReason
from customers.models.collaborator import Collaborator
from customers.models.consent import Consent
from customers.models.contact import Contact, CustomerContact
from customers.models.contact_point import ContactPoint
from customers.models.customer import Customer, HealthBand
from customers.models.daily_summary import DailySummary
from customers.models.duplicate import Duplicate
from customers.models.email import Email
from customers.models.erasure import ErasedAddress, ErasureRequest
from customers.models.match_key import MatchKey
from customers.models.place import Place
from customers.models.pool import PooledCustomer, PoolMove
from customers.models.pool_rule import PoolRule, PoolRules
from customers.models.purpose import Purpose
from customers.models.segment import Segment, SegmentMember
from customers.models.series import TaskSeries
from customers.models.snooze import Snooze
from customers.models.source_channel import SourceChannel
from customers.models.standing import Standing
from customers.models.tag import Tag
from customers.models.task import Task
from customers.models.unsubscription import Unsubscription

__all__ = [
    "Activity", "CadenceRule", "CalendarFeed", "ChurnReason", "Collaborator", "Consent", "Contact", "ContactPoint",
    "Customer", "CustomerContact", "DailySummary", "Duplicate", "Email", "ErasedAddress", "ErasureRequest",
    "HealthBand", "MatchKey", "Place", "PoolMove", "PoolRule", "PoolRules", "PooledCustomer", "Purpose", "Segment",
    "SegmentMember", "Snooze", "SourceChannel", "Standing", "Tag", "Task", "TaskSeries", "Unsubscription",
]  # fmt: skip
