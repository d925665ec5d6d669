"""What is rehearsed with one store: whole numbers for real servers and clients, and what the proof predicts for exactly these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from constructs_lib.model.quantity import Number
from constructs_lib.model.verdict import Verdict
from constructs_lib.model.waiting import Holders, longest_wait

Product = Literal["PostgreSQL", "MariaDB"]


@dataclass(frozen=True)
class Group:
    """Clients of one function that do the same.

    Each holds a connection for ``hold_seconds`` per transaction, ``transactions`` times per invocation, then works ``work_seconds``
    without one; an invocation longer than ``timeout_seconds`` would be ended by Lambda or given up by its caller (``None``: by nobody).
    """

    name: str
    clients: int
    hold_seconds: Number
    transactions: int = 1
    work_seconds: Number = 0
    timeout_seconds: Number | None = None
    pinned: bool = False
    why: str = ""
    """How the fleet comes to that many clients."""


@dataclass(frozen=True)
class PoolPlan:
    """A pool of ``connections``; who waits longer than ``borrow_timeout_seconds`` is sent away."""

    id: str
    connections: int
    borrow_timeout_seconds: int
    groups: tuple[Group, ...]
    verdict: Verdict = Verdict.UNDECIDED

    @property
    def clients(self) -> int:
        return sum(group.clients for group in self.groups)

    @property
    def pinned(self) -> int:
        return sum(group.clients for group in self.groups if group.pinned)

    @property
    def free(self) -> int:
        """Connections that no pinned session keeps."""
        return max(0, self.connections - self.pinned)

    @property
    def opened(self) -> int:
        """The most connections these clients make the pool open."""
        return min(self.connections, self.clients)

    @property
    def waiting(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if not group.pinned)

    @property
    def rounds(self) -> int:
        """How often the free connections change hands before the last one's turn."""
        return max(0, -(-sum(group.clients for group in self.waiting) // self.free) - 1) if self.free else 0

    @property
    def proven_wait(self) -> Number | None:
        """Proof B in seconds; ``None`` when pinned sessions leave nothing to wait for."""
        if self.pinned > self.connections:
            return None
        return longest_wait((Holders(group.clients, group.hold_seconds) for group in self.waiting), self.free)

    @property
    def outwaits(self) -> bool:
        """Whether the proof expects that somebody may wait until the pool sends it away."""
        return self.proven_wait is None or self.proven_wait >= self.borrow_timeout_seconds

    @property
    def throughput(self) -> float:
        """Transactions per second when everybody comes back at once: nobody comes round sooner than the pool serves all of them."""
        waiting = [group for group in self.waiting if group.clients]
        if not waiting or not self.free:
            return 0.0
        everybody = sum(group.clients * float(group.hold_seconds) for group in waiting) / self.free
        return sum(group.clients / max(everybody, _cycle(group)) for group in waiting)


@dataclass(frozen=True)
class Plan:
    """One role of a store: ``slots`` connections for everybody but the engine, ``others`` of them taken by people and other clients.

    ``scale`` divides all the fleet's numbers (1: as they are). ``notes`` say what differs from the fleet and why.
    """

    store: str
    role: str
    engine: str
    product: Product
    max_connections: int
    slots: int
    others: int
    pools: tuple[PoolPlan, ...]
    direct: tuple[Group, ...]
    verdict: Verdict
    scale: int = 1
    notes: tuple[str, ...] = ()

    @property
    def opened(self) -> int:
        """Connections that everybody together asks the server for."""
        return self.others + sum(pool.opened for pool in self.pools) + sum(group.clients for group in self.direct)

    @property
    def clients(self) -> int:
        return sum(group.clients for group in self.groups)

    @property
    def groups(self) -> tuple[Group, ...]:
        return (*self.direct, *(group for pool in self.pools for group in pool.groups))

    @property
    def overflow(self) -> int:
        """Connections beyond the slots: somebody is refused as many."""
        return max(0, self.opened - self.slots)

    @property
    def direct_throughput(self) -> float:
        """Transactions per second of those without a pool: they wait for nobody."""
        return sum(group.clients / _cycle(group) for group in self.direct if _cycle(group))

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return (self.verdict, *(pool.verdict for pool in self.pools))

    @property
    def longest_invocation(self) -> float:
        """Seconds that one invocation may take: what a rehearsal lasts at least."""
        return max((*_invocations(self.pools), *(float(_busy(group)) for group in self.direct)), default=0.0)


def _invocations(pools: Iterable[PoolPlan]) -> Iterable[float]:
    for pool in pools:
        wait = pool.proven_wait
        patience = pool.borrow_timeout_seconds if wait is None else min(wait, pool.borrow_timeout_seconds)
        for group in pool.groups:
            yield float(group.transactions * patience + _busy(group))


def _busy(group: Group) -> Number:
    return Fraction(group.transactions * group.hold_seconds + group.work_seconds)


def _cycle(group: Group) -> float:
    """Seconds from one transaction to the next when nobody waits."""
    return float(_busy(group)) / max(1, group.transactions)
