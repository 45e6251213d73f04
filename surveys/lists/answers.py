from __future__ import annotations

from collections.abc import Iterable

import django_filters
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web.lists import Column, List
from service.models import Ticket
from surveys.models import Invitation, Response, Survey


def surveys(request):  # type: ignore[no-untyped-def]
    return Survey.objects.visible_to(request.user)


def people(request):  # type: ignore[no-untyped-def]
    return User.objects.visible_to(request.user)


class AboutATicket(List):
    """Names the ticket of each row to whoever may see the ticket; a row may be visible where it is not."""

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        queryset = super().with_columns(queryset, codes)
        if "ticket" not in codes:
            return queryset
        seen = Ticket.objects.visible_to(self.request.user).filter(pk=OuterRef("ticket_id")).order_by()
        return queryset.annotate(ticket_number=Subquery(seen.values("number")[:1]))


class SurveyFilter(django_filters.FilterSet):
    type = django_filters.ChoiceFilter(label=_("Type"), choices=Survey.Type.choices)
    is_active = django_filters.BooleanFilter(label=_("Active"))

    class Meta:
        model = Survey
        fields: tuple[str, ...] = ()


class SurveyList(List):
    kind = "survey"
    model = Survey
    filterset_class = SurveyFilter
    columns = (
        Column("name", _("Name"), value=str, sort="name", url=lambda survey: survey.get_absolute_url()),
        Column("type", _("Type")),
        Column("trigger", _("Sent")),
        Column("is_active", _("Active"), format="yesno"),
    )
    default_sort = "name"
    empty_title = _("No surveys")
    empty_text = _("An administrator can add one in the admin site.")


class ResponseFilter(django_filters.FilterSet):
    survey = django_filters.ModelChoiceFilter(label=_("Survey"), queryset=surveys)
    mood = django_filters.ChoiceFilter(
        label=_("Mood"), choices=[("unhappy", _("unhappy")), ("happy", _("happy"))], method="filter_mood"
    )
    commented = django_filters.BooleanFilter(label=_("With a comment"), method="filter_commented")
    owner = django_filters.ModelChoiceFilter(label=_("Credited to"), queryset=people)
    answered = django_filters.DateFromToRangeFilter(label=_("Answered"), field_name="answered_at")

    class Meta:
        model = Response
        fields: tuple[str, ...] = ()

    def filter_mood(self, queryset, name, value):  # type: ignore[no-untyped-def]
        return queryset.detractors() if value == "unhappy" else queryset.promoters()

    def filter_commented(self, queryset, name, value):  # type: ignore[no-untyped-def]
        return queryset.exclude(comment="") if value else queryset.filter(comment="")


class ResponseList(AboutATicket):
    kind = "response"
    model = Response
    filterset_class = ResponseFilter
    columns = (
        Column("score", _("Score"), sort="score", format="number", link=True),
        Column("comment", _("Comment")),
        Column("survey", _("Survey")),
        Column("contact", _("Contact"), value="contact.name"),
        Column("customer", _("Customer"), value="customer.name"),
        Column("ticket", _("Ticket"), value="ticket_number"),
        Column("owner", _("Credited to"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("answered_at", _("Answered"), sort="answered_at", format="ago"),
    )
    default_columns = ("score", "comment", "survey", "contact", "customer", "owner", "answered_at")
    default_sort = "-answered_at"
    select_related = ("survey", "contact", "customer", "owner", "team")
    empty_title = _("No answers yet")
    empty_text = _("They arrive here as customers answer their invitations.")


class InvitationFilter(django_filters.FilterSet):
    survey = django_filters.ModelChoiceFilter(label=_("Survey"), queryset=surveys)
    state = django_filters.ChoiceFilter(label=_("State"), choices=Invitation.State.choices)
    reason = django_filters.ChoiceFilter(label=_("Why not sent"), choices=Invitation.Reason.choices)
    owner = django_filters.ModelChoiceFilter(label=_("Credited to"), queryset=people)
    invited = django_filters.DateFromToRangeFilter(label=_("Invited"), field_name="invited_at")

    class Meta:
        model = Invitation
        fields: tuple[str, ...] = ()


class InvitationList(AboutATicket):
    kind = "invitation"
    model = Invitation
    filterset_class = InvitationFilter
    columns = (
        Column("contact", _("Contact"), value="contact.name", link=True),
        Column("survey", _("Survey")),
        Column(
            "state",
            _("State"),
            format="badge",
            tones={"answered": "good", "sent": "info", "failed": "bad", "suppressed": "warn"},
        ),
        Column("reason", _("Why not sent")),
        Column("customer", _("Customer"), value="customer.name"),
        Column("ticket", _("Ticket"), value="ticket_number"),
        Column("owner", _("Credited to"), value="owner.name", format="person"),
        Column("invited_at", _("Invited"), sort="invited_at", format="ago"),
        Column("sent_at", _("Sent"), format="moment"),
        Column("answered_at", _("Answered"), format="moment"),
    )
    default_columns = ("contact", "survey", "state", "reason", "ticket", "owner", "invited_at")
    default_sort = "-invited_at"
    select_related = ("survey", "contact", "customer", "owner")
    create_url = "invitation-new"
    create_label = _("Invite to a survey")
    empty_title = _("Nobody was asked yet")
    empty_text = _("When a ticket is resolved its contact is asked, at most once in 30 days.")
