from rest_framework.routers import SimpleRouter

from service.api import viewsets
from service.api.configured import TicketStateViewSet

router = SimpleRouter(use_regex_path=False)
router.register("queues", viewsets.QueueViewSet, "queue")
router.register("tickets", viewsets.TicketViewSet, "ticket")
router.register("ticket-states", TicketStateViewSet, "ticket-state")

urlpatterns = router.urls
