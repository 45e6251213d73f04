"""One's own mail account: set up, tested and taken away by oneself, and seen by nobody else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_POST

from crm.actions import mail_accounts, mail_receiving
from crm.models import IncomingMail, MailAccount
from crm.web import limits
from crm.web.toasts import toast

SHOWN = 50
TESTS_A_MINUTE = 6


class MailAccountForm(forms.ModelForm):
    """The password is only ever taken in: nothing shows one that is kept."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-no-draft": ""}),
        help_text=_("Many providers ask for an app password here. It is kept encrypted and never shown."),
    )

    class Meta:
        model = MailAccount
        fields = (
            "address", "name", "user", "smtp_host", "smtp_port", "smtp_security", "imap_host", "imap_port",
            "imap_security", "folder", "takes_tags", "is_active",
        )  # fmt: skip

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("smtp_host") and not values.get("imap_host"):
            raise ValidationError(_("Name a server for sending, for reading, or both."))
        return values

    def _post_clean(self) -> None:
        """The action stores the values: until then the account stays as it is."""


class MailAccountPage(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        account = _own(request)
        user: Any = request.user
        initial = None if account else {"address": user.email, "name": user.name, "user": user.email}
        return self.page(account, MailAccountForm(instance=account, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        account = _own(request)
        form = MailAccountForm(request.POST, instance=account)
        if not form.is_valid():
            return self.page(account, form, status=422)
        try:
            mail_accounts.keep(
                account or MailAccount(owner_id=user.pk), form.values(), password=form.cleaned_data["password"],
                by=request.user, at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {None: error}).items():
                form.add_error(name if name in form.fields else None, errors)
            return self.page(account, form, status=422)
        toast(request, _now("Your mail account is saved. Test it now."))
        return redirect("mail-account")

    def page(self, account: MailAccount | None, form: MailAccountForm, status: int = 200) -> HttpResponse:
        unreadable = IncomingMail.objects.visible_to(self.request.user).unreadable()[:SHOWN]
        rows = [{"mail": mail, "reason": _now(mail.reason)} for mail in unreadable]
        context = {"account": account, "form": form, "rows": rows, "too_large": mail_receiving.TOO_LARGE}
        return render(self.request, "mail/account.html", context, status=status)


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Sign in at the servers, and say in words what they answered."""
    account = _own(request)
    if account is None:
        return redirect("mail-account")
    if limits.is_too_fast(request, "mail-test", TESTS_A_MINUTE):
        toast(request, _now("Too many requests; try again in a minute."), level=40)
        return redirect("mail-account")
    tried = mail_accounts.try_out(account)
    for problem, works, fails in (
        (tried.sending, _now("Sending works."), _now("Sending does not work: %(problem)s")),
        (tried.reading, _now("Reading works."), _now("Reading does not work: %(problem)s")),
    ):
        if problem is not None:
            toast(request, fails % {"problem": problem} if problem else works, level=40 if problem else 25)
    return redirect("mail-account")


@require_POST
def removal(request: HttpRequest) -> HttpResponse:
    account = _own(request)
    if account is not None:
        mail_accounts.remove(account, by=request.user, at=timezone.now())
        toast(request, _now("Your mail account and its password are gone. Emails that were filed stay."))
    return redirect("mail-account")


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Look once more at a letter that could not be read or filed."""
    mail = get_object_or_404(IncomingMail.objects.editable_by(request.user), pk=pk)
    mail_receiving.try_again(mail, timezone.now())
    return redirect("mail-account")


def _own(request: HttpRequest) -> MailAccount | None:
    return MailAccount.objects.visible_to(request.user).first()
