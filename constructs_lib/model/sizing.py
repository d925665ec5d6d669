"""From what functions must carry to what they need: reserved concurrency, pool, max_connections, and the smallest class that fits.

Concurrency follows Little's law. The pool is the smallest that both carries the transactions per second at the wanted utilisation
and passes proof A or B. What is pinned leaves the engine's and the operators' connections outside the pool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.facts import classes, defaults, reserved
from constructs_lib.model.quantity import Number, format_number, to_number
from constructs_lib.model.queueing import little
from constructs_lib.model.settings import Settings
from constructs_lib.model.waiting import Holders, longest_wait

#: Above this share of a pool in use, waits grow fast with every further request; the rest carries bursts.
TARGET_UTILISATION = Fraction(7, 10)


@dataclass(frozen=True)
class Workload:
    """What one function must carry at its peak. Times in seconds, per invocation; ``hold`` is per transaction."""

    name: str
    peak_requests_per_second: Number
    duration_seconds: Number
    hold_seconds: Number
    transactions: int = 1
    timeout_seconds: Number = 30

    @property
    def concurrency(self) -> int:
        """Executions at the peak, at least one."""
        return max(1, little(self.peak_requests_per_second, self.duration_seconds))

    @property
    def busy_connections(self) -> Number:
        """Connections in use on average at the peak."""
        return self.peak_requests_per_second * self.transactions * self.hold_seconds

    @property
    def patience_seconds(self) -> Number:
        """The longest wait per transaction that still lets an invocation end before its timeout."""
        other = max(0, self.duration_seconds - self.transactions * self.hold_seconds)
        return Fraction(self.timeout_seconds - other) / self.transactions - self.hold_seconds


@dataclass(frozen=True)
class Sizing:
    """The numbers that fit together, or why none do.

    ``concurrency`` maps function to reserved executions; ``pool`` and ``max_connections`` are connections, ``percent`` the proxy's
    share; ``instance_class`` the smallest that carries them, ``None`` when no listed class does. ``why`` explains every number.
    """

    concurrency: tuple[tuple[str, int], ...]
    pool: int
    percent: int
    max_connections: int
    longest_wait_seconds: Number
    instance_class: str | None
    why: tuple[str, ...]


def size(
    workloads: Sequence[Workload],
    *,
    engine: str = "postgres",
    engine_version: str | None = None,
    borrow_timeout_seconds: Number = 5,
    aurora: bool = False,
    settings: Settings | None = None,
) -> Sizing:
    """Size one store behind a proxy for functions at their peak.

    Raises ``ValueError`` for no workloads, or one whose transactions cannot end before its timeout even without waiting.
    """
    _refuse(workloads)
    settings = settings or Settings()
    clients = sum(workload.concurrency for workload in workloads)
    carrying = math.ceil(sum(Fraction(w.busy_connections) for w in workloads) / TARGET_UTILISATION)
    pool = _smallest_pool(workloads, max(1, carrying), clients, borrow_timeout_seconds)
    wait = longest_wait(_holders(workloads), pool) or 0
    slots = reserved.engine_slots(engine, engine_version).connections + settings.operator_reserve
    maximum, percent = _pin(pool, slots)
    chosen, reason = _smallest_class(engine, engine_version, maximum, pool, aurora=aurora, settings=settings)
    why = (
        *(_concurrency_line(workload) for workload in workloads),
        f"{carrying} connections carry the peak's transactions at {format_number(TARGET_UTILISATION * 100)} % utilisation",
        (
            f"a pool of {pool} lets {clients} clients wait at most {format_number(wait)} s; "
            f"the borrow timeout is {format_number(borrow_timeout_seconds)} s"
        ),
        f"max_connections {maximum} = pool {pool} at {percent} % and at least {slots} kept by engine and operators",
        reason,
    )
    concurrency = tuple((workload.name, workload.concurrency) for workload in workloads)
    return Sizing(concurrency, pool, percent, maximum, wait, chosen, why)


def _refuse(workloads: Sequence[Workload]) -> None:
    if not workloads:
        raise ValueError("sizing needs at least one function with a peak, got none")
    hopeless = [w.name for w in workloads if w.patience_seconds < 0 or w.hold_seconds <= 0 or w.duration_seconds <= 0]
    if hopeless:
        raise ValueError(
            f"{', '.join(hopeless)}: hold and duration must be positive, and transactions × hold plus other work must end before "
            "the timeout; raise the timeout or shorten the transactions"
        )


def _holders(workloads: Sequence[Workload]) -> list[Holders]:
    return [Holders(workload.concurrency, workload.hold_seconds) for workload in workloads]


def _smallest_pool(workloads: Sequence[Workload], least: int, clients: int, borrow_timeout: Number) -> int:
    """The smallest pool, from ``least`` up, whose longest wait everybody can bear; never larger than the clients need (proof A)."""
    patience = min(workload.patience_seconds for workload in workloads)
    low, high = least, max(least, clients)
    while low < high:
        middle = (low + high) // 2
        wait = longest_wait(_holders(workloads), middle)
        if wait is not None and (wait == 0 or (wait < borrow_timeout and wait <= patience)):
            high = middle
        else:
            low = middle + 1
    return low


def _pin(pool: int, slots: int) -> tuple[int, int]:
    """The smallest max_connections, with its whole percentage, whose floor gives the pool and whose ceiling leaves the slots free."""
    maximum = pool + slots
    while True:
        percent = math.ceil(Fraction(100 * pool, maximum))
        opened = math.ceil(Fraction(maximum * percent, 100))
        if percent <= 100 and maximum * percent // 100 >= pool and opened + slots <= maximum:
            return maximum, percent
        maximum += 1


def _smallest_class(
    engine: str, version: str | None, maximum: int, pool: int, *, aurora: bool, settings: Settings
) -> tuple[str | None, str]:
    for name in classes.offered(aurora=aurora):
        memory, count = classes.memory_bytes(name), classes.vcpus(name)
        bounds = None if memory is None else defaults.bounds(engine, version, name, memory)
        if bounds is None or count is None or bounds[0] < maximum or settings.connections_per_vcpu * count < pool:
            continue
        carried = settings.connections_per_vcpu * count
        return (
            name,
            f"{name} carries {bounds[0]} connections by memory and {carried} by its {count} vCPUs: the smallest that does",
        )
    return None, (
        f"no listed class of engine '{engine}' carries {maximum} connections and a pool of {pool} at "
        f"{settings.connections_per_vcpu} per vCPU: split the load, shorten the transactions, or raise connections_per_vcpu"
    )


def _concurrency_line(workload: Workload) -> str:
    rate, duration = (
        format_number(to_number(workload.peak_requests_per_second)),
        format_number(to_number(workload.duration_seconds)),
    )
    return f"{workload.name}: {rate} requests/s × {duration} s = {workload.concurrency} concurrent executions"
