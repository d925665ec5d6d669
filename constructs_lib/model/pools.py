"""What a proxy's pool offers its clients, and the two proofs that nobody waits, or nobody waits too long."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.facts import limits
from constructs_lib.model.capacity import Capacity, Term
from constructs_lib.model.chains import Chain, Waits, chains_of, crowd_of, held
from constructs_lib.model.demand import Demand
from constructs_lib.model.fleet import Pool, Store
from constructs_lib.model.quantity import ZERO, Quantity, total
from constructs_lib.model.verdict import Verdict

__all__ = ["Chain", "PoolBudget", "Verdict", "borrow_timeout", "judge_pool", "pool_connections", "pool_percent"]


class PoolBudget(NamedTuple):
    """A pool against its clients.

    ``connections`` = floor of the percentage, what clients may count on; ``opening`` = ceil, what the database must bear;
    ``clients`` all clients, ``pinned`` those that keep their connection; ``wait`` the bounded wait in seconds for the others;
    ``borrow_timeout`` in seconds. ``verdict`` covers the borrow timeout and every chain. A pinned client waits no longer for its
    connection than the others do: in the worst division of the holds its own part is left out, and nobody else gets less.
    """

    pool: Pool
    connections: Quantity
    opening: Quantity
    borrow_timeout: Quantity
    demands: tuple[Demand, ...]
    clients: Quantity
    pinned: Quantity
    hold: Quantity
    wait: Quantity
    nobody_waits: bool
    hold_assumed: bool
    chains: tuple[Chain, ...]
    verdict: Verdict

    @property
    def opened_by_clients(self) -> Quantity:
        """What the pool opens when it opens for clients only: no more than it may, and no more than may come."""
        return self.opening.at_most(self.clients)

    @property
    def terms(self) -> tuple[Term, ...]:
        lines = [Term(f"pool of {self.pool.id}", self.connections, self.pool.origin)]
        lines += [demand.term for demand in self.demands]
        if self.pinned != ZERO:
            lines.append(Term("clients whose session pins a connection", self.pinned))
        held = "hold (assumed: the function's timeout)" if self.hold_assumed else "hold"
        return (
            *lines,
            Term(f"{held}, seconds", self.hold),
            Term("bounded wait, seconds", self.wait),
            Term("borrow timeout, seconds", self.borrow_timeout),
        )


def pool_percent(pool: Pool) -> Quantity:
    """The share of max_connections, with AWS's default where the source says nothing."""
    return pool.percent if pool.percent is not None else Quantity.exact(limits.proxy_default("MaxConnectionsPercent"))


def borrow_timeout(pool: Pool) -> Quantity:
    """Seconds a client waits for a connection, with AWS's default where the source says nothing."""
    if pool.borrow_timeout_seconds is not None:
        return pool.borrow_timeout_seconds
    return Quantity.exact(limits.proxy_default("ConnectionBorrowTimeout"))


def longest_borrow_timeout() -> int:
    """The longest borrow timeout AWS allows, in seconds."""
    return limits.proxy_maximum("ConnectionBorrowTimeout")


def least_percent(store: Store, instance_class: str) -> int:
    """The smallest MaxConnectionsPercent that AWS recommends in front of an instance of a store."""
    return limits.least_percent(instance_class, aurora=store.kind == "aurora-cluster")


def pool_connections(pool: Pool, capacity: Capacity) -> tuple[Quantity, Quantity]:
    """Connections clients may count on (floor) and connections the database must bear (ceil)."""
    if pool.connections is not None:
        return pool.connections, pool.connections
    share = capacity.max_connections.percent(pool_percent(pool))
    return share.floor(), share.ceil()


def judge_pool(pool: Pool, capacity: Capacity, demands: tuple[Demand, ...]) -> PoolBudget:
    """Proof A (clients ≤ pool) or proof B (bounded wait below the borrow timeout and inside every function's timeout)."""
    connections, opening = pool_connections(pool, capacity)
    pinned = total([demand.connections for demand in demands if demand.connection.pins_session])
    everybody = [held(demand) for demand in demands]
    waiting = [client for client in everybody if not client.pinned]
    clients = total([client.demand.once for client in waiting])
    left = connections.less(pinned)
    waits = Waits(crowd_of(everybody), connections)
    reasons = (*(text for client in waiting for text in client.hold.reasons), *left.reasons)
    wait = Quantity(waits.certain, waits.longest, tuple(dict.fromkeys(reasons)))
    limit = borrow_timeout(pool)
    nobody_waits = (clients + pinned).surely_at_most(connections)
    chains = chains_of(everybody, waits)
    return PoolBudget(
        pool=pool,
        connections=connections,
        opening=opening,
        borrow_timeout=limit,
        demands=demands,
        clients=clients + pinned,
        pinned=pinned,
        hold=_range([client.hold for client in waiting]),
        wait=wait,
        nobody_waits=nobody_waits,
        hold_assumed=any(client.assumed for client in waiting),
        chains=chains,
        verdict=_verdict(
            nobody_waits, wait, limit, chains, pinned.surely_above(connections) or _starved(clients, left)
        ),
    )


def _starved(clients: Quantity, left: Quantity) -> bool:
    """Whether pinned sessions leave nothing for clients that certainly come."""
    return left.high == 0 and clients.low > 0


def _range(holds: list[Quantity]) -> Quantity:
    """From the shortest to the longest hold of several clients."""
    if not holds:
        return ZERO
    highs = [hold.high for hold in holds]
    high = None if any(value is None for value in highs) else max(value for value in highs if value is not None)
    reasons = tuple(dict.fromkeys(reason for hold in holds for reason in hold.reasons))
    return Quantity(min(hold.low for hold in holds), high, reasons)


def _verdict(nobody_waits: bool, wait: Quantity, limit: Quantity, chains: tuple[Chain, ...], starved: bool) -> Verdict:
    outwaited = limit.high is not None and wait.low > 0 and wait.low >= limit.high
    if starved or outwaited or any(chain.verdict is Verdict.EXCEEDS for chain in chains):
        return Verdict.EXCEEDS
    borrow_fits = nobody_waits or wait.surely_below(limit)
    return Verdict.FITS if borrow_fits and all(chain.verdict is Verdict.FITS for chain in chains) else Verdict.UNDECIDED
