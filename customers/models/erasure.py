from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record, User
from crm.models.record import RecordQuerySet
from customers.models import tidy
from customers.models.contact import Contact
from customers.models.customer import Customer

SUBJECTS: dict[str, Any] = {Contact.kind: Contact, Customer.kind: Customer}


class ErasureRequestQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(state__in=(ErasureRequest.State.ASKED, ErasureRequest.State.RUNNING))

    def running(self) -> Self:
        return self.filter(state=ErasureRequest.State.RUNNING)

    def done(self) -> Self:
        return self.filter(state=ErasureRequest.State.DONE)

    def about(self, record: Any) -> Self:
        return self.filter(subject_kind=record.kind, subject_id=record.pk)


class ErasureRequest(Record):
    """That somebody wants their personal data erased, and what became of it. It says nothing about the person.

    `owner` is who wrote it down. What was asked and why is chosen from lists: a sentence would name somebody.
    """

    kind: ClassVar[str] = "erasure"

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("erasure", "asked")
        RUNNING = "running", _("under way")
        DONE = "done", pgettext_lazy("erasure", "done")
        REFUSED = "refused", pgettext_lazy("erasure", "refused")

    class AskedBy(models.TextChoices):
        PERSON = "person", _("the person")
        PROXY = "proxy", _("somebody authorised")
        AUTHORITY = "authority", _("an authority")
        US = "us", _("ourselves: no longer needed")

    class Identity(models.TextChoices):
        KNOWN_ADDRESS = "known_address", _("wrote from the known mail address")
        CALLED_BACK = "called_back", _("called back at the known number")
        DOCUMENT = "document", _("a document was shown")
        IN_PERSON = "in_person", _("known in person")
        NOT_NEEDED = "not_needed", _("not needed")

    class Reason(models.TextChoices):
        IDENTITY = "identity", _("it is not certain who asked")
        DUTY = "duty", _("the law makes us keep it")
        CLAIM = "claim", _("it is needed for a legal claim")
        WITHDRAWN = "withdrawn", _("the request was taken back")

    subject_kind = models.CharField(max_length=40, choices=[(kind, kind) for kind in SUBJECTS], editable=False)
    subject_id = models.BigIntegerField(editable=False)
    asked_by = models.CharField(_("who asked"), max_length=10, choices=AskedBy.choices, default=AskedBy.PERSON)
    asked_on = models.DateField(_("asked on"))
    identity = models.CharField(_("how it was checked who asked"), max_length=16, choices=Identity.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED, editable=False)
    reason = models.CharField(
        _("why it was refused"), max_length=10, choices=Reason.choices, blank=True, editable=False
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    done_at = models.DateTimeField(_("erased"), null=True, editable=False)
    counts = models.JSONField(default=dict, editable=False)  # rows by what they are; never what they said

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure request")
        verbose_name_plural = _("erasure requests")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked", decided_at=None, decided_by=None)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="erasure_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at=None)),
                name="erasure_done_has_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(reason="")) | (~Q(state="refused") & Q(reason="")),
                name="erasure_refused_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(state__in=["asked", "running"], deleted_at=None),
                name="erasure_asked_once",
                violation_error_message=_("This was asked already."),
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="erasure_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["subject_kind", "subject_id"], name="erasure_subject"),
        ]

    def __str__(self) -> str:
        """Never a name: it outlives the person's."""
        return _now("Erasure request %(number)d") % {"number": self.pk or 0}

    @property
    def subject(self) -> Contact | Customer | None:
        found: Contact | Customer | None = SUBJECTS[self.subject_kind]._base_manager.filter(pk=self.subject_id).first()
        return found

    @property
    def is_open(self) -> bool:
        return self.state == self.State.ASKED

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    def decide(self, state: str, *, by: Any, at: datetime, reason: str = "") -> None:
        self.state, self.reason, self.decided_by, self.decided_at = state, reason, by, at

    def finish(self, counts: dict[str, int], at: datetime) -> None:
        self.state, self.counts, self.done_at = self.State.DONE, counts, at


class ErasedAddress(models.Model):
    """That a mail address or number was erased, so that no file and no letter brings it back unnoticed.

    Only a keyed hash is kept: it answers whether an address is one of them, and cannot be read back.
    """

    digest = models.CharField(max_length=64, unique=True)
    request = models.ForeignKey(ErasureRequest, models.PROTECT, related_name="addresses")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:8]


def digest_of(type: str, value: str) -> str:
    """The same for every way in which an address is written; useless without the installation's secret key."""
    key = sha256(b"customers.erased:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, f"{type}:{tidy.fields({type: value})[type]}".encode(), sha256).hexdigest()


def was_erased(*, emails: Iterable[str] = (), phones: Iterable[str] = ()) -> bool:
    """Whether one of these was a person's who had it erased."""
    digests = [digest_of("email", value) for value in emails if value]
    digests += [digest_of("phone", value) for value in phones if value]
    return bool(digests) and ErasedAddress.objects.filter(digest__in=digests).exists()
