from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.actions import records
from customers.sales.models import Product


def create(*, name: str, by: Any, at: datetime, **fields: Any) -> Product:
    """Put a product into the catalogue."""
    return records.create(Product(name=name, **fields), by=by, at=at)


def update(
    product: Product,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Product:
    return records.update(product, changes, by=by, at=at, version=version, base=base)


def delete(product: Product, *, by: Any, at: datetime) -> Product:
    """Into the bin: what was sold of it keeps its name."""
    return records.delete(product, by=by, at=at)


def restore(product: Product, *, by: Any, at: datetime) -> Product:
    return records.restore(product, by=by, at=at)
