from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from crm.access.shipped_roles import SHIPPED_ROLES, Grants
from crm.models.role import Role, RoleGrant


@transaction.atomic
def install_shipped(**_: Any) -> None:
    """Create the shipped roles that are not there yet; one that exists is the administrator's, and untouched.

    But for kinds that are new to the database, which nobody can have been granted: an upgrade that brings contracts
    lets those who sell see them.
    """
    roles = {role.code: role for role in Role.objects.all()}
    known = set(RoleGrant.objects.values_list("kind", flat=True).distinct())
    for shipped in SHIPPED_ROLES:
        role = roles.get(shipped.code)
        if role is None:
            role = Role.objects.create(code=shipped.code, name=shipped.name, description=shipped.description)
            _grant(role, shipped.grants, shipped.grants)
        else:
            _grant(role, shipped.grants, shipped.grants.keys() - known)


def _grant(role: Role, grants: Grants, kinds: Iterable[str]) -> None:
    RoleGrant.objects.bulk_create(
        RoleGrant(role=role, kind=kind, verb=verb, reach=reach)
        for kind in sorted(kinds)
        for verb, reach in grants[kind].items()
    )
