"""Why each number of a size is what it is: one line a number, with the sum it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.hosting import Host
from constructs_lib.model.obstacles import seconds
from constructs_lib.model.pool_search import mean_wait
from constructs_lib.model.quantity import Number, plain
from constructs_lib.model.sizing import Sizing
from constructs_lib.model.workload import Workload


@dataclass(frozen=True)
class Expected:
    """What the proposed numbers lead to: proven at worst, and on average with every environment busy (machine-repairman).

    ``utilisation`` is of the pool at the peak; ``transactions_per_second`` what the peak needs, ``ceiling_per_second`` the most that
    environments and pool carry.
    """

    longest_wait_seconds: Number
    average_wait_seconds: Number
    utilisation: float
    transactions_per_second: float
    ceiling_per_second: float


def expected(sizing: Sizing) -> Expected | None:
    """``None`` where no pool is proposed: nobody waits for a connection then."""
    if sizing.averages is None or sizing.host is None:
        return None
    busy = sum(float(item.busy_connections) for item in sizing.workloads)
    return Expected(
        longest_wait_seconds=sizing.longest_wait_seconds,
        average_wait_seconds=mean_wait(sizing.averages),
        utilisation=busy / sizing.pool,
        transactions_per_second=sum(float(item.rate * item.transactions) for item in sizing.workloads),
        ceiling_per_second=sizing.averages.throughput_per_second,
    )


def reasons(sizing: Sizing) -> Iterator[tuple[str, str]]:
    """(what, why) for every number of a size that was found."""
    for item, count in zip(sizing.workloads, sizing.concurrency, strict=True):
        yield f"reserved concurrency of {item.name}", concurrency_reason(item, count, mean_wait(sizing.averages))
    if sizing.host is None:
        return
    if sizing.pool:
        yield "pool", _pool_reason(sizing)
        yield "longest wait", _wait_reason(sizing)
    yield "max_connections", _limit_reason(sizing, sizing.host)
    yield "class", _class_reason(sizing, sizing.host)


def concurrency_reason(item: Workload, count: int, wait: Number) -> str:
    """Little's law, with the average wait where there is one."""
    if item.reserved is not None and item.peak_requests_per_second is None:
        return f"{count:,}, as its concurrency_limit says"
    waiting = (
        f" + {item.transactions} × {seconds(wait)} s of waiting"
        if item.needed_concurrency(wait) > item.needed_concurrency(0)
        else ""
    )
    needed = item.needed_concurrency(wait)
    spent = f"({seconds(item.duration_seconds)} s{waiting})" if waiting else f"{seconds(item.duration_seconds)} s"
    sum_ = f"{seconds(item.rate)} requests/s × {spent} = {seconds(item.rate * (item.duration_seconds + _waited(item, wait, waiting)))}"
    if item.reserved is not None:
        return f"{count:,}, as its concurrency_limit says; its peak needs {needed:,} ({sum_})"
    return f"{sum_}, rounded up to {count:,}"


def _waited(item: Workload, wait: Number, waiting: str) -> Number:
    return item.transactions * wait if waiting else 0


def _pool_reason(sizing: Sizing) -> str:
    busy = sum((Fraction(item.busy_connections) for item in sizing.workloads), Fraction(0))
    carrying = f"{seconds(busy)} connections are busy on average at the peak, at most {sizing.store.utilisation_percent} % of the pool"
    if sizing.pool >= sizing.clients:
        return f"one for each of {sizing.clients:,} environments: {carrying}, or nobody may wait"
    if sizing.pool == sizing.least_pool:
        return f"{carrying}: {math.ceil(busy * 100 / sizing.store.utilisation_percent):,}"
    return (
        f"the smallest that is proven: with {sizing.pool - 1:,} somebody might wait until the borrow timeout of "
        f"{sizing.borrow_timeout_seconds} s or its function's own ({carrying}: {sizing.least_pool:,})"
    )


def _wait_reason(sizing: Sizing) -> str:
    if not sizing.longest_wait_seconds:
        return "nobody waits: every environment has a connection of its own"
    return (
        f"{sizing.clients:,} clients of a pool of {sizing.pool:,}, each holding a connection as long as it may: proven, below the borrow "
        f"timeout of {sizing.borrow_timeout_seconds} s and inside every function's timeout"
    )


def _limit_reason(sizing: Sizing, host: Host) -> str:
    kept = f"{sizing.slots:,} kept by engine, operators and other clients"
    if not sizing.pool:
        demand = host.pin.max_connections - sizing.slots
        return f"{demand:,} that {sizing.clients:,} environments may open while a deploy replaces them + {kept}"
    return (
        f"the smallest whose {host.pin.percent} % is at least {sizing.pool:,} (it is {host.pin.pool:,}, at most {host.pin.opening:,} are "
        f"opened) and leaves {kept}"
    )


def _class_reason(sizing: Sizing, host: Host) -> str:
    memory = f"surely carries {host.memory_connections:,} connections by its memory"
    if host.vcpus is None:
        return f"{host.name} {memory}; AWS publishes no vCPUs per ACU: watch ACUUtilization"
    chosen = "as asked for" if sizing.store.instance_class else "the smallest of the current generations that does"
    bursts = "; burstable: sustained load above its CPU baseline spends credits" if host.burstable else ""
    working = host.pin.opening if sizing.pool else sizing.clients
    return f"{host.name} {memory}, and its {plain(host.vcpus)} vCPUs serve the {working:,} that may work at once; {chosen}{bursts}"
