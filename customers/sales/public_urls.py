"""Pages of sales for people without an account."""

from django.urls import URLPattern, path

from customers.sales.views.lead_form import Confirmation, LeadFormPage
from customers.sales.views.lead_source import LeadSourceDoor
from customers.sales.views.public_mailing import UnsubscriptionPage
from customers.sales.views.public_quote import AnswerPage, PublicPdf

urlpatterns: list[URLPattern] = [
    path("f/<slug:key>/", LeadFormPage.as_view(), name="lead-form"),
    path("f/confirmation/<str:token>/", Confirmation.as_view(), name="lead-confirmation"),
    path("f/source/<slug:key>/", LeadSourceDoor.as_view(), name="lead-source"),
    path("m/<str:token>/", UnsubscriptionPage.as_view(), name="unsubscription"),
    path("q/<str:token>/", AnswerPage.as_view(), name="quote-answer"),
    path("q/<str:token>/pdf/", PublicPdf.as_view(), name="quote-answer-pdf"),
]
