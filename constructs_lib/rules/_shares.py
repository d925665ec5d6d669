"""Proxies that share one target: what they may open together, and the largest share that fits."""

from __future__ import annotations

import math
from fractions import Fraction

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.pools import PoolBudget, pool_percent
from constructs_lib.model.quantity import Quantity, format_number, total

WHOLE = 100


def proxies_of(item: StoreBudget) -> list[PoolBudget]:
    """The RDS proxies of a store; poolers with a size of their own take no percentage."""
    return [budget for budget in item.pools if budget.pool.kind == "rds-proxy" and budget.pool.connections is None]


def percent_together(item: StoreBudget) -> Quantity:
    """The sum of the proxies' percentages, each with AWS's default where it is not set."""
    return total([pool_percent(budget.pool) for budget in proxies_of(item)])


def over_the_whole(item: StoreBudget) -> bool:
    """Whether several proxies surely take more than all of their target between them."""
    return len(proxies_of(item)) > 1 and percent_together(item).low > WHOLE


def share_label(budget: PoolBudget) -> str:
    """``pool of Proxy (100 %, the default)``."""
    pool = budget.pool
    if pool.connections is not None:
        return f"pool of {pool.id}"
    return f"pool of {pool.id} ({pool_percent(pool)} %{', the default' if pool.percent is None else ''})"


def largest_share(item: StoreBudget, names: str) -> str:
    """What to set the pools' percentages to; what direct clients surely open is left to them."""
    limit = item.capacity.max_connections.low
    direct = total([demand.connections for demand in item.direct]).low
    left = max(0, item.capacity.usable.low - direct)
    if limit == 0:
        return f"pin max_connections of {item.store.id}, then set MaxConnectionsPercent of {names} below 100 % less what is kept back"
    percent = math.floor(Fraction(100 * math.floor(left)) / Fraction(limit))
    if percent < 1:
        return f"raise max_connections of {item.store.id}: nothing of {format_number(limit)} is left for a pool"
    together = " together" if len(item.pools) > 1 else ""
    return f"set MaxConnectionsPercent of {names}{together} to at most {percent}: {format_number(left)} of {format_number(limit)} are left"
