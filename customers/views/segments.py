"""Segments: made from the filters of the customer list, counted, and shown with their members."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.custom_fields.filtering import without_ending
from crm.joining import listed
from crm.models import StaleVersion
from crm.web.forms import conflict
from crm.web.lists.filters import label_of, words
from crm.web.lists.offered import grouped
from crm.web.toasts import toast
from customers.actions import segments
from customers.forms.segments import SegmentForm
from customers.lists import membership
from customers.models import Customer, Segment
from customers.views import editing

SHOWN = 20
COUNTED = 10_001


class SegmentDetail(View):
    """What the segment asks, how many of the customers one may see belong to it, and the first of them."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        segment = guards.get_visible(Segment.objects.select_related("owner", "team"), user, pk=pk)
        asked = membership.asking(segment.question, Customer.objects.none(), request)
        members = membership.members(segment, Customer.objects.visible_to(user), request).order_by()
        context = {
            "segment": segment,
            "asked": told(asked),
            "is_hidden": bool(asked.form.errors),
            "count": members[:COUNTED].count(),
            "most": COUNTED,
            "members": members.select_related("owner").order_by("sort_name", "pk")[:SHOWN],
            "members_url": f"{reverse('customer-list')}?segment={segment.pk}",
            "may": {
                "edit": editing.allows(user, segment, Verb.EDIT),
                "delete": editing.allows(user, segment, Verb.DELETE),
            },
        }
        return render(request, "customers/segment/detail.html", context)


class Form(View):
    """The segment's own fields and, below them, the filters of the customer list."""

    def page(self, form: SegmentForm, asked: Any, status: int = 200) -> HttpResponse:
        for name in membership.NOT_ASKED:
            asked.form.fields.pop(name, None)
        context = {"form": form, "asked": asked.form, "groups": grouped(asked), "record": form.instance}
        return render(self.request, "customers/segment/form.html", context, status=status)

    def asked(self, params: QueryDict | dict[str, Any]) -> Any:
        question = membership.question_of(params) if isinstance(params, QueryDict) else params
        return membership.asking(question, Customer.objects.none(), self.request)

    def question(self, how: str) -> dict[str, Any]:
        return membership.question_of(self.request.POST) if how == Segment.How.RULE else {}


class SegmentNew(Form):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Segment.kind, Verb.CREATE)
        return self.page(SegmentForm(), self.asked(request.GET))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Segment.kind, Verb.CREATE)
        form, asked = SegmentForm(request.POST), self.asked(request.POST)
        if not form.is_valid() or not asked.form.is_valid():
            return self.page(form, asked, status=422)
        by: Any = request.user
        question = self.question(form.cleaned_data["how"])
        try:
            segment = segments.create(question=question, by=by, at=timezone.now(), **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, asked, status=422)
        toast(request, _("%(segment)s is created.") % {"segment": segment})
        return redirect(segment.get_absolute_url())


class SegmentEdit(Form):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        segment = guards.get_permitted(Segment.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(SegmentForm(instance=segment), self.asked(segment.question))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        segment = guards.get_permitted(Segment.objects.all(), request.user, Verb.EDIT, pk=pk)
        form, asked = SegmentForm(request.POST, instance=segment), self.asked(request.POST)
        if not form.is_valid() or not asked.form.is_valid():
            return self.page(form, asked, status=422)
        by: Any = request.user
        changes = form.changes() | {"question": membership.unasked(segment, by) | self.question(segment.how)}
        version, base = form.cleaned_data["version"], form.base()
        try:
            segment = segments.update(segment, changes, by=by, at=timezone.now(), version=version, base=base)
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, asked, status=422)
        toast(request, _("Saved."))
        return redirect(segment.get_absolute_url())


class SegmentDelete(editing.Delete):
    model = Segment
    to_bin = segments.delete
    explanation = gettext_lazy("Its customers stay as they are. What asks for it finds nobody until it is back.")
    done = gettext_lazy("The segment is in the bin.")


class SegmentRestoration(editing.Restore):
    model = Segment
    from_bin = segments.restore
    done = gettext_lazy("The segment is back.")


def told(asked: Any) -> list[tuple[str, str]]:
    """The question in words: each filter with what is wanted of it; nothing of what is not theirs to see."""
    asked.form.is_valid()
    wanted = asked.form.cleaned_data
    said = {known for param in asked.data for known in (param, without_ending(param))}  # a range has two
    found = [(name, wanted[name]) for name in asked.filters if name in said and name in wanted]
    return [(label_of(asked, name), listed(words(asked.form.fields[name], value))) for name, value in found]
