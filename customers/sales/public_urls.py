"""Pages of sales for people without an account."""

from django.urls import URLPattern, path

from customers.sales.views.lead_form import LeadFormPage

urlpatterns: list[URLPattern] = [path("f/<slug:key>/", LeadFormPage.as_view(), name="lead-form")]
