from rest_framework.routers import SimpleRouter

from customers.api import viewsets

router = SimpleRouter(use_regex_path=False)
router.register("customers", viewsets.CustomerViewSet, "customer")
router.register("contacts", viewsets.ContactViewSet, "contact")
router.register("activities", viewsets.ActivityViewSet, "activity")
router.register("tasks", viewsets.TaskViewSet, "task")

urlpatterns = router.urls
