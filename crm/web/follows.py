"""Who follows a record, following it, and the page of what one follows; and being reminded of one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from crm.access import kinds, together
from crm.actions import follows, reminders
from crm.models import Follow, Reminder
from crm.web.toasts import toast


class Followers(View):
    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = together.find(request.user, kind, pk)
        rows = Follow.objects.about(record).select_related("user").order_by("at")  # scoped: of a record they may see
        people = [row.user for row in rows]
        context = {
            "people": people,
            "is_mine": request.user in people,
            "url": reverse("record-followers", args=[kind, pk]),
        }
        return render(request, "together/followers.html", context)

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = together.find(request.user, kind, pk)
        if request.POST.get("follow") == "no":
            follows.unfollow(record, by=request.user)
            toast(request, _("You no longer follow %(record)s.") % {"record": record})
        else:
            follows.follow(record, by=request.user, at=timezone.now())
            toast(request, _("You follow %(record)s: what happens to it is told to you.") % {"record": record})
        if request.headers.get("HX-Request") == "true":
            return self.get(request, kind, pk)
        return redirect("following" if request.POST.get("from") == "following" else record.get_absolute_url())


@method_decorator(require_safe, name="dispatch")
class Following(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        mine = list(Follow.objects.visible_to(request.user))
        groups = []
        for code in together.codes():
            wanted = [one.about_id for one in mine if one.about_kind == code]
            model: Any = together.model_of(code)
            seen = list(model.objects.visible_to(request.user).filter(pk__in=wanted)) if wanted else []
            if seen:
                groups.append((kinds.get(code), sorted(seen, key=str)))
        return render(request, "together/following.html", {"groups": groups})


class ReminderForm(forms.Form):
    when = forms.DateTimeField(
        label=gettext_lazy("Remind me"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


@method_decorator(require_POST, name="dispatch")
class Reminding(View):
    """One's own reminder of a record one may see."""

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = together.reminded_of(request.user, kind, pk)
        form = ReminderForm(request.POST)
        try:
            if not form.is_valid():
                raise ValidationError(_("Choose a day and a time."))
            when = form.cleaned_data["when"]
            reminders.remind(record, when=when, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect(record.get_absolute_url())
        toast(request, _("You will be reminded.") if when else _("You will not be reminded."))
        return redirect(record.get_absolute_url())


def form_for(user: Any, record: Any) -> ReminderForm:
    """For the page of the record."""
    mine = Reminder.objects.visible_to(user).about(record).filter(sent_at=None).first()
    return ReminderForm(initial={"when": timezone.localtime(mine.at) if mine else None})
