from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from customers.forms.fields import CustomerField, people_to_assign
from service.forms.fields import agents, contact_with, contacts_of
from service.models import Message, Priority, Queue, Ticket, TicketState


class TicketForm(RecordForm):
    """Corrects what a ticket says; everything that moves a clock has a form of its own."""

    takes_custom_fields = True

    customer = CustomerField(label=_("Customer"), required=False)

    class Meta:
        model = Ticket
        fields = ["subject", "customer", "contact", "type", "source", "category"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)
        contact: Any = self.fields["contact"]
        contact.queryset = (
            contacts_of(user, self.instance.customer) if self.instance.customer else contact.queryset.none()
        )
        # What cannot be seen stays as it is.
        for name in ("customer", "contact"):
            field: Any = self.fields[name]
            pk = getattr(self.instance, f"{name}_id")
            if pk and not field.queryset.filter(pk=pk).exists():
                del self.fields[name]


class NewTicketForm(RecordForm):
    """What is asked when somebody calls: who, what, how urgent."""

    takes_custom_fields = True

    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("What the customer says"), widget=forms.Textarea(attrs={"rows": 5}), required=False)
    customer = CustomerField(label=_("Customer"), required=False)
    contact: Any = forms.ModelChoiceField(None, label=_("Contact"), required=False)
    email = forms.EmailField(label=_("Contact's email"), required=False, help_text=_("Of a contact you know already."))
    queue: Any = forms.ModelChoiceField(None, label=_("Queue"))
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=Priority.choices, coerce=int, initial=Priority.NORMAL
    )
    type = forms.ChoiceField(label=_("Type"), choices=Ticket.Type.choices, initial=Ticket.Type.QUESTION)
    source = forms.ChoiceField(label=_("Came by"), choices=Ticket.Source.choices, initial=Ticket.Source.PHONE)

    class Meta:
        model = Ticket
        fields = ["subject", "customer", "contact", "queue", "priority", "type", "source"]

    def __init__(self, *args: Any, user: User, customer: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self._offer("customer").offer_to(user)
        queues = Queue.objects.visible_to(user).filter(is_active=True)
        self._offer("queue").queryset = queues
        self.initial.setdefault("queue", queues.filter(team=user.team_id).first() or queues.first())
        if customer is not None:
            self.initial["customer"] = customer.pk
            self._offer("contact").queryset = contacts_of(user, customer)
            del self.fields["email"]
        else:
            del self.fields["contact"]

    def _offer(self, name: str) -> Any:
        return self.fields[name]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if email and contact_with(self.user, email) is None:
            raise forms.ValidationError(_("No contact with this email is known to you."))
        return email

    def values(self) -> dict[str, Any]:
        """What `tickets.open` takes."""
        values = self.changes() | {"body": self.cleaned_data["body"]}
        email = self.cleaned_data.get("email", "")
        if email:
            values["contact"] = contact_with(self.user, email)
        return values


class ReplyForm(forms.Form):
    """An answer, and the state the ticket is left in."""

    body = forms.CharField(label=_("Answer to the customer"), widget=forms.Textarea(attrs={"rows": 5}), strip=True)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    state = forms.ModelChoiceField(
        TicketState.objects.all(), label=_("And then"), required=False, empty_label=_("leave the state as it is")
    )

    def suggest(self, state: TicketState) -> None:
        """An answer does not leave a new ticket as it is."""
        field: Any = self.fields["state"]
        field.empty_label, self.initial["state"] = None, state.pk


class NoteForm(forms.Form):
    body = forms.CharField(
        label=_("Note that only colleagues see"), widget=forms.Textarea(attrs={"rows": 4}), strip=True
    )


class CustomerMessageForm(forms.Form):
    body = forms.CharField(label=_("What the customer said"), widget=forms.Textarea(attrs={"rows": 4}), strip=True)


COMPOSERS: dict[str, type[forms.Form]] = {
    Message.Direction.OUTBOUND: ReplyForm,
    Message.Direction.NOTE: NoteForm,
    Message.Direction.INBOUND: CustomerMessageForm,
}


class AssignmentForm(forms.Form):
    owner: Any = forms.ModelChoiceField(None, label=_("Who works on it"), required=False, empty_label=_("nobody"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        allowed = people_to_assign(user, "ticket") if user.access.may("ticket", Verb.ASSIGN) else agents(user).none()
        field.queryset = agents(user).filter(pk__in=allowed.values("pk"))


class QueueForm(forms.Form):
    queue: Any = forms.ModelChoiceField(None, label=_("Queue"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["queue"]
        field.queryset = Queue.objects.visible_to(user).filter(is_active=True)


class PriorityForm(forms.Form):
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)


class StateForm(forms.Form):
    state = forms.ModelChoiceField(TicketState.objects.all(), label=_("State"))
