import pytest
from django.urls import resolve

from crm.web.way_back import way_back


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/customers/7/edit/", "/customers/7/"),
        ("/sales/opportunities/7/win/", "/sales/opportunities/7/"),
        ("/contacts/7/consents/new/", "/contacts/7/"),
        ("/customers/7/merge/8/", "/customers/7/"),
        ("/customers/new/", "/customers/"),
        ("/sales/quotes/new/?opportunity=9", "/sales/opportunities/9/"),
        ("/sales/quotes/new/?opportunity=x", "/sales/quotes/"),
        ("/sales/quotes/new/?opportunity=8", "/sales/quotes/"),  # one that they do not see
        ("/customers/7/", None),
        ("/customers/", None),
        ("/today/", None),
    ],
)
def test_a_form_opened_as_a_page_leads_back_to_its_record_or_list(rf, address, back):
    request = rf.get(address)
    request.resolver_match = resolve(address.partition("?")[0])
    assert way_back(request, lambda kind, pk: (kind, pk) == ("opportunity", 9)) == back
