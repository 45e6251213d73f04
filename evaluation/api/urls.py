from rest_framework.routers import SimpleRouter

from evaluation.api import viewsets

router = SimpleRouter(use_regex_path=False)
router.register("measurements", viewsets.MeasurementViewSet, "measurement")

urlpatterns = router.urls
