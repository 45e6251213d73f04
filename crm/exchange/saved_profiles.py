"""Profiles that people save in the wizard, to read the next file the same way."""

from __future__ import annotations

from datetime import datetime

from crm.models.import_batch import ImportBatch, ImportProfile


def keep(batch: ImportBatch, name: str, *, at: datetime) -> ImportProfile | None:
    """Save the batch's profile under a name; the same name again replaces it. Without a name nothing is saved."""
    if not name.strip():
        return None
    profile, _is_new = ImportProfile.objects.update_or_create(
        by=batch.by,
        target=batch.target,
        name=name.strip(),
        defaults={"content": batch.profile, "team": batch.team, "updated_at": at},
    )
    return profile
