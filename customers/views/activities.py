from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_GET

from crm.access import guards
from crm.access.permissions import Verb
from crm.events import timeline
from crm.web import asked, mentions
from crm.web.toasts import toast
from customers.actions import activities
from customers.forms import log_parts
from customers.forms.activities import ActivityForm, LogForm
from customers.models import Activity, Contact, Customer, Email, Task
from customers.views import editing
from customers.views.about import record_named_by

HISTORY = 50


class ActivityNew(View):
    """The quick form: what was done and what comes next, in one request."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Activity.kind, Verb.CREATE)
        now = timezone.now()
        about = record_named_by(request.GET, request.user)
        part = log_parts.part_of(request.user, about, now=now)
        initial = self.started_from(request, about)
        return self.page(LogForm(user=request.user, now=now, about=about, initial=initial), part)

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Activity.kind, Verb.CREATE)
        now = timezone.now()
        # It arrived before, and what it moved stands elsewhere by now: the form would not be right any more.
        if known := activities.submitted(request.user, request.POST.get("submit_once", "")):
            return self.done(request, known)
        with request.user.access.at_one_moment():
            about = record_named_by(request.POST, request.user)
            form = LogForm(request.POST, user=request.user, now=now, about=about)
            part = log_parts.part_of(request.user, about, request.POST, now=now)
            is_valid = form.is_valid() and (part is None or part.is_valid())
        if not is_valid:
            return self.page(form, part, status=422)
        try:
            activity = activities.log(
                **form.what_happened(),
                **form.what_comes_next(),
                about=about,
                submission=request.POST.get("submit_once", ""),
                also=part.carry_out if part else None,
                by=request.user,
                at=now,
            )
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {None: error}).items():
                form.add_error(name if name in form.fields else None, errors)
            return self.page(form, part, status=422)
        return self.done(request, activity)

    def done(self, request: HttpRequest, activity: Activity) -> HttpResponse:
        may_undo = editing.allows(request.user, activity, Verb.DELETE)
        undo = reverse("activity-delete", args=[activity.pk]) if may_undo else ""
        said = {"subject": activity.subject}
        toast(request, _("Noted: %(subject)s") % said, undo_url=undo, link_url=activity.get_absolute_url())
        sees_customer = Customer.objects.visible_to(request.user).filter(pk=activity.customer_id).exists()
        page = (activity.customer if sees_customer else activity).get_absolute_url()
        return editing.saved(request, page, activity_logged={"id": activity.pk}, task_changed=None)

    def started_from(self, request: HttpRequest, about: Any) -> dict[str, Any]:
        """What the address knows: the customer, the person, and the record above it belongs to."""
        customers = Customer.objects.visible_to(request.user)
        initial: dict[str, Any] = {"customer": asked.record(request.GET, "customer", customers)}
        if person := asked.record(request.GET, "contact", Contact.objects.visible_to(request.user)):
            theirs = customers.with_person(person)
            initial["contacts"] = [person.pk]
            initial["customer"] = initial["customer"] or theirs.order_by("-contact_links__is_main", "pk").first()
        if about is not None:
            initial |= {"about_kind": about.kind, "about_id": about.pk}
            its = customers.filter(pk=getattr(about, "customer_id", None))
            initial["customer"] = initial["customer"] or its.first()
        if request.GET.get("type") in Activity.Type.values:
            initial["type"] = request.GET["type"]
        return initial

    def page(self, form: LogForm, part: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/activity/log.html", {"form": form, "part": part}, status=status)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """For the quick form: the people of the chosen customer, or what goes with the record it is about."""
    guards.require(request.user, Activity.kind, Verb.CREATE)
    if "about" in request.GET or "about_id" in request.GET:
        about = record_named_by(request.GET, request.user)
        part = log_parts.part_of(request.user, about, request.GET, now=timezone.now())
        return render(request, "customers/activity/_part.html", {"part": part})
    form = LogForm(user=request.user, now=timezone.now(), initial={"customer": request.GET.get("customer", "")})
    context = {"form": form, "is_another_customer": True}
    return render(request, "customers/activity/_people.html", context)


class ActivityDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = guards.get_visible(Activity.objects.select_related("owner", "team"), request.user, pk=pk)
        mentions.know([activity], "body")
        context = {
            "activity": activity,
            "customer": Customer.objects.visible_to(request.user).filter(pk=activity.customer_id).first(),
            "people": Contact.objects.visible_to(request.user).filter(activities=activity),
            "colleagues": activity.colleagues.all(),
            "next_steps": Task.objects.visible_to(request.user).filter(after=activity).select_related("owner"),
            "about": activity.about_for(request.user),
            "email": Email.objects.visible_to(request.user).filter(activity=activity).first(),
            "may_edit": editing.allows(request.user, activity, Verb.EDIT),
            "may_delete": editing.allows(request.user, activity, Verb.DELETE),
            "administers": request.user.access.administers,
            "history": timeline.page(request.user, activity, limit=HISTORY)[0],
        }
        return render(request, "customers/activity/detail.html", context)


class ActivityEdit(editing.Edit):
    model = Activity
    form_class = ActivityForm
    template_name = "customers/activity/form.html"
    update = activities.update


class ActivityDelete(editing.Delete):
    model = Activity
    to_bin = activities.delete
    explanation = gettext_lazy("A next step noted with it goes too, unless somebody has worked on it.")
    done = gettext_lazy("The activity is in the bin.")

    def afterwards(self, record: Any) -> str:
        seen = Customer.objects.visible_to(self.request.user).filter(pk=record.customer_id).first()
        return seen.get_absolute_url() if seen else reverse("activity-list")


class ActivityRestoration(editing.Restore):
    model = Activity
    from_bin = activities.restore
    done = gettext_lazy("The activity is back.")
