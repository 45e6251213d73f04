from crm.models.attachment import Attachment
from crm.models.bulk_run import BulkRun
from crm.models.calendar import BusinessCalendar, CalendarFrame, CalendarHoliday
from crm.models.custom_field import CustomField, CustomFieldChoice
from crm.models.event import Delivery, Event, EventLink
from crm.models.follow import Follow, Reminder
from crm.models.idempotency import IdempotencyKey
from crm.models.import_batch import ImportBatch, ImportJournal, ImportProfile, ImportRow
from crm.models.incoming_mail import IncomingMail
from crm.models.job import JobRun
from crm.models.mail_account import MailAccount
from crm.models.mail_template import MailTemplate
from crm.models.mention import Mention
from crm.models.notification import Notification
from crm.models.operation import Operation, OperationPart
from crm.models.record import Record, StaleVersion
from crm.models.role import Role, RoleField, RoleGrant
from crm.models.saved_view import ChosenColumns, SavedView
from crm.models.search_document import SearchDocument
from crm.models.share import Share
from crm.models.team import Team
from crm.models.token import ApiToken
from crm.models.user import User
from crm.models.webhook import Webhook, WebhookCall

__all__ = [
    "ApiToken",
    "Attachment",
    "BulkRun",
    "BusinessCalendar",
    "CalendarFrame",
    "CalendarHoliday",
    "ChosenColumns",
    "CustomField",
    "CustomFieldChoice",
    "Delivery",
    "Event",
    "EventLink",
    "Follow",
    "IdempotencyKey",
    "ImportBatch",
    "ImportJournal",
    "ImportProfile",
    "ImportRow",
    "IncomingMail",
    "JobRun",
    "MailAccount",
    "MailTemplate",
    "Mention",
    "Notification",
    "Operation",
    "OperationPart",
    "Record",
    "Reminder",
    "Role",
    "RoleField",
    "RoleGrant",
    "SavedView",
    "SearchDocument",
    "Share",
    "StaleVersion",
    "Team",
    "User",
    "Webhook",
    "WebhookCall",
]
