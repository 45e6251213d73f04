"""What of an order came back, and what was paid back for it.

A return is only ever added. One that was wrong is cancelled, which is a fact with a day of its own; triggers refuse
anything else, and hold both sums: nobody returns more of a line than was ordered, nor is paid back more than was paid.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule, ScopedQuerySet
from crm.models import User
from customers.sales.models.currency import in_cents
from customers.sales.models.order import Order, OrderLine


class ReturnReasonQuerySet(ScopedQuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class ReturnReason(models.Model):
    """Why things come back; chosen from a list so that it can be counted. Whoever sees pipelines sees it."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = ReturnReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("return reason")
        verbose_name_plural = _("return reasons")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrderReturnQuerySet(ScopedQuerySet):
    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """What one may do to the order one may do to what came back of it; roles grant nothing besides."""
        orders = Order.objects.alive()._reached(Order.objects.rules(access, verb)).filter(pk=OuterRef("order"))
        return [Rule("follows-order", _("the record it is about can be seen"), Q(Exists(orders.order_by())))]

    def standing(self) -> Self:
        """Those that were not cancelled."""
        return self.filter(cancelled_at=None)


class OrderReturn(models.Model):
    """Who sees the order sees its returns; money is in the order's currency."""

    kind: ClassVar[str] = "order_return"
    owner_field = None
    team_field = None

    number = models.CharField(_("number"), max_length=40, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns", verbose_name=_("order"))
    returned_at = models.DateTimeField(_("returned"))
    amount = models.DecimalField(_("refunded"), max_digits=18, decimal_places=2)
    reason = models.ForeignKey(ReturnReason, models.PROTECT, related_name="+", verbose_name=_("reason"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    recorded_at = models.DateTimeField(_("recorded"))
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cancelled by")
    )
    cancelled_why = models.CharField(_("why it was cancelled"), max_length=200, blank=True)

    objects: ClassVar[Any] = OrderReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-returned_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_return_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancelled_by=None, cancelled_why="") | Q(cancelled_at__isnull=False),
                name="order_return_cancelled_with_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "-returned_at"], name="order_return_order"),
            models.Index(fields=["returned_at", "id"], name="order_return_moment"),
            models.Index(fields=["amount", "id"], name="order_return_by_amount"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return str(self.order.get_absolute_url())

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None


class OrderReturnLine(models.Model):
    """How much of a line came back."""

    order_return = models.ForeignKey(OrderReturn, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="returned", verbose_name=_("line"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2)

    objects: Any = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_return_line_quantity_positive"),
            models.UniqueConstraint(fields=["order_return", "line"], name="order_return_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.product}"

    @property
    def amount(self) -> Decimal:
        return in_cents(self.quantity * self.line.unit_price)
