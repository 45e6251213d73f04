"""The page on which an administrator adds a pack by trade, after seeing what of it is there already."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from crm.access.grants import access_of
from customers.sales.actions import pack_files, packs


class PackForm(forms.Form):
    pack = forms.ChoiceField(label=_("Trade"), widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("Language of names"),
        choices=[("en", "English"), ("zh-hans", "简体中文"), ("both", _("both, one after the other"))],
        help_text=_("Of pipelines, stages, reasons and products, which have one name for everybody."),
    )

    def __init__(self, *args: Any, shipped: list[pack_files.Pack], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reads = get_language() or "en"
        chosen: Any = self.fields["pack"]
        chosen.choices = [(one.code, f"{one.named(reads)} · {one.about(reads)}") for one in shipped]
        self.fields["language"].initial = "zh-hans" if reads.startswith("zh") else "en"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Choose, look at what would be added, then add it."""
    if not access_of(request.user).administers:
        raise PermissionDenied(_("Your role does not allow this."))
    shipped = pack_files.shipped()
    sent = request.POST if request.method == "POST" else request.GET
    form = PackForm(sent if "pack" in sent else None, shipped=shipped)
    shown: dict[str, Any] = {**admin.site.each_context(request), "title": _("Packs by trade"), "form": form}
    if form.is_bound and form.is_valid():
        language = form.cleaned_data["language"]
        pack = next(one for one in shipped if one.code == form.cleaned_data["pack"])
        if request.method == "POST" and (answer := _added(request, form, pack, language)):
            return answer
        items = packs.outlook(pack, language=language)
        shown |= {"items": items, "new": sum(not item.is_there for item in items)}
    return render(request, "admin/packs.html", shown, status=422 if form.errors else 200)


def _added(request: HttpRequest, form: PackForm, pack: pack_files.Pack, language: str) -> HttpResponse | None:
    try:
        items = packs.apply(pack, by=request.user, at=now(), language=language)
    except ValidationError as error:
        form.add_error(None, error.messages)  # type: ignore[arg-type]
        return None
    count = sum(not item.is_there for item in items)
    told = ngettext("%(count)d record is added.", "%(count)d records are added.", count)
    messages.success(request, told % {"count": count})
    return redirect(f"{request.path}?pack={pack.code}&language={language}")
