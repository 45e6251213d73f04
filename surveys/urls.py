from django.urls import path

from surveys.lists.answers import InvitationList, ResponseList, SurveyList
from surveys.views import panels, surveys
from surveys.views.public import AnswerPage

urlpatterns = [
    path("s/<str:token>/", AnswerPage.as_view(), name="survey-answer"),
    path("surveys/", SurveyList.as_view(), name="survey-list"),
    *SurveyList.extra_urls("surveys/", "survey-list"),
    path("surveys/<int:pk>/", surveys.detail, name="survey-detail"),
    path("responses/", ResponseList.as_view(), name="response-list"),
    *ResponseList.extra_urls("responses/", "response-list"),
    path("responses/<int:pk>/", surveys.response, name="response-detail"),
    path("invitations/", InvitationList.as_view(), name="invitation-list"),
    *InvitationList.extra_urls("invitations/", "invitation-list"),
    path("invitations/new/", surveys.Invite.as_view(), name="invitation-new"),
    path("invitations/<int:pk>/", surveys.invitation, name="invitation-detail"),
    path("surveys/customers/<int:pk>/", panels.of_customer, name="customer-responses"),
    path("surveys/tickets/<int:pk>/", panels.of_ticket, name="ticket-survey"),
]
