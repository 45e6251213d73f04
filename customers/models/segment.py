from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record, User
from crm.models.record import RecordQuerySet
from customers.models import tidy
from customers.models.customer import Customer


class SegmentQuerySet(RecordQuerySet):
    def static(self) -> Self:
        return self.filter(how=Segment.How.STATIC)


class Segment(Record):
    """Customers that belong together: chosen one by one, or whoever answers to a question asked anew each time."""

    kind: ClassVar[str] = "segment"

    class How(models.TextChoices):
        RULE = "rule", _("by a rule")
        STATIC = "static", _("chosen members")

    name = models.CharField(_("name"), max_length=120)
    how = models.CharField(_("how"), max_length=6, choices=How.choices, default=How.RULE)
    description = models.CharField(_("description"), max_length=300, blank=True)
    # The filters of the customer list, by name, as its address has them: {"lifecycle": ["active"], "tier": ["A"]}.
    question = models.JSONField(_("question"), default=dict, blank=True)
    members: models.ManyToManyField[Customer, SegmentMember] = models.ManyToManyField(
        Customer, through="SegmentMember", related_name="+"
    )

    objects: ClassVar[Any] = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="segment_has_a_name"),
            models.CheckConstraint(
                condition=(Q(how="rule") & ~Q(question={})) | Q(how="static", question={}),
                name="segment_by_a_rule_asks_something",
                violation_error_message=_("A segment by a rule asks for something; one of chosen members does not."),
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="segment_newest", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = tidy.one_line(self.name)
        if not isinstance(self.question, dict):
            raise ValidationError({"question": _("A question is a list of values for each filter.")})

    @property
    def is_static(self) -> bool:
        return self.how == self.How.STATIC


class SegmentMember(models.Model):
    """A customer chosen for a segment."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="chosen")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "customer"], name="segment_member_once")]

    def __str__(self) -> str:
        return f"{self.segment}: {self.customer}"
