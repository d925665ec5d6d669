"""How far one function behind a pool may grow while every proof still holds."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.model.capacity import Capacity
from constructs_lib.model.demand import Demand
from constructs_lib.model.pools import PoolBudget, Verdict, judge_pool
from constructs_lib.model.quantity import Quantity


def largest_through_pool(pool: PoolBudget, capacity: Capacity, demand: Demand, ceiling: int) -> int:
    """The most environments of one client of a pool, at most ``ceiling``, that provably fit while all others stay as they are.

    Zero when not even one fits. More clients never wait less, so the edge is found by halving.
    """
    if not _fits(pool, capacity, demand, 1):
        return 0
    fits, too_many = 1, ceiling + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if _fits(pool, capacity, demand, middle):
            fits = middle
        else:
            too_many = middle
    return min(fits, ceiling)


def _fits(pool: PoolBudget, capacity: Capacity, demand: Demand, environments: int) -> bool:
    grown = replace(demand, environments=Quantity.exact(environments))
    demands = tuple(grown if other is demand else other for other in pool.demands)
    return judge_pool(pool.pool, capacity, demands).verdict is Verdict.FITS
