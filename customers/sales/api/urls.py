from rest_framework.routers import SimpleRouter

from customers.sales.api import viewsets

router = SimpleRouter(use_regex_path=False)
router.register("pipelines", viewsets.PipelineViewSet, "pipeline")
router.register("products", viewsets.ProductViewSet, "product")
router.register("leads", viewsets.LeadViewSet, "lead")
router.register("opportunities", viewsets.OpportunityViewSet, "opportunity")
router.register("orders", viewsets.OrderViewSet, "order")

urlpatterns = router.urls
