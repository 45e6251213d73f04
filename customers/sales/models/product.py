from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency


class ProductQuerySet(RecordQuerySet):
    def on_sale(self) -> Self:
        return self.filter(is_active=True)


class Product(Record):
    """What is sold, at its list price. Nobody owns a product."""

    kind: ClassVar[str] = "product"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(_("code"), max_length=60, blank=True)
    series = models.CharField(_("series"), max_length=80, blank=True)
    price = models.DecimalField(_("list price"), max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    is_active = models.BooleanField(_("on sale"), default=True)

    objects: ClassVar[Any] = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(deleted_at=None), name="product_name_once"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(condition=is_a_currency(), name="product_currency_is_a_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        self.currency = check_currency(self.currency)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    def search_words(self) -> Words:
        return Words(title=self.name, subtitle=self.series, texts=[self.code, self.series])
