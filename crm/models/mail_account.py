from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.mail import vault
from crm.mail.servers import PLAIN, STARTTLS, TLS, Server

LONGEST_PAUSE = timedelta(hours=1)
PORT = [MinValueValidator(1), MaxValueValidator(65535)]


class MailAccountQuerySet(models.QuerySet["MailAccount"]):
    def visible_to(self, user: Any) -> Self:
        """An account is its owner's alone, whatever the role; the organisation's is in the admin site."""
        return self.filter(owner=user)

    editable_by = visible_to

    def in_use(self) -> Self:
        return self.filter(Q(owner=None) | Q(owner__is_active=True), is_active=True)

    def of_organisation(self) -> Self:
        return self.filter(owner=None)

    def sending(self) -> Self:
        return self.in_use().exclude(smtp_host="")

    def due_for_reading(self, now: datetime) -> Self:
        return self.in_use().exclude(imap_host="").filter(Q(paused_until=None) | Q(paused_until__lte=now))


class MailAccount(models.Model):
    """Where somebody's mail is sent from and read: a person's own account, or, without owner, the organisation's."""

    class Security(models.TextChoices):
        TLS = TLS, _("TLS")
        STARTTLS = STARTTLS, _("STARTTLS")
        PLAIN = PLAIN, _("none (only in the organisation's own network)")

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, editable=False, related_name="mail_account"
    )
    address = models.EmailField(_("mail address"), help_text=_("Mail is sent from this address."))
    name = models.CharField(_("name beside the address"), max_length=120, blank=True)
    user = models.CharField(_("user name"), max_length=254, blank=True, help_text=_("Often the mail address."))
    locked_password = models.TextField(blank=True, editable=False)
    smtp_host = models.CharField(_("server for sending (SMTP)"), max_length=253, blank=True)
    smtp_port = models.PositiveIntegerField(_("its port"), default=465, validators=PORT)
    smtp_security = models.CharField(_("its encryption"), max_length=8, choices=Security.choices, default=Security.TLS)
    imap_host = models.CharField(_("server for reading (IMAP)"), max_length=253, blank=True)
    imap_port = models.PositiveIntegerField(_("its port"), default=993, validators=PORT)
    imap_security = models.CharField(_("its encryption"), max_length=8, choices=Security.choices, default=Security.TLS)
    folder = models.CharField(_("folder that is read"), max_length=200, default="INBOX")
    takes_tags = models.BooleanField(
        _("mail to name+anything@… arrives too"),
        default=False,
        help_text=_("Then answers find their way even where the customer's mail program forgets what it answers."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    # How far the folder was read, and what was the matter with the last attempt.
    validity = models.BigIntegerField(null=True, blank=True, editable=False)
    last_uid = models.BigIntegerField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("last read"), null=True, blank=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(_("next attempt"), null=True, blank=True, editable=False)

    objects = MailAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail account")
        verbose_name_plural = _("mail accounts")
        constraints = [
            models.UniqueConstraint(fields=["owner"], nulls_distinct=False, name="mail_account_once_for_each"),
            models.CheckConstraint(
                condition=Q(validity=None, last_uid=None) | Q(validity__isnull=False, last_uid__isnull=False),
                name="mail_account_place_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = self.address.strip().lower()
        self.smtp_host, self.imap_host = self.smtp_host.strip().lower(), self.imap_host.strip().lower()

    @property
    def smtp(self) -> Server:
        return Server(self.smtp_host, self.smtp_port, self.smtp_security, self.user, self.password)

    @property
    def imap(self) -> Server:
        return Server(self.imap_host, self.imap_port, self.imap_security, self.user, self.password)

    @property
    def password(self) -> str:
        """Raises vault.Locked where the installation's key is another one than when it was kept."""
        return vault.unlock(self.locked_password) if self.locked_password else ""

    def keep_password(self, password: str) -> None:
        self.locked_password = vault.lock(password) if password else ""

    def worked(self, at: datetime) -> None:
        self.read_at, self.problem, self.failures, self.paused_until = at, "", 0, None

    def failed(self, problem: str, at: datetime) -> None:
        """It is left alone for a while, longer each time; it is never given up."""
        self.problem = problem[:1000]
        self.failures += 1
        self.paused_until = at + min(timedelta(minutes=2 ** min(self.failures, 10)), LONGEST_PAUSE)

    def start_anew(self) -> None:
        """Another mailbox from now on: what was read of the old one says nothing about it."""
        self.validity = self.last_uid = None
        self.problem, self.failures, self.paused_until = "", 0, None
