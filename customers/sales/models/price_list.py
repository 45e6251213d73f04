from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency
from customers.sales.models.product import Product


def counts_on(day: date, prefix: str = "") -> Q:
    """Between two days that may both be open."""
    begun = Q(**{f"{prefix}valid_from": None}) | Q(**{f"{prefix}valid_from__lte": day})
    return begun & (Q(**{f"{prefix}valid_until": None}) | Q(**{f"{prefix}valid_until__gte": day}))


class PriceList(models.Model):
    """What products cost in one currency, for some time: Europe 2026. Edited in the admin site."""

    kind: ClassVar[str] = "product"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=120, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects: Any = models.Manager()

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        ordering = ["currency", "-valid_from", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="price_list_has_a_name"),
            models.CheckConstraint(condition=is_a_currency(), name="price_list_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="price_list_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        self.currency = check_currency(self.currency)
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValidationError({"valid_until": _("It ends before it begins.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)


class ListPriceQuerySet(models.QuerySet["ListPrice"]):
    def valid_on(self, day: date, currency: str) -> Self:
        """Of lists in this currency that count that day; the one that began last first."""
        counted = self.filter(counts_on(day), counts_on(day, "price_list__"), price_list__currency=currency)
        newest = F("price_list__valid_from").desc(nulls_last=True)
        return counted.order_by(newest, "-price_list_id", "-pk")


class ListPrice(models.Model):
    """What a product costs on a list: as long as the list counts, or for a part of that time."""

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="prices", verbose_name=_("price list"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=2)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects: Any = ListPriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["product__name", "valid_from", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="list_price_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="list_price_ends_after_it_begins",
            ),
            # Ranges of one number stand for equality, which GiST knows without an extension.
            ExclusionConstraint(
                name="list_price_one_at_a_time",
                expressions=[
                    (
                        Func(F("price_list"), F("price_list"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func(F("product"), F("product"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (
                        Func(F("valid_from"), F("valid_until"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=models.Deferrable.DEFERRED,  # two prices may change places in one go
                violation_error_message=_("This product has another price on this list at that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.price}"

    def clean(self) -> None:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValidationError({"valid_until": _("It ends before it begins.")})

    def overlaps(self, other: ListPrice) -> bool:
        """Whether both would count on the same day."""
        first, last = date.min, date.max
        begins = max(self.valid_from or first, other.valid_from or first)
        return self.product_id == other.product_id and begins <= min(
            self.valid_until or last, other.valid_until or last
        )


def prices_of(products: Iterable[Product], currency: str, day: date) -> dict[int, Decimal]:
    """By product: the price of a list in the currency that counts that day, else its own where that is in the currency.

    Of several lists the one that began last counts.
    """
    wanted, code = {product.pk: product for product in products}, tidy_currency(currency)
    own = {
        pk: product.price for pk, product in wanted.items() if product.price is not None and product.currency == code
    }
    rows = ListPrice.objects.valid_on(day, code).filter(product__in=wanted).values_list("product_id", "price")
    listed: dict[int, Decimal] = {}
    for pk, price in rows:
        listed.setdefault(pk, price)
    return own | listed


def price_of(product: Product, currency: str, day: date) -> Decimal | None:
    return prices_of([product], currency, day).get(product.pk)
