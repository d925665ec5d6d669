"""How large a pool must be for functions at their peak: busy no more than wanted, and proven by the judge of templates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.budget import judge
from constructs_lib.model.profile import StoreProfile
from constructs_lib.model.proposal import fleet_of, pool_of, roomy
from constructs_lib.model.quantity import Number
from constructs_lib.model.queueing import Averages, averages
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.model.workload import Workload


def least_pool(workloads: Sequence[Workload], utilisation_percent: int) -> int:
    """Connections that carry the peak's transactions at that utilisation, at least one."""
    busy = sum((Fraction(item.busy_connections) for item in workloads), Fraction(0))
    return max(1, math.ceil(busy * 100 / utilisation_percent))


def concurrency_at(workloads: Sequence[Workload], pool: int) -> tuple[int, ...]:
    """Reserved executions per function that carry the peak although transactions wait, on average, at a pool of that size.

    The pool must be able to carry the peak (``least_pool``), or have a connection for everybody: then the counts come to rest.
    """
    counts = tuple(item.concurrency for item in workloads)
    while True:
        mean = pool_averages(workloads, counts, pool)
        wait = mean_wait(mean)
        grown = tuple(
            max(old, item.reserved or item.needed_concurrency(wait))
            for old, item in zip(counts, workloads, strict=True)
        )
        if grown == counts:
            return counts
        counts = grown


def mean_wait(mean: Averages | None) -> Number:
    """The average wait in seconds, without the noise of its last digits; none where there is no pool."""
    return Fraction(round((0 if mean is None else mean.wait_seconds) * 1_000_000), 1_000_000)


def pool_averages(workloads: Sequence[Workload], counts: Sequence[int], pool: int) -> Averages | None:
    """Averages of a pool whose environments are all busy: every function with the mean hold and the mean time between transactions."""
    full = sum(count * item.transactions / item.duration_seconds for count, item in zip(counts, workloads, strict=True))
    if pool < 1 or not full:
        return None
    rates = [Fraction(item.rate) * item.transactions for item in workloads]
    hold = sum(rate * item.usual_hold_seconds for rate, item in zip(rates, workloads, strict=True)) / sum(rates)
    think = max(0.0, float(sum(counts) / Fraction(full) - hold))
    return averages(sum(counts), pool, think, float(hold))


@dataclass(frozen=True)
class Trial:
    """Pools of several sizes in front of the same functions."""

    store: StoreProfile
    workloads: tuple[Workload, ...]
    borrow_timeout_seconds: int
    settings: Settings

    def smallest(self, least: int) -> int:
        """The smallest pool from ``least`` up that is proven. As many connections as clients always are (proof A)."""
        low, high = least, max(least, sum(concurrency_at(self.workloads, least)))
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.proven(middle) else (middle + 1, high)
        while low > least and self.proven(low - 1):
            low -= 1
        return low

    def proven(self, pool: int) -> bool:
        return self._judged(pool)[0] is Verdict.FITS

    def wait(self, pool: int) -> Number:
        """The proven wait in seconds; the borrow timeout ends it at the latest."""
        bound = self._judged(pool)[1]
        return self.borrow_timeout_seconds if bound is None else min(bound, self.borrow_timeout_seconds)

    def _judged(self, pool: int) -> tuple[Verdict, Number | None]:
        front = pool_of(self.store, self.borrow_timeout_seconds, connections=pool)
        counts = concurrency_at(self.workloads, pool)
        judged = judge(fleet_of(roomy(self.store), front, self.workloads, counts), self.settings).stores[0].pools[0]
        return judged.verdict, judged.wait.high
