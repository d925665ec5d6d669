"""The largest values that fit: what a finding proposes instead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.demand import TENANT_ISOLATION_FACTOR, Demand
from constructs_lib.model.quantity import Number, Quantity, format_number
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._wording import listed

Shares = tuple[tuple[str, int], ...]


def largest_direct(item: StoreBudget) -> int:
    """The most direct connections, deploy overlap included, that provably fit beside the store's pools."""
    low, high = 0, math.floor(item.capacity.usable.high or 0)
    while low < high:
        middle = (low + high + 1) // 2
        if item.compare(Quantity.exact(middle)) is Verdict.FITS:
            low = middle
        else:
            high = middle - 1
    return low


def shares(room: Number, demands: Sequence[Demand]) -> Shares:
    """Reserved concurrency for each function in proportion to what it asks for, together at most ``room`` connections.

    Functions without a bound ask for equal shares. Nothing is left over that one more execution could use.
    """
    asked = [_asked(demand) for demand in demands]
    whole = sum(ask * cost(demand, 1) for ask, demand in zip(asked, demands, strict=True))
    given = [math.floor(Fraction(ask * room) / whole) if whole else 0 for ask in asked]
    for index, demand in enumerate(demands):
        while given[index] and cost(demand, given[index]) > Fraction(asked[index] * cost(demand, 1) * room) / whole:
            given[index] -= 1
    left = room - sum(cost(demand, count) for demand, count in zip(demands, given, strict=True))
    for index, demand in enumerate(demands):
        while (more := cost(demand, given[index] + 1) - cost(demand, given[index])) <= left and more:
            given[index], left = given[index] + 1, left - more
    return tuple((demand.consumer.id, count) for demand, count in zip(demands, given, strict=True))


def cost(demand: Demand, executions: int) -> Number:
    """Connections a function may hold when it reserves that many concurrent executions; frozen environments hold sockets only."""
    environments: Number = executions
    sockets = demand.connection.via == "direct" or demand.connection.pins_session
    if demand.consumer.tenant_isolation and sockets:
        environments = math.ceil(executions * TENANT_ISOLATION_FACTOR.value)
    each = demand.per_environment.high
    return environments * max(1, demand.per_environment.low if each is None else each) * demand.overlap


def _asked(demand: Demand) -> Number:
    return demand.environments.low if demand.bounded and demand.environments.low else 1


def spelled(given: Shares) -> str:
    """``28 for Api and 14 for Worker``."""
    return listed(f"{format_number(count)} for {name}" for name, count in given)
