from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import records
from crm.models.saved_view import ChosenColumns, SavedView
from crm.models.sharing import audiences_open_to


def save(
    *, list_code: str, name: str, query: str, audience: str, is_default: bool = False, by: Any, at: datetime
) -> SavedView:
    """Keep a list as it is arranged now under a name, for oneself or for those the role may share with."""
    _check_audience(by, audience)
    view = SavedView(
        list_code=list_code,
        name=name,
        query=query,
        audience=audience,
        owner=by,
        team=by.team if audience == SavedView.Audience.TEAM else None,
        is_default=is_default,
    )
    return records.create(view, by=by, at=at)


def change(*, view: SavedView, by: Any, at: datetime, **changes: Any) -> SavedView:
    """Rename, share otherwise, or take over a new arrangement."""
    audience = changes.get("audience", view.audience)
    if audience != view.audience:
        _check_audience(by, audience)
        changes["team"] = by.team if audience == SavedView.Audience.TEAM else None
    return records.update(view, changes, by=by, at=at)


def delete(*, view: SavedView, by: Any, at: datetime) -> SavedView:
    return records.delete(view, by=by, at=at)


def restore(*, view: SavedView, by: Any, at: datetime) -> SavedView:
    """Back as it was; where its owner made another of its name meanwhile, that one stays and this is refused."""
    if SavedView.objects.alive().of(view.list_code).filter(owner=view.owner, name=view.name).exists():  # scoped: a name
        raise ValidationError(_("There is a view of this name already."))
    return records.restore(view, by=by, at=at)


@transaction.atomic
def choose_columns(*, list_code: str, columns: list[str], by: Any) -> None:
    """Remember which columns of a list a person wants to see; none means the ones it came with."""
    if not columns:
        ChosenColumns.objects.filter(user=by, list_code=list_code).delete()
        return
    ChosenColumns.objects.update_or_create(user=by, list_code=list_code, defaults={"columns": columns})


def _check_audience(by: Any, audience: str) -> None:
    if audience not in dict(audiences_open_to(by, SavedView.kind)):
        raise PermissionDenied(_("Your role does not allow sharing a view that far."))
