from customers.sales.models import Opportunity
from customers.views.tags import RecordTags


class OpportunityTags(RecordTags):
    model = Opportunity
