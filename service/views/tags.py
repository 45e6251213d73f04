from customers.views.tags import RecordTags
from service.models import Ticket


class TicketTags(RecordTags):
    model = Ticket
