"""/api/v1/: each app adds its viewsets in its own api/urls.py; here they meet under one prefix."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from drf_spectacular.views import SpectacularJSONAPIView

from crm.api.errors import CONTENT_TYPE, document

app_name = "api"


@method_decorator(login_not_required, name="dispatch")
class Unknown(View):
    """Addresses of the API that do not exist answer as the API does."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        return JsonResponse(document(404, None, request.path), status=404, content_type=CONTENT_TYPE)


urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("", include("customers.api.urls")),
    path("", include("customers.sales.api.urls")),
    path("", include("service.api.urls")),
    path("", include("surveys.api.urls")),
    path("", include("evaluation.api.urls")),
    re_path(r"^.*$", Unknown.as_view(), name="unknown"),
]
