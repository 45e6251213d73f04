"""Roles that come with the product, in a database that has grown."""

from __future__ import annotations

import pytest

from crm.actions import roles
from crm.models import RoleGrant

pytestmark = pytest.mark.django_db


def granted(code: str, kind: str) -> dict[str, int]:
    return dict(RoleGrant.objects.filter(role__code=code, kind=kind).values_list("verb", "reach"))


def test_a_kind_that_an_upgrade_brings_is_granted_as_shipped_and_nothing_else_is_touched():
    roles.install_shipped()
    shipped = granted("sales_rep", "order")
    RoleGrant.objects.filter(kind="order").delete()
    RoleGrant.objects.filter(role__code="sales_rep", kind="lead").delete()  # the administrator's decision
    RoleGrant.objects.filter(role__code="analyst", kind="customer", verb="export").delete()

    roles.install_shipped()

    assert granted("sales_rep", "order") == shipped != {}
    assert granted("sales_rep", "lead") == {}
    assert set(granted("analyst", "customer")) == {"view"}
