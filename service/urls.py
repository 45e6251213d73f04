from django.urls import path

from service.lists.tickets import TicketList
from service.views import changes, conversation, panels, tags, tickets

urlpatterns = [
    path("", TicketList.as_view(), name="ticket-list"),
    *TicketList.extra_urls("list/", "ticket-list"),
    path("tickets/new/", tickets.New.as_view(), name="ticket-new"),
    path("tickets/<int:pk>/", tickets.Detail.as_view(), name="ticket-detail"),
    path("tickets/<int:pk>/edit/", tickets.Edit.as_view(), name="ticket-edit"),
    path("tickets/<int:pk>/tags/", tags.TicketTags.as_view(), name="ticket-tags"),
    path("tickets/<int:pk>/deletion/", tickets.Deletion.as_view(), name="ticket-delete"),
    path("tickets/<int:pk>/restoration/", tickets.Restoration.as_view(), name="ticket-restoration"),
    path("tickets/<int:pk>/clock/", tickets.Clock.as_view(), name="ticket-clock"),
    path("tickets/<int:pk>/presence/", conversation.Presence.as_view(), name="ticket-presence"),
    path("tickets/<int:pk>/answer/", conversation.Reply.as_view(), name="ticket-reply"),
    path("tickets/<int:pk>/note/", conversation.Note.as_view(), name="ticket-note"),
    path("tickets/<int:pk>/customer-message/", conversation.CustomerMessage.as_view(), name="ticket-customer-message"),
    path("tickets/<int:pk>/pause/", changes.Pause.as_view(), name="ticket-pause"),
    path("tickets/<int:pk>/resumption/", changes.Resumption.as_view(), name="ticket-resumption"),
    path("tickets/<int:pk>/resolution/", changes.Resolution.as_view(), name="ticket-resolution"),
    path("tickets/<int:pk>/reopening/", changes.Reopening.as_view(), name="ticket-reopening"),
    path("tickets/<int:pk>/closure/", changes.Closure.as_view(), name="ticket-closure"),
    path("tickets/<int:pk>/taking/", changes.Taking.as_view(), name="ticket-taking"),
    path("tickets/<int:pk>/release/", changes.Release.as_view(), name="ticket-release"),
    path("tickets/<int:pk>/assignment/", changes.Assignment.as_view(), name="ticket-assignment"),
    path("tickets/<int:pk>/queue/", changes.Move.as_view(), name="ticket-queue"),
    path("tickets/<int:pk>/priority/", changes.Prioritisation.as_view(), name="ticket-priority"),
    path("tickets/<int:pk>/state/", changes.StateChange.as_view(), name="ticket-state"),
    path("tickets/<int:pk>/asker/", panels.asker, name="ticket-asker"),
    path("tickets/<int:pk>/others/", panels.others, name="ticket-others"),
    path("customers/<int:pk>/tickets/", panels.of_customer, name="customer-tickets"),
    path("upcoming/", panels.upcoming, name="ticket-upcoming"),
]
