"""Whether what is under way is looked after: open opportunities, and quotes that were sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.pipeline import PIPELINE_VALUE
from evaluation.kpis.rows import alive, channel_of

# Within so many days somebody was in touch. Part of the definition, as is the window below.
TOUCHED = timedelta(days=30)

# With the customer, about the opportunity, and not just tried: a note is no contact, nor is what we do among ourselves.
_LAST_TOUCH = f"""(SELECT touch.at FROM customers_activity AS touch
            WHERE touch.about_kind = 'opportunity' AND touch.about_id = opportunity.id AND touch.at < period.instant
                AND touch.at >= period.instant - interval '{TOUCHED.days} days' AND touch.type <> 'note'
                AND touch.direction <> 'none' AND touch.outcome <> 'not_reached' AND {alive("touch")}
            ORDER BY touch.at DESC, touch.id DESC LIMIT 1)"""

TOUCH_COVERAGE = Kpi(
    code="touch_coverage",
    version=1,
    name=_("Opportunities in touch"),
    meaning=_("Of the opportunities open at the end of the period, the share with contact in the last 30 days."),
    formula=_("With contact about them in the 30 days before / opportunities open at that moment"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="win_rate",  # a call is soon made
    on_dashboard=False,
    source=_("Stage changes of opportunities, and activities about them"),
    facts=replace(
        PIPELINE_VALUE.facts,
        value="NULL::float8",
        numerator=f"({_LAST_TOUCH} IS NOT NULL)::int",
        issue="NULL::text",
        shown={"stage": PIPELINE_VALUE.facts.shown["stage"], "last_contact_at": _LAST_TOUCH},
    ),
)

# So long a quote has to become an order.
WINDOW = timedelta(days=90)

_OVER = f"(quote.sent_at + interval '{WINDOW.days} days')"

PURCHASE_CONVERSION = Kpi(
    code="purchase_conversion",
    version=1,
    name=_("Quotes ordered"),
    meaning=_("Of the quotes sent in the period, the share that became orders within 90 days."),
    formula=_("Ordered within 90 days / quotes first sent in the period; all versions of a quote are one"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=WINDOW,
    guard="average_sale",  # a discount wins orders too
    on_dashboard=False,
    flag_as_of="state_of_today",
    source=_("Quotes and the orders made of them"),
    facts=Facts(
        source=f"""sales_quote AS quote LEFT JOIN LATERAL (
                SELECT made.number, made.ordered_at FROM sales_quote AS version
                JOIN sales_order AS made ON made.id = version.order_id
                WHERE version.number = quote.number AND {alive("made")} AND made.ordered_at < period.known
                    AND made.ordered_at <= {_OVER}
                ORDER BY made.ordered_at, made.id LIMIT 1) AS bought ON TRUE""",
        # A new version is the same quote: it counts once, from the day its first one was sent.
        where=f"""quote.sent_at >= period.starts AND quote.sent_at < period.ends AND {alive("quote")}
            AND NOT EXISTS (SELECT FROM sales_quote AS before WHERE before.number = quote.number
                AND before.revision < quote.revision AND before.sent_at IS NOT NULL AND {alive("before")})""",
        kinds=("quote",),
        record="quote.id",
        label="quote.number",
        moment="quote.sent_at",
        numerator="(bought.ordered_at IS NOT NULL)::int",
        ripe=f"bought.ordered_at IS NOT NULL OR {_OVER} < period.seen",
        dimensions={
            "person": "quote.owner_id",
            "team": "quote.team_id",
            "channel": channel_of("quote"),
            "customer": "quote.customer_id",
        },
        shown={"sent_at": "quote.sent_at", "order": "bought.number", "ordered_at": "bought.ordered_at"},
    ),
)

KPIS = (TOUCH_COVERAGE, PURCHASE_CONVERSION)
