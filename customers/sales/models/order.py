from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import DecimalField, F, OuterRef, Prefetch, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.indexes import for_sorting
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Customer
from customers.sales.models.currency import check_currency, in_cents, is_a_currency, tidy_currency
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.product import Product


class OrderQuerySet(RecordQuerySet):
    def with_refunds(self) -> Self:
        """Each with what was paid back of it (`refunded`) and what is left of its amount (`net`)."""
        from customers.sales.models.order_return import OrderReturn  # which is about orders

        standing = OrderReturn.objects.standing().filter(order=OuterRef("pk"))
        summed = standing.order_by().values("order").annotate(sum=Sum("amount")).values("sum")
        money: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=2)
        refunded = Coalesce(Subquery(summed), Decimal(0), output_field=money)
        return self.annotate(refunded=refunded).annotate(net=F("amount") - F("refunded"))

    def with_lines(self) -> Self:
        """Each with its lines, and how much of them came back."""
        return self.prefetch_related(Prefetch("lines", OrderLine.objects.with_returns()))


class Order(Record):
    """What was sold once. One that came of an opportunity is not counted again as revenue."""

    kind: ClassVar[str] = "order"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    number = models.CharField(_("number"), max_length=40)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name=_("customer"))
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("opportunity")
    )
    ordered_at = models.DateTimeField(_("ordered"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    notes = models.TextField(_("notes"), blank=True)

    objects: ClassVar[Any] = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-ordered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=Q(deleted_at=None), name="order_number_once"),
            models.CheckConstraint(condition=is_a_currency(), name="order_currency_is_a_code"),
        ]
        indexes = [
            *for_sorting("order", "amount", "updated_at"),
            models.Index(fields=["-ordered_at", "-id"], name="order_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-ordered_at", "-id"], name="order_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-ordered_at", "-id"], name="order_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "-ordered_at"], name="order_customer", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        self.number = self.number.strip()
        self.currency = check_currency(self.currency)
        opportunity = self.opportunity
        if opportunity and opportunity.customer_id and opportunity.customer_id != self.customer_id:
            raise ValidationError({"opportunity": _("This opportunity belongs to another customer.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    def search_words(self) -> Words:
        return Words(title=self.number, subtitle=self.customer.name, texts=[self.customer.name])


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def with_returns(self) -> Self:
        """Each with how much of it came back (`came_back`)."""
        from customers.sales.models.order_return import OrderReturnLine  # which is about lines of orders

        standing = OrderReturnLine.objects.filter(line=OuterRef("pk"), order_return__cancelled_at=None)
        summed = standing.order_by().values("line").annotate(sum=Sum("quantity")).values("sum")
        quantity: DecimalField[Any, Any] = DecimalField(max_digits=12, decimal_places=2)
        return self.annotate(came_back=Coalesce(Subquery(summed), Decimal(0), output_field=quantity))


class OrderLine(models.Model):
    """A product on an order, at the price agreed."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2, default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=2)

    came_back: Decimal  # of lines read `with_returns`

    objects: ClassVar[Any] = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def amount(self) -> Decimal:
        return in_cents(self.quantity * self.unit_price)

    @property
    def kept(self) -> Decimal:
        """What the customer still has of it; of lines read `with_returns`."""
        return self.quantity - self.came_back
