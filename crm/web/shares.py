"""With whom a record is shared: a panel, the dialog that adds somebody, and what changes it or takes it back."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from crm.access import together
from crm.access.permissions import Reach, Verb
from crm.actions import shares
from crm.models import RoleGrant, User
from crm.web.dialogs import close_dialog, is_dialog
from crm.web.toasts import toast

NONE, READ, EDIT = "none", "read", "edit"


class ShareForm(forms.Form):
    """Whoever's role lets them look at such records; somebody with whom it is shared already gets what is said now."""

    user = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Person"))
    level = forms.ChoiceField(
        label=gettext_lazy("What they may do"),
        choices=[(READ, gettext_lazy("only read")), (EDIT, gettext_lazy("read and edit"))],
        widget=forms.RadioSelect,
        initial=READ,
    )
    until = forms.DateField(
        label=gettext_lazy("Until the end of"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, record: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grants = RoleGrant.objects.filter(reach__gt=Reach.NONE)  # scoped: configuration
        looking = grants.filter(kind=record.kind, verb=Verb.VIEW)
        people: Any = User.objects.visible_to(by).active().exclude(pk=record.owner_id)
        self.fields["user"].queryset = people.filter(roles__in=looking.values("role")).distinct()  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        day = self.cleaned_data["until"]
        over = timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) if day else None
        return {"user": self.cleaned_data["user"], "may_edit": self.cleaned_data["level"] == EDIT, "until": over}

    def refuse(self, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            self.add_error("level" if name == "may_edit" else name, messages)


@method_decorator(require_safe, name="dispatch")
class Sharing(View):
    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = together.shared(request.user, kind, pk)
        shown = shares.of(record, timezone.now()).select_related("user", "by").order_by("at", "pk")
        context = {"record": record, "shares": shown, "may_share": shares.may_share(request.user, record)}
        return render(request, "together/sharing.html", context)


class ShareNew(View):
    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = shareable(request.user, kind, pk)
        return self._page(record, ShareForm(record=record, by=request.user))  # type: ignore[arg-type]

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        by: Any = request.user
        record = shareable(by, kind, pk)
        form = ShareForm(request.POST, record=record, by=by)
        if not form.is_valid():
            return self._page(record, form, 422)
        undo = undo_url(record, form.cleaned_data["user"])
        try:
            one = shares.share(record, by=by, at=timezone.now(), **form.said())
        except ValidationError as error:
            form.refuse(error)
            return self._page(record, form, 422)
        tell(request, one.user, one.may_edit, undo)
        return close_dialog(sharing_changed=None) if is_dialog(request) else redirect(record.get_absolute_url())

    def _page(self, record: Any, form: ShareForm, status: int = 200) -> HttpResponse:
        return render(self.request, "together/share_form.html", {"record": record, "form": form}, status=status)


@method_decorator(require_POST, name="dispatch")
class ShareLevel(View):
    """What one person may do from now on: the buttons of the panel, and every Undo."""

    def post(self, request: HttpRequest, kind: str, pk: int, user_pk: int, level: str) -> HttpResponse:
        by: Any = request.user
        record = shareable(by, kind, pk)
        if level not in (NONE, READ, EDIT):
            raise Http404
        person = User.objects.visible_to(by).filter(pk=user_pk).first()
        if person is None:
            return redirect(record.get_absolute_url())
        undo, at = undo_url(record, person), timezone.now()
        try:
            if level == NONE:
                shares.unshare(record, user=person, by=by, at=at)
            else:
                until = moment(request.GET.get("until", ""))
                shares.share(record, user=person, may_edit=level == EDIT, until=until, by=by, at=at)
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect(record.get_absolute_url())
        tell(request, person, None if level == NONE else level == EDIT, undo)
        return redirect(record.get_absolute_url())


def tell(request: HttpRequest, person: User, may_edit: bool | None, undo: str) -> None:
    if may_edit is None:
        said = _("It is no longer shared with %(person)s.")
    else:
        said = _("%(person)s may read and edit it now.") if may_edit else _("%(person)s may read it now.")
    toast(request, said % {"person": person}, undo_url=undo)


def undo_url(record: Any, person: User) -> str:
    """Where one posts to for what holds now to hold again."""
    one = shares.of(record, timezone.now()).filter(user=person).first()
    level = NONE if one is None else EDIT if one.may_edit else READ
    until = f"?{urlencode({'until': one.until.isoformat()})}" if one is not None and one.until else ""
    return reverse("record-share-level", args=[record.kind, record.pk, person.pk, level]) + until


def moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None


def shareable(user: Any, kind: str, pk: int) -> Any:
    """404 for the invisible, 403 for whoever may not decide who works on it."""
    record = together.shared(user, kind, pk)
    shares.require_sharing(user, record)
    return record
