"""Letters to and from customers: written from a record, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_GET

from crm.access import fields as fields_of_readers
from crm.access import guards
from crm.access.permissions import Verb
from crm.actions import enclosures, mail_sending
from crm.actions.enclosures import Enclosure
from crm.events import timeline
from crm.joining import listed
from crm.mail import fields
from crm.models import Attachment, MailTemplate
from crm.web import asked
from crm.web.toasts import toast
from customers.actions import emails
from customers.forms.emails import EmailForm, Unseen
from customers.models import Contact, Customer, Email, before_customers, mail_fields, reached
from customers.views import editing
from customers.views.about import record_named_by

HISTORY = 30


@dataclass(frozen=True)
class Circumstances:
    """Whom a letter is about and to, as far as the address or the form says so and the person may see it."""

    customer: Customer | None
    contact: Contact | None
    about: Any
    answers: Any  # a letter, or what a lead wrote before anybody answered
    is_addressed: bool = True

    def around(self, user: Any) -> dict[str, Any]:
        """The records whose fields a template can name here."""
        return mail_fields.around_letter(user, self.customer, self.contact, self.about)

    @property
    def needs_customer(self) -> bool:
        """Not where it goes to a lead that has become none yet."""
        return self.customer is not None or not before_customers.is_one(self.about)

    @property
    def language(self) -> str:
        return self.contact.language if self.contact else getattr(self.about, "language", "")

    def form(self, user: Any, *args: Any, **kwargs: Any) -> EmailForm:
        options = {"language": self.language, "about": None if self.needs_customer else self.about}
        return EmailForm(*args, user=user, offered=self.enclosures(user), unseen=self.unseen(), **options, **kwargs)

    def unseen(self) -> Unseen | None:
        """Whom it goes to, for a writer who is not shown the address; whoever sees addresses has it in the form.

        Nobody whom the form did not name is written to, main contact or not.
        """
        if not self.is_addressed or not reached.hides_addresses():
            return None
        with fields_of_readers.covered(False):
            if self.answers is not None:
                addresses = self.answers.answered_to
            else:
                addresses = [address] if (address := self._address()) else []
        name = self.contact or (self.about if not self.needs_customer else None)
        name = name or (self.answers and _("whoever wrote the letter")) or ""
        return Unseen(str(name), addresses, self.contact.pk if self.contact else None) if addresses else None

    def _address(self) -> str:
        """Of the person it goes to: the contact, or the lead that has become none."""
        person = self.contact if self.needs_customer or self.contact is not None else self.about
        return getattr(person, "email", "")

    def enclosures(self, user: Any) -> list[Enclosure]:
        return enclosures.offered(user, self.about, self.customer)


def circumstances(values: QueryDict, user: Any, *, is_sent: bool = False) -> Circumstances:
    answered = asked.record(values, "answers", Email.objects.visible_to(user))
    about = record_named_by(values, user)
    if answered is not None and about is None:
        about = answered.about_for(user)
    if answered is None and before_customers.is_one(about):
        answered = asked.record(values, "letter", before_customers.first_letters(about))
    customers, contacts = Customer.objects.visible_to(user), Contact.objects.visible_to(user)
    contact = asked.record(values, "contact", contacts) or getattr(answered, "contact", None)
    customer = asked.record(values, "customer", customers)
    if customer is None:
        known = getattr(about, "customer_id", None) or getattr(answered, "customer_id", None)
        customer = customers.filter(pk=known).first() if known else None
    if contact is None and (person := getattr(about, "contact_id", None)):
        contact = contacts.filter(pk=person).first()
    if customer is None and contact is not None:
        customer = mail_fields.customer_of(user, contact)
    if contact is None and customer is not None:
        contact = _addressed(values.get("to", ""), customer, user) or mail_fields.main_contact(user, customer)
    is_to_lead = customer is None and before_customers.is_one(about)
    is_addressed = not is_sent or bool(values.get("contact") or answered) or is_to_lead
    return Circumstances(customer, contact, about, answered, is_addressed)


class EmailNew(View):
    """Write to a customer."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Email.kind, Verb.CREATE)
        found = circumstances(request.GET, request.user)
        form = found.form(request.user, initial=self.started_from(found))
        missing = _begin(request.user, found, form) if found.answers is None else ""
        # Said before anything is written: an answer may be sent where a first letter may not.
        unwanted = "" if found.answers is not None else emails.unwanted(filter(None, [form.initial.get("to")]))
        missing = _fill_from_template(request.GET, request.user, found, form) or missing
        return self.page(form, missing=missing, unwanted=unwanted)

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Email.kind, Verb.CREATE)
        user: Any = request.user
        found = circumstances(request.POST, user, is_sent=True)
        form = found.form(user, request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            email = emails.write(
                emails.filled(form.draft(), found.around(user), found.answers),
                customer=form.cleaned_data.get("customer"), contact=found.contact, about=found.about,
                answers=found.answers, is_shared=form.cleaned_data["is_shared"], by=user, at=timezone.now(),
                submission=request.POST.get("submit_once", ""), enclosed=form.enclosed(),
            )  # fmt: skip
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {None: error}).items():
                form.add_error(name if name in form.fields else None, errors)
            return self.page(form, status=422)
        to = form.unseen.name if form.unseen else reached.as_told(listed(email.to))
        said = _("On its way to %(to)s.") % {"to": to}
        toast(request, said, link_url=email.get_absolute_url())
        return editing.saved(request, email.get_absolute_url(), activity_logged=None, email_written={"id": email.pk})

    def started_from(self, found: Circumstances) -> dict[str, Any]:
        initial: dict[str, Any] = {"customer": found.customer, "is_shared": True}
        if found.contact is not None:
            initial["to"] = found.contact.email
        if found.about is not None:
            initial |= {"about_kind": found.about.kind, "about_id": found.about.pk}
            if found.contact is None:
                initial["to"] = getattr(found.about, "email", "")
        if (letter := found.answers) is not None:
            subject = letter.subject if letter.subject.lower().startswith("re:") else f"Re: {letter.subject}"
            named = "answers" if isinstance(letter, Email) else "letter"
            initial |= {named: letter.pk, "subject": subject[:200], "is_shared": letter.is_shared}
            initial["to"] = ", ".join(letter.answered_to)
            initial["text"] = "\n\n" + "\n".join(f"> {line}" for line in letter.text[:5000].splitlines())
        return initial

    def page(self, form: EmailForm, status: int = 200, missing: str = "", unwanted: str = "") -> HttpResponse:
        user: Any = self.request.user
        context: dict[str, Any] = {
            "form": form,
            "missing": missing,
            "unwanted": unwanted,
            "fields": fields.all_fields(),
        }
        context["is_placed"] = form.about is not None or form["customer"].value()
        context["sender"] = mail_sending.sender_of(mail_sending.account_of(user), user)
        return render(self.request, "customers/email/write.html", context, status=status)


