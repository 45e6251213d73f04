"""Who is a customer: whoever has a running contract, or bought something a short while ago; and since when."""

from __future__ import annotations

from evaluation.kpis.contracts import KNOWN, SIGN, in_force
from evaluation.kpis.rows import alive, purchases

# Part of the definition: another number of days is another version.
WINDOW_DAYS = 365


def _clock(moment: str) -> str:
    return f"({moment} AT TIME ZONE period.zone)"


def started(since: str, until: str, customer: str = "") -> str:
    """Contracts that began to run between two moments, in the columns of purchases; not those taken back."""
    of_customer = f"AND contract.customer_id = {customer}" if customer else ""
    return f"""SELECT contract.customer_id, moved.counts_from::timestamp AT TIME ZONE period.zone, moved.owner_id,
            moved.team_id, contract.product_id, NULL::numeric, contract.currency, 'contract', contract.id
        FROM sales_contractmovement AS moved JOIN sales_contract AS contract ON contract.id = moved.contract_id
        WHERE moved.type IN ('new', 'reactivation') AND moved.counts_from >= {_clock(since)}
            AND moved.counts_from < {_clock(until)} AND moved.agreed_on < {KNOWN} AND {in_force("moved")}
            AND {alive("contract")} {of_customer}"""


def beginnings(since: str, until: str, customer: str = "") -> str:
    """Purchases, and contracts that began: what makes somebody a customer."""
    return f"{purchases(since, until, customer)} UNION ALL {started(since, until, customer)}"


def running(instant: str, customer: str = "") -> str:
    """Contracts that run at a moment, in the columns of purchases: credited to who agreed on the latest movement."""
    of_customer = f"AND contract.customer_id = {customer}" if customer else ""
    latest = "ORDER BY moved.counts_from DESC, moved.id DESC))[1]"
    return f"""SELECT contract.customer_id, max(moved.counts_from)::timestamp AT TIME ZONE period.zone,
            (array_agg(moved.owner_id {latest}, (array_agg(moved.team_id {latest},
            contract.product_id, NULL::numeric, contract.currency, 'contract', contract.id
        FROM sales_contractmovement AS moved JOIN sales_contract AS contract ON contract.id = moved.contract_id
        WHERE moved.counts_from < {_clock(instant)} AND moved.agreed_on < {KNOWN} AND {alive("contract")} {of_customer}
        GROUP BY contract.id HAVING sum({SIGN}) > 0"""


def active(instant: str, alias: str) -> str:
    """Each customer who is active at a moment with the latest of what makes it so, so that parts add up to the whole:
    credited to whoever made that sale, or holds that contract."""
    return f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({purchases(f"{instant} - interval '{WINDOW_DAYS} days'", instant)}
                UNION ALL {running(instant)}) AS bought
            WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at DESC, bought.kind, bought.id DESC) AS {alias}"""
