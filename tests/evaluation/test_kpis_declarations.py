"""Every declaration is complete, and changing what a number means needs a new version."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.utils.functional import Promise

from crm.access import kinds
from evaluation import kpis
from evaluation.kpis import GROUPS, Aggregation, Method, Time, Unit

KNOWN = Path(__file__).with_name("kpi_versions.json")


def test_the_kpis_are_these():
    assert sorted(kpi.code for kpi in kpis.all_kpis()) == [
        "active_customers",
        "at_risk_churn_rate",
        "average_sale",
        "cac",
        "cac_lagged",
        "cac_lagged_last_touch",
        "cac_last_touch",
        "cac_paid",
        "cac_paid_last_touch",
        "cac_payback",
        "cac_payback_last_touch",
        "cac_payback_margin",
        "cac_payback_margin_last_touch",
        "campaign_margin_roi",
        "campaign_margin_roi_last_touch",
        "campaign_return",
        "campaign_return_last_touch",
        "campaign_roi",
        "campaign_roi_last_touch",
        "churn_rate",
        "clv_to_cac",
        "clv_to_cac_last_touch",
        "clv_to_cac_margin",
        "clv_to_cac_margin_last_touch",
        "cohort_win_rate",
        "credited_quota_attainment",
        "credited_revenue",
        "cross_sell_rate",
        "csat",
        "customer_base_growth",
        "first_response_time",
        "follow_up_frequency",
        "follow_ups",
        "forecast_accuracy",
        "forecast_bias",
        "funnel_conversion",
        "gross_margin",
        "gross_revenue_retention",
        "historic_margin",
        "historic_value",
        "in_period_repeat_rate",
        "lead_conversion",
        "lead_conversion_last_touch",
        "leads_in_time",
        "net_revenue_retention",
        "new_customer_growth",
        "new_customers",
        "next_step_coverage",
        "nps",
        "open_opportunity_age",
        "pipeline_value",
        "purchase_conversion",
        "quota_attainment",
        "renewal_rate",
        "renewal_rate_by_value",
        "reopen_rate",
        "repeat_purchase_rate",
        "resolution_rate",
        "resolution_time",
        "response_rate",
        "retention_rate",
        "returning_customers",
        "revenue",
        "revenue_churn",
        "revenue_per_customer",
        "revenue_per_customer_median",
        "sales_cycle",
        "sales_cycle_mean",
        "sales_cycle_p75",
        "sales_growth",
        "sales_velocity",
        "series_per_customer",
        "sla_attainment",
        "speed_to_lead",
        "speed_to_lead_p90",
        "time_to_close",
        "touch_coverage",
        "units_sold",
        "upsell_rate",
        "upsell_value_share",
        "weighted_pipeline",
        "win_rate",
        "win_rate_by_value",
        "won_back_customers",
    ]


def test_a_changed_definition_has_a_new_version():
    """Whoever changes a definition raises its version and writes the new digest down here: on purpose, both."""
    known = json.loads(KNOWN.read_text())
    assert {kpi.code: {"version": kpi.version, "digest": kpi.digest} for kpi in kpis.all_kpis()} == known


def test_words_can_be_translated_and_everything_named_exists():
    codes = {kpi.code for kpi in kpis.all_kpis()}
    for kpi in kpis.all_kpis():
        assert all(isinstance(text, Promise) for text in (kpi.name, kpi.meaning, kpi.formula, *kpi.issues.values()))
        assert kpi.group in GROUPS
        assert kpi.guard in codes - {kpi.code}
        assert set(kpi.beside) <= codes - {kpi.code}
        assert kpi.source
        for kind in kpi.facts.kinds:
            assert kinds.get(kind).model is not None


def test_every_issue_a_statement_names_is_explained():
    for kpi in kpis.all_kpis():
        named = set(re.findall(r"(?:THEN|ELSE) '(\w+)'", kpi.facts.issue))
        assert named == set(kpi.issues), kpi.code


def test_the_interval_and_the_smallest_number_fit_the_kind_of_number():
    for kpi in kpis.all_kpis():
        expected = {
            Aggregation.RATIO: (Method.WILSON, 30, Unit.RATIO),
            Aggregation.NET_SHARE: (Method.NPS, 30, Unit.POINTS),
            Aggregation.INCIDENCE: (Method.EFFECTIVE, 30, Unit.RATIO),
            Aggregation.SURVIVAL: (Method.LOG_LOG, 10, Unit.SECONDS),
            Aggregation.MEDIAN: (Method.ORDER_STATISTICS, 10, Unit.MONEY if kpi.unit == Unit.MONEY else Unit.SECONDS),
        }.get(kpi.aggregation)
        if kpi.aggregation == Aggregation.GROWTH:
            assert (kpi.minimum_n, kpi.unit, kpi.ends) == (30, Unit.RATIO, (-1.0, None))
        elif expected:
            assert (kpi.interval, kpi.minimum_n, kpi.unit) == expected
        else:
            assert kpi.minimum_n == 0
        if kpi.facts.ripe != "TRUE":
            assert kpi.time == Time.COHORT
            assert kpi.matures_after


def test_words_may_be_corrected_without_a_new_version():
    from dataclasses import replace

    kpi = kpis.get("win_rate")
    assert replace(kpi, name="Share won", guard="csat").digest == kpi.digest
    assert replace(kpi, minimum_n=10).digest != kpi.digest
