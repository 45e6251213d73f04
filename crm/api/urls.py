"""/api/v1/: each app adds its viewsets in its own api/urls.py; here they meet under one prefix."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from crm.api.attachments import AttachmentViewSet
from crm.api.configured import PersonViewSet, TeamViewSet
from crm.api.custom_fields import CustomFieldViewSet
from crm.api.following import FollowerViewSet, ReminderViewSet
from crm.api.operations import OperationViewSet

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("files", AttachmentViewSet, "attachment")
router.register("custom-fields", CustomFieldViewSet, "custom-field")
router.register("followers", FollowerViewSet, "follower")
router.register("reminders", ReminderViewSet, "reminder")
router.register("people", PersonViewSet, "person")
router.register("teams", TeamViewSet, "team")
router.register("operations", OperationViewSet, "operation")


@extend_schema(exclude=True)
class Unknown(APIView):
    """Addresses of the API that do not exist answer as the API does."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    *router.urls,
    path("", include("customers.api.urls")),
    path("", include("customers.sales.api.urls")),
    path("", include("service.api.urls")),
    path("", include("surveys.api.urls")),
    path("", include("evaluation.api.urls")),
    re_path(r"^.*$", Unknown.as_view(), name="unknown"),
]
