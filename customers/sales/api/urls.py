from rest_framework.routers import SimpleRouter

from customers.sales.api import configured, coverage, pipeline_history, viewsets
from customers.sales.api.around_opportunity import CompetitorViewSet
from customers.sales.api.campaigns import CampaignViewSet, CostViewSet
from customers.sales.api.contracts import ContractViewSet
from customers.sales.api.forecasts import ForecastViewSet
from customers.sales.api.leads import LeadViewSet
from customers.sales.api.mailings import MailingViewSet
from customers.sales.api.orders import OrderViewSet
from customers.sales.api.quotas import QuotaViewSet
from customers.sales.api.quotes import QuoteViewSet

router = SimpleRouter(use_regex_path=False)
router.register("pipelines", viewsets.PipelineViewSet, "pipeline")
router.register("currency-rates", viewsets.CurrencyRateViewSet, "currency-rate")
router.register("products", viewsets.ProductViewSet, "product")
router.register("leads", LeadViewSet, "lead")
router.register("opportunities", viewsets.OpportunityViewSet, "opportunity")
router.register("forecasts", ForecastViewSet, "forecast")
router.register("quotas", QuotaViewSet, "quota")
router.register("quotes", QuoteViewSet, "quote")
router.register("orders", OrderViewSet, "order")
router.register("contracts", ContractViewSet, "contract")
router.register("campaigns", CampaignViewSet, "campaign")
router.register("mailings", MailingViewSet, "mailing")
router.register("costs", CostViewSet, "cost")
router.register("competitors", CompetitorViewSet, "competitor")
router.register("next-step-coverage", coverage.CoverageViewSet, "next-step-coverage")
router.register("pipeline-as-of", pipeline_history.PipelineAsOfViewSet, "pipeline-as-of")
router.register("waterfall", pipeline_history.WaterfallViewSet, "waterfall")
router.register("waterfall-records", pipeline_history.WaterfallRecordsViewSet, "waterfall-records")
router.register("stage-conversion", pipeline_history.StageConversionViewSet, "stage-conversion")
router.register("discard-reasons", configured.DiscardReasonViewSet, "discard-reason")
router.register("lost-reasons", configured.LostReasonViewSet, "lost-reason")
router.register("return-reasons", configured.ReturnReasonViewSet, "return-reason")
router.register("price-lists", configured.PriceListViewSet, "price-list")
router.register("unit-costs", configured.UnitCostViewSet, "unit-cost")
router.register("lead-questions", configured.LeadQuestionViewSet, "lead-question")
router.register("big-sale-rules", configured.BigSaleRuleViewSet, "big-sale-rule")
router.register("lead-rules", configured.LeadRuleViewSet, "lead-rule")
router.register("lead-score-rules", configured.LeadScoreRuleViewSet, "lead-score-rule")

urlpatterns = router.urls
