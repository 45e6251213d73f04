import pytest
from django.test import RequestFactory

from crm.web.submit_once import first_time
from tests.factories.crm import UserFactory


@pytest.mark.django_db
def test_a_form_sent_twice_counts_once_for_each_person():
    request = RequestFactory().post("/", {"submit_once": "token-1"})
    request.user = UserFactory()
    other = RequestFactory().post("/", {"submit_once": "token-1"})
    other.user = UserFactory()
    assert first_time(request) is True
    assert first_time(request) is False
    assert first_time(other) is True


@pytest.mark.django_db
def test_a_form_without_a_token_is_always_the_first():
    request = RequestFactory().post("/")
    request.user = UserFactory()
    assert first_time(request) is True
    assert first_time(request) is True
