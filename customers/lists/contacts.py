from __future__ import annotations

from collections.abc import Iterable

import django_filters as filters
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.custom_fields.filtering import WithCustomFields
from crm.web import lists
from crm.web.lists import Column
from customers.actions import contacts
from customers.lists.addresses import further_column
from customers.lists.filters import OwnerFilter, SinceFilter, TeamFilter
from customers.lists.tags import AnyTagFilter, NoTagFilter, tags_action, tags_column
from customers.models import Contact, Customer


class ContactFilter(WithCustomFields, filters.FilterSet):
    owner = OwnerFilter()
    team = TeamFilter()
    do_not_contact = filters.BooleanFilter(label=_("do not contact"))
    tags_any = AnyTagFilter()
    tags_none = NoTagFilter()
    created_since = SinceFilter(field_name="created_at", label=_("created since"))

    class Meta:
        model = Contact
        fields: list[str] = []


class ContactList(lists.List):
    kind = "contact"
    model = Contact
    filterset_class = ContactFilter
    select_related = ("owner", "team")
    columns = [
        Column("name", pgettext_lazy("of a person", "Name"), sort="sort_name", link=True),
        Column("customer", _("Customer"), value="customer_name"),
        Column("email", _("Email")),
        Column("phone", _("Phone"), value="phone_for_reading"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("do_not_contact", _("Do not contact"), format="yesno"),
        tags_column(),
        further_column("email", _("Further emails")),
        further_column("phone", _("Further phones")),
        Column("created_at", _("Created"), sort="created_at", format="day"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "customer", "email", "phone", "owner", "updated_at"]
    default_sort = "-updated_at"
    bulk_actions = [tags_action(), lists.deleting(contacts.delete)]
    create_url = "contact-new"
    create_label = _("New contact")
    empty_title = _("No contacts yet")
    empty_text = _("Add the people you talk to, each with the customers they work at.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """With the first customer of each that the person may see."""
        seen = Customer.objects.visible_to(self.request.user).with_person(OuterRef("pk"))
        first = seen.order_by("-contact_links__is_main", "sort_name", "pk").values("name")[:1]
        return super().with_columns(queryset, codes).annotate(customer_name=Subquery(first))
