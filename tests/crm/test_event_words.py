from crm.events.wording import VERBS
from customers.sales.views import sentences as of_sales
from customers.views import sentences as of_customers


def test_whatever_a_timeline_tells_has_its_words_in_the_administrators_list_too():
    told = {event.partition(".")[2] for each in (of_customers, of_sales) for event in each.SENTENCES}
    assert told - VERBS.keys() == set()
