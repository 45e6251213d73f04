"""The composition root: names the apps as strings and imports none of them."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

# The admin site has no door of its own: the one sign-in with its limits and its second step serves both.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler500 = "crm.api.errors.server_error"

urlpatterns = [
    path("", include("crm.web.urls")),
    path("", include("customers.urls")),
    path("", include("customers.sales.public_urls")),
    path("sales/", include("customers.sales.urls")),
    path("service/", include("service.urls")),
    path("", include("surveys.urls")),
    path("evaluation/", include("evaluation.urls")),
    path("api/v1/", include("crm.api.urls")),
    path("accounts/", include("crm.web.account_urls")),
    path("admin/", admin.site.urls),
]
