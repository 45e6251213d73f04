from rest_framework.routers import SimpleRouter

from evaluation.api import staying, viewsets

router = SimpleRouter(use_regex_path=False)
router.register("measurements", viewsets.MeasurementViewSet, "measurement")
router.register("retention-curves", staying.RetentionCurveViewSet, "retention-curve")
router.register("churn-reasons", staying.ChurnReasonViewSet, "churn-reason")

urlpatterns = router.urls