@require_GET
def text(request: HttpRequest) -> HttpResponse:
    """Subject and text as the chosen template would read for whom the letter is about."""
    guards.require(request.user, Email.kind, Verb.CREATE)
    found = circumstances(request.GET, request.user)
    form = found.form(request.user, initial={})
    missing = _fill_from_template(request.GET, request.user, found, form)
    return render(request, "customers/email/_text.html", {"form": form, "missing": missing})


class EmailDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        email = guards.get_visible(Email.objects.select_related("owner"), request.user, pk=pk)
        is_mine = editing.allows(request.user, email, Verb.EDIT)
        context = {
            "email": email,
            "customer": Customer.objects.visible_to(request.user).filter(pk=email.customer_id).first(),
            "contact": Contact.objects.visible_to(request.user).filter(pk=email.contact_id).first(),
            "about": email.about_for(request.user),
            "answers": Email.objects.visible_to(request.user).filter(pk=email.answers_id).first(),
            "answered_by": Email.objects.visible_to(request.user).filter(answers=email).order_by("at")[:HISTORY],
            "files": Attachment.objects.visible_to(request.user).about(email).order_by("pk"),
            "is_mine": is_mine,
            "may_write": request.user.access.may(Email.kind, Verb.CREATE),
            "history": timeline.page(request.user, email, limit=HISTORY)[0],
        }
        return render(request, "customers/email/detail.html", context)


class OwnEmail(View):
    """Something that only the owner of a letter does with it."""

    act: ClassVar[Callable[..., Any]]
    done: ClassVar[Any]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        email = guards.get_permitted(Email.objects.all(), request.user, Verb.EDIT, pk=pk)
        try:
            type(self).act(email, by=request.user, at=timezone.now())
            toast(request, self.done)
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
        return redirect(email.get_absolute_url())


class EmailResending(OwnEmail):
    act = emails.try_again
    done = gettext_lazy("It is on its way again.")


class EmailSharing(OwnEmail):
    act = emails.share
    done = gettext_lazy("Whoever sees the customer sees the email now.")


class EmailPrivacy(OwnEmail):
    act = emails.keep_private
    done = gettext_lazy("Only you see the email now.")


def _fill_from_template(values: QueryDict, user: Any, found: Circumstances, form: EmailForm) -> str:
    """Put the chosen template into the form; what it names and is not known, in a sentence."""
    template = asked.record(values, "template", MailTemplate.objects.in_use())  # scoped: configuration
    if template is None:
        return ""
    subject, body = emails.from_template(template, found.around(user))
    form.initial |= {"template": str(template.pk), "subject": subject.text, "text": body.text}
    codes = dict.fromkeys([*subject.unknown, *subject.empty, *body.unknown, *body.empty])
    return listed("{" + code + "}" for code in codes)


def _begin(user: Any, found: Circumstances, form: EmailForm) -> str:
    """What a letter about such a record says unless a template is chosen, in its receiver's language."""
    words = fields.beginning(found.about.kind) if found.about is not None else None
    if words is None:
        return ""
    language = getattr(found.about, "language", "") or found.language
    with translation.override("zh-hans" if language.lower().startswith("zh") else "en"):
        subject, text = (fields.fill(gettext(part), found.around(user)) for part in words)
    form.initial |= {"subject": subject.text, "text": text.text}
    return listed("{" + code + "}" for code in dict.fromkeys([*subject.empty, *text.empty]))


def _addressed(to: str, customer: Customer, user: Any) -> Contact | None:
    """The person of the customer whom the letter is addressed to."""
    first = to.replace(";", ",").partition(",")[0].strip()
    theirs = Contact.objects.visible_to(user).filter(customer_links__customer=customer)
    return theirs.with_email(first).first() if first else None
