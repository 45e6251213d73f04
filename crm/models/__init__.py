from crm.models.calendar import BusinessCalendar, CalendarFrame, CalendarHoliday
from crm.models.event import Delivery, Event, EventLink
from crm.models.job import JobRun
from crm.models.notification import Notification
from crm.models.record import Record, StaleVersion
from crm.models.role import Role, RoleGrant
from crm.models.search_document import SearchDocument
from crm.models.team import Team
from crm.models.user import User

__all__ = [
    "BusinessCalendar",
    "CalendarFrame",
    "CalendarHoliday",
    "Delivery",
    "Event",
    "EventLink",
    "JobRun",
    "Notification",
    "Record",
    "Role",
    "RoleGrant",
    "SearchDocument",
    "StaleVersion",
    "Team",
    "User",
]
