from rest_framework.routers import SimpleRouter

from service.api import viewsets

router = SimpleRouter(use_regex_path=False)
router.register("queues", viewsets.QueueViewSet, "queue")
router.register("tickets", viewsets.TicketViewSet, "ticket")

urlpatterns = router.urls
