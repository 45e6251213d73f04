"""Lists and the API find what was shared with whoever asks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.actions import saved_views, shares
from customers.actions import customers
from customers.lists import membership
from tests.factories.customers import make_customer
from tests.factories.sales import make_opportunity
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db
MAKE: dict[str, Any] = {
    "opportunity": lambda owner, name: make_opportunity(owner, name=name, customer=make_customer(owner)),
    "ticket": lambda owner, name: a_ticket(owner, timezone.now(), subject=name, customer=make_customer(owner)),
    "customer": make_customer,
}

API = {"opportunity": "opportunities", "ticket": "tickets", "customer": "customers"}


def share(record: Any, cast: Any) -> None:
    how = {"user": cast.outsider, "by": cast.rep, "at": timezone.now()}
    if record.kind == "customer":
        customers.add_collaborator(record, **how)
    else:
        shares.share(record, **how)


@pytest.mark.parametrize("kind", MAKE)
def test_what_was_shared_with_me_is_found_in_lists_views_and_the_api(client, cast, kind):
    theirs, mine = MAKE[kind](cast.rep, "Theirs"), MAKE[kind](cast.outsider, "Mine")
    MAKE[kind](cast.rep, "Unseen")
    share(theirs, cast)
    client.force_login(cast.outsider)
    name, all_of_them = f"{kind}-list", {"tab": "all"} if kind == "ticket" else {}

    def found(**query: Any) -> set[int]:
        asked = query if "view" in query else all_of_them | query
        return {row.pk for row in client.get(reverse(name), asked).context["list"].rows}

    def queries(**query: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(name), all_of_them | query)
        return len(captured)

    assert found() == {theirs.pk, mine.pk}
    assert (found(shared_with_me="true"), found(shared_with_me="false")) == ({theirs.pk}, {mine.pk})
    form = client.get(reverse(name), all_of_them | {"shared_with_me": "true", "filters": "open"}).content.decode()
    chosen = form.split('name="shared_with_me"')[-1].split("</select>")[0]
    assert re.findall(r'<option value="(\w*)" selected', chosen) == ["true"]
    assert queries(shared_with_me="true") == queries()  # with whom one collaborates is asked once, whatever asks
    how = {"name": "For me", "audience": "everyone", "query": "shared_with_me=true", "at": timezone.now()}
    view = saved_views.save(list_code=name, by=cast.administrator, **how)
    assert found(view=view.pk) == {theirs.pk}
    asked = client.get(f"/api/v1/{API[kind]}/?shared_with_me=true")
    assert [row["id"] for row in asked.json()["results"]] == [theirs.pk]
    client.force_login(cast.administrator)  # sees them all, and was shown none
    assert found(view=view.pk) == set()


def test_a_segment_does_not_ask_what_differs_between_those_who_read_it(client, cast):
    asked = QueryDict("shared_with_me=true&tier=A")
    assert membership.question_of(asked) == {"tier": ["A"]}
    client.force_login(cast.manager)
    form = client.get(reverse("segment-new")).context["asked"]
    assert "tier" in form.fields
    assert "shared_with_me" not in form.fields
