"""What follows when customers and contacts change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm import events
from crm.models import Event
from crm.search import quoting
from customers.actions import erasing_of, graph, pool, repetition
from customers.models import Customer, Task, erasing, following
from customers.models.following import Follower, How

following.register(
    Follower("customers.Activity"),
    Follower("customers.Task"),
    Follower("customers.Email"),
    Follower("customers.CustomerContact", once="contact", main="is_main", title=_("contacts")),
    Follower("customers.ContactPoint", once="key", main="is_primary", main_of="type", title=_("addresses and numbers")),
    Follower("customers.Collaborator", once="user", title=_("people who work on it too")),
    Follower("customers.Customer", field="parent", title=_("subsidiaries")),
    Follower("customers.Customer", field="referred_by", title=_("customers it referred")),
    Follower("customers.Customer", field="merged_into", title=_("customers merged into it")),
    Follower("crm.Attachment", field="about_id", where=("about_kind", "customer"), once="sha256", title=_("files")),
    Follower("crm.Follow", field="about_id", where=("about_kind", "customer"), once="user", title=_("followers")),
    Follower("customers.Standing", how=How.STAYS),  # whose it was and when is never rewritten
    Follower("customers.SegmentMember", once="segment", title=_("segments")),
    Follower("customers.PoolMove", how=How.STAYS),  # who had it and gave it away is never rewritten
    Follower("customers.Duplicate", field="first", how=How.STAYS),  # shown again when the merge is undone
    Follower("customers.Duplicate", field="second", how=How.STAYS),
)
erasing.register(*erasing_of.HOLDERS)
erasing.also("customers.files", erasing_of.forget_files)


@events.subscribe(["customer.updated", "contact.updated"], name="customers.search_words", changing=("name", "email"))
def find_by_the_new_name(event: Event) -> None:
    """Opportunities, orders and tickets are found by the names of their customers and contacts, and show them."""
    quoting.follow(event.subject_kind, [event.subject_id], event.data)


@events.subscribe(["customer.merged", "customer.merge_undone"], name="customers.search_words_of_merged")
def find_by_the_one_it_became(event: Event) -> None:
    """What was the other customer's names the one that stayed from now on; and the other way round."""
    quoting.follow(event.subject_kind, [event.subject_id], ("name", "email"))


@events.subscribe("customer.restored", name="customers.search_what_came_back")
def find_what_came_back(event: Event) -> None:
    """The activities of a customer with very many are found again a little later."""
    customer = Customer.objects.alive().filter(pk=event.subject_id).first()
    if customer is not None:
        graph.find_again(customer)


@events.subscribe("task.completed", name="customers.next_of_a_series")
def make_the_next(event: Event) -> None:
    """What comes again comes as soon as it was done."""
    task = Task._base_manager.get(pk=event.subject_id)  # as it is now: events may come late
    if task.series_id is not None and task.is_done:
        repetition.make_next(task.series_id, at=event.at)


@events.subscribe("settings.changed", name="customers.pool_rule_of_a_moved_team")
def announce_what_a_moved_team_brings(event: Event) -> None:
    changes = event.data.get("changes") or {}
    if event.data.get("model") == "crm.team" and "parent" in changes:
        pool.announce_moved_team(int(event.data["id"]), changes["parent"][0], event.at)
