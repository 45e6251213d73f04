from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.access import fields
from customers.models import tidy


class UnsubscriptionQuerySet(models.QuerySet["Unsubscription"]):
    def in_force(self) -> Self:
        return self.filter(undone_at=None)

    def of_address(self, address: str) -> Self:
        return self.filter(address=tidy.email(address))

    @fields.uncovered
    def of_contact(self, contact: Any) -> Self:
        """Of any address of theirs, the first one and the others."""
        points = contact.points.filter(type="email").values_list(Lower("value"))
        return self.filter(Q(address=tidy.email(contact.email)) | Q(address__in=points))


class Unsubscription(models.Model):
    """An address whose owner wants no more mailings, said by the link of one. Whose address it is does not matter.

    Letters that one person writes to another, surveys and answers still reach them. Taken back, the row stays.
    """

    address = models.EmailField(_("email"))
    at = models.DateTimeField(_("when"))
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = UnsubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("unsubscribed address")
        verbose_name_plural = _("unsubscribed addresses")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=Q(undone_at=None), name="unsubscription_in_force_once"
            ),
            models.CheckConstraint(condition=Q(address=Lower("address")), name="unsubscription_is_lower_case"),
        ]
        indexes = [models.Index(fields=["address"], name="unsubscription_address")]

    def __str__(self) -> str:
        return self.address
