from __future__ import annotations

from typing import Any

from django.db import transaction

from crm.access.shipped_roles import SHIPPED_ROLES
from crm.models.role import Role, RoleGrant


@transaction.atomic
def install_shipped(**_: Any) -> None:
    """Create the shipped roles that are not there yet; a role that exists is the administrator's, and untouched."""
    known = set(Role.objects.values_list("code", flat=True))
    for shipped in SHIPPED_ROLES:
        if shipped.code in known:
            continue
        role = Role.objects.create(code=shipped.code, name=shipped.name, description=shipped.description)
        RoleGrant.objects.bulk_create(
            RoleGrant(role=role, kind=kind, verb=verb, reach=reach)
            for kind, verbs in shipped.grants.items()
            for verb, reach in verbs.items()
        )
