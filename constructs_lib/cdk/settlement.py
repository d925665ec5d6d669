"""One store's plan: its limit, its pool, who connects, and the concurrency that all of it allows. Settled when the app is synthesized."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from constructs_lib.model.allocation import Claim, Concurrency, Errand, Share, WhateverFits, allocate, provable_clients
from constructs_lib.model.capacity import Capacity, capacity_of
from constructs_lib.model.fleet import Role, Store
from constructs_lib.model.quantity import ZERO, Quantity
from constructs_lib.model.settings import Settings


@dataclass(frozen=True)
class PoolTerms:
    """A pool's size: ``connections`` where it is absolute, else ``percent`` of max_connections, else whatever direct clients leave.

    ``borrow_timeout_seconds`` is how long a client waits for a connection before it is refused.
    """

    borrow_timeout_seconds: Quantity
    percent: int | None = None
    connections: int | None = None


@dataclass(frozen=True)
class Entry:
    """One connection of one function to the store, in plain numbers."""

    path: str
    wanted: Concurrency
    pooled: bool
    role: Role
    connections_per_environment: int
    errand: Errand
    pins_session: bool = False


@dataclass
class StorePlan:
    """Everything that decides how many environments may connect to one store."""

    name: str
    store: Store
    settings: Settings
    pool: PoolTerms | None = None
    entries: list[Entry] = field(default_factory=list)

    def settled(self, path: str) -> int:
        """Reserved concurrency of a function as far as this store is concerned; 0 when nothing fits."""
        counts = [granted[path] for role in ("writer", "reader") for granted in self._granted(role) if path in granted]
        return min(counts, default=0)

    def problems(self) -> list[str]:
        """Functions that would get nothing, and why; empty when everybody who asked for a share got one."""
        asked = {entry.path: entry for entry in self.entries if not isinstance(entry.wanted, int)}
        return [self._nothing_left(entry) for path, entry in asked.items() if self.settled(path) < 1]

    def percent(self) -> int:
        """MaxConnectionsPercent: declared, or the largest whose opening leaves every direct client its connections."""
        if self.pool is None or self.pool.percent is not None:
            return 100 if self.pool is None or self.pool.percent is None else self.pool.percent
        capacity = self.capacity("writer")
        maximum = capacity.max_connections.low
        # The same percentage applies to each instance: readers must have room for their direct clients as well.
        direct = max(self._direct_demand("writer"), self._direct_demand("reader"))
        room = max(0, capacity.usable.low - direct)
        return max(1, math.floor(100 * room / maximum)) if maximum else 100

    def pool_connections(self, role: Role = "writer") -> int:
        """Connections that clients of the pool may count on."""
        if self.pool is None:
            return 0
        if self.pool.connections is not None:
            return self.pool.connections
        return math.floor(self.capacity(role).max_connections.percent(Quantity.exact(self.percent())).low)

    def capacity(self, role: Role) -> Capacity:
        return capacity_of(self.store, self.settings, role)

    def _granted(self, role: Role) -> tuple[dict[str, int], dict[str, int]]:
        return self._allocated_direct(role), self._allocated_pooled(role)

    def _allocated_direct(self, role: Role) -> dict[str, int]:
        claims = self._claims(self._of(role, pooled=False), overlap=self.settings.deploy_overlap)
        return allocate(self._direct_room(role), claims)

    def _allocated_pooled(self, role: Role) -> dict[str, int]:
        entries = self._of(role, pooled=True)
        waiting = [entry for entry in entries if not entry.pins_session]
        pinned = [entry for entry in entries if entry.pins_session]
        held = sum(
            entry.wanted * entry.connections_per_environment * self.settings.deploy_overlap
            for entry in pinned
            if isinstance(entry.wanted, int)
        )
        granted = {entry.path: entry.wanted for entry in pinned if isinstance(entry.wanted, int)}
        return {**granted, **allocate(self._clients(role, held, waiting), self._claims(waiting, overlap=1))}

    def _clients(self, role: Role, held: int, waiting: Sequence[Entry]) -> int:
        borrow = self.pool.borrow_timeout_seconds if self.pool else ZERO
        limit = borrow.value if borrow.is_exact else None
        return provable_clients(self.pool_connections(role) - held, limit, [entry.errand for entry in waiting])

    def _direct_room(self, role: Role) -> int:
        usable = math.floor(self.capacity(role).usable.low)
        if self.pool is None or (self.pool.percent is None and self.pool.connections is None):
            return usable
        if self.pool.connections is not None:
            return max(0, usable - self.pool.connections)
        opening = self.capacity(role).max_connections.percent(Quantity.exact(self.percent())).ceil()
        return max(0, usable - math.ceil(opening.low))

    def _direct_demand(self, role: Role) -> int:
        granted = self._allocated_direct(role)
        overlap = self.settings.deploy_overlap
        return sum(
            granted[entry.path] * entry.connections_per_environment * overlap for entry in self._of(role, pooled=False)
        )

    def _of(self, role: Role, *, pooled: bool) -> list[Entry]:
        return [entry for entry in self.entries if entry.role == role and entry.pooled == pooled]

    def _claims(self, entries: Sequence[Entry], *, overlap: int) -> list[Claim]:
        """One claim a function: its connections under several prefixes add up."""
        each: dict[str, int] = {}
        for entry in entries:
            each[entry.path] = each.get(entry.path, 0) + entry.connections_per_environment
        wanted = {entry.path: entry.wanted for entry in entries}
        return [Claim(path, wanted[path], max(1, count) * overlap) for path, count in each.items()]

    def _nothing_left(self, entry: Entry) -> str:
        capacity = self.capacity(entry.role)
        if capacity.max_connections.is_unknown:
            asked = "whatever fits" if isinstance(entry.wanted, WhateverFits) else "a share"
            return (
                f"'{entry.path}' asks for {asked} of '{self.name}', whose capacity is unknown "
                f"({capacity.max_connections.reason}); pass max_connections=, or a number as concurrency="
            )
        taken = (
            ", ".join(f"{other.path} {other.wanted}" for other in self.entries if isinstance(other.wanted, int))
            or "nobody"
        )
        part = f" for its share of {entry.wanted.part:g}" if isinstance(entry.wanted, Share) else ""
        return (
            f"'{self.name}' has nothing left{part} for '{entry.path}': usable connections {capacity.usable}, "
            f"pool {self.pool_connections(entry.role)}, fixed numbers: {taken}; lower them, or raise max_connections"
        )
