from rest_framework.routers import SimpleRouter

from customers.api import configured, today, viewsets
from customers.api.duplicates import DuplicateViewSet
from customers.api.emails import EmailViewSet
from customers.api.erasures import ErasureViewSet
from customers.api.planning import CalendarViewSet
from customers.api.pool import PoolViewSet
from customers.api.segments import SegmentViewSet

router = SimpleRouter(use_regex_path=False)
router.register("customers", viewsets.CustomerViewSet, "customer")
router.register("segments", SegmentViewSet, "segment")
router.register("pool", PoolViewSet, "pool")
router.register("duplicates", DuplicateViewSet, "duplicate")
router.register("contacts", viewsets.ContactViewSet, "contact")
router.register("activities", viewsets.ActivityViewSet, "activity")
router.register("emails", EmailViewSet, "email")
router.register("tasks", viewsets.TaskViewSet, "task")
router.register("calendar", CalendarViewSet, "calendar")
router.register("today", today.TodayViewSet, "today")
router.register("erasures", ErasureViewSet, "erasure")
router.register("leaving-reasons", configured.LeavingReasonViewSet, "leaving-reason")
router.register("source-channels", configured.SourceChannelViewSet, "source-channel")
router.register("purposes", configured.PurposeViewSet, "purpose")
router.register("tags", configured.TagViewSet, "tag")
router.register("pool-rules", configured.PoolRuleViewSet, "pool-rule")
router.register("cadence-rules", configured.CadenceRuleViewSet, "cadence-rule")

urlpatterns = router.urls
