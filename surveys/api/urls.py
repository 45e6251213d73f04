from rest_framework.routers import SimpleRouter

from surveys.api import viewsets

router = SimpleRouter(use_regex_path=False)
router.register("surveys", viewsets.SurveyViewSet, "survey")
router.register("invitations", viewsets.InvitationViewSet, "invitation")
router.register("responses", viewsets.ResponseViewSet, "response")

urlpatterns = router.urls
