"""The composition root: names the apps as strings and imports none of them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("crm.web.urls")),
    path("", include("customers.urls")),
    path("sales/", include("customers.sales.urls")),
    path("service/", include("service.urls")),
    path("", include("surveys.urls")),
    path("evaluation/", include("evaluation.urls")),
    path("api/v1/", include("crm.api.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
