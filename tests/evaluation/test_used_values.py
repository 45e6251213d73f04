from django.utils import timezone, translation

from evaluation.views.used_values import record_name, used

FIELDS = {
    "outcome": "won", "amount": 7200.0, "won_at": "2026-05-04T10:53:00+00:00", "expected_close": "2026-06-01",
    "automatic": False, "stage": "Offer", "comment": "2026-13-45", "rate": None, "new_column": 3,
}  # fmt: skip


def test_what_was_used_is_said_in_words_dates_and_numbers_of_the_reader():
    with timezone.override("Asia/Shanghai"):
        english = used(FIELDS)
        with translation.override("zh-hans"):
            chinese = used(FIELDS)
    assert english == (
        "Outcome: won, Amount: 7,200, Won on: May 4, 2026, 6:53 p.m. CST, Expected close: June 1, 2026, "
        "By itself: no, Stage: Offer, Comment: 2026-13-45, new column: 3"
    )
    assert chinese.startswith("结果：赢单、金额：7,200、赢单时间：2026年5月4日 18:53 CST、预计成交日期：2026年6月1日、")


def test_a_shipped_survey_is_called_in_the_readers_language_in_evidence():
    asked = "Satisfaction with a resolved ticket"
    with translation.override("zh-hans"):
        assert record_name(f"{asked}: 5", "response") == "工单解决满意度：5"
        assert record_name(asked, "invitation") == "工单解决满意度"
        assert record_name("我们的问卷: 3", "response") == "我们的问卷：3"
        assert record_name("Recommendation", "opportunity") == "Recommendation"
    assert record_name(f"{asked}: 5", "response") == f"{asked}: 5"
    assert record_name(None, "response") == ""


def test_a_cost_is_called_by_its_month_and_the_name_of_its_category():
    assert record_name("2026-09 salaries", "cost") == "2026-09, salaries"
    with translation.override("zh-hans"):
        assert record_name("2026-09 agency", "cost") == "2026-09、代理机构"
