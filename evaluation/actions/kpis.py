"""Keeps the table of KPI versions in step with the declarations."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluation import kpis
from evaluation.models import KpiVersion


@transaction.atomic
def sync_versions(*, at: datetime) -> dict[str, KpiVersion]:
    """The version in force of every KPI, by code; writes one only where a definition is new."""
    known = {version.code: version for version in KpiVersion.objects.in_force()}
    for kpi in kpis.all_kpis():
        version = known.get(kpi.code)
        if version is None or (version.version, version.digest) != (kpi.version, kpi.digest):
            known[kpi.code] = _put_in_force(kpi, at)
    return known


def _put_in_force(kpi: kpis.Kpi, at: datetime) -> KpiVersion:
    """An earlier definition that is taken up again is in force from now on once more."""
    version, _ = KpiVersion.objects.update_or_create(
        code=kpi.code, version=kpi.version, digest=kpi.digest, defaults={"valid_from": at}
    )
    return version
