from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view

from crm.access.permissions import Verb
from crm.api.viewsets import RecordViewSet
from customers.sales.actions import quotas
from customers.sales.api import filters, serializers
from customers.sales.models import Quota
from customers.sales.models.forecast_figures import teams_within_reach


@extend_schema_view(list=extend_schema(summary="Quotas, month by month"))
class QuotaViewSet(RecordViewSet):
    model = Quota
    serializer_class = serializers.QuotaSerializer
    filterset_class = filters.QuotaFilter
    ordering = ("month", "pk")

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Quota:
        self._answer_for(values)
        return quotas.create(by=by, at=at, **values)

    def update_record(self, record: Quota, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        self._answer_for(values)
        return quotas.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Quota, *, by: Any, at: datetime) -> None:
        quotas.delete(record, by=by, at=at)

    def _answer_for(self, values: dict[str, Any]) -> None:
        """Whose quota it is said to be has to be somebody the caller answers for."""
        owner = values.get("owner")
        wanted = {team.pk for team in (values.get("for_team"), values.get("team")) if team is not None}
        wanted |= {owner.team_id} if owner is not None else set()
        if wanted and not wanted <= {team.pk for team in teams_within_reach(self.request.user, Verb.EDIT, "quota")}:
            raise PermissionDenied(_("You do not answer for this team."))
