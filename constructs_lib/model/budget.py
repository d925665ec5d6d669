"""Capacity against demand, for every store of a fleet: the verdict with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from constructs_lib.model.capacity import Capacity, Term, capacity_of
from constructs_lib.model.demand import Demand, demand_of, reserved_total
from constructs_lib.model.fleet import Connection, Fleet, Pool, Role, Store
from constructs_lib.model.journeys import joined
from constructs_lib.model.openings import compare_ceilings, compare_openings
from constructs_lib.model.pools import PoolBudget, Verdict, judge_pool
from constructs_lib.model.quantity import Quantity, total
from constructs_lib.model.settings import Settings


@dataclass(frozen=True)
class StoreBudget:
    """One role (writer or reader) of one store.

    ``direct`` are functions that connect without a pool; ``within_reserve`` functions that only run while a stack deploys and
    borrow from the operator reserve. ``opened`` = pools' openings + direct demand with deploy overlap; ``opened_once`` the same
    outside a deploy. ``verdict`` compares ``opened`` with the usable connections, and says "exceeds" only of what clients make pools
    open; pools carry a verdict of their own.
    """

    store: Store
    role: Role
    capacity: Capacity
    direct: tuple[Demand, ...]
    within_reserve: tuple[Demand, ...]
    pools: tuple[PoolBudget, ...]
    verdict: Verdict

    @property
    def pools_opening(self) -> Quantity:
        return total([pool.opening for pool in self.pools])

    @property
    def pools_opened_by_clients(self) -> Quantity:
        """What the pools open for the clients that are declared, from the fewest to the most that may come."""
        return total([pool.opened_by_clients for pool in self.pools])

    @property
    def opened(self) -> Quantity:
        return self.pools_opening + total([demand.connections for demand in self.direct])

    @property
    def opened_once(self) -> Quantity:
        return self.pools_opening + total([demand.once for demand in self.direct])

    @property
    def verdict_once(self) -> Verdict:
        """The verdict outside a deploy."""
        return self.compare(total([demand.once for demand in self.direct]))

    @property
    def ceiling_exceeds(self) -> bool:
        """Whether all that pools may open, asked or not, and what direct clients open are too much: likely, not certain."""
        return self.compare_ceilings(total([demand.connections for demand in self.direct])) is Verdict.EXCEEDS

    @property
    def ceiling_exceeds_once(self) -> bool:
        """The same outside a deploy."""
        return self.compare_ceilings(total([demand.once for demand in self.direct])) is Verdict.EXCEEDS

    def compare(self, direct: Quantity, *, read_only: bool = False) -> Verdict:
        """Pools and that many direct connections against the usable ones, for every limit the store may have.

        What exceeds only if pools open more than clients surely ask for is not decided; ``read_only`` leaves out clients of pools that
        were inferred with doubt.
        """
        return compare_openings(self.capacity.max_connections, self.pools, direct, self._kept, read_only=read_only)

    def compare_ceilings(self, direct: Quantity) -> Verdict:
        """The same if every pool opened all that it may."""
        return compare_ceilings(self.capacity.max_connections, self.pools, direct, self._kept)

    @property
    def _kept(self) -> Quantity:
        return self.capacity.reserved + self.capacity.set_aside

    @property
    def slack(self) -> Quantity:
        """Usable connections nobody may open."""
        return self.capacity.usable.less(self.opened)

    @property
    def demands(self) -> tuple[Demand, ...]:
        """Every demand on the store, direct and through its pools."""
        return (*self.direct, *(demand for pool in self.pools for demand in pool.demands))

    @property
    def terms(self) -> tuple[Term, ...]:
        """The whole sum, a line a term, ending in what may be opened and what is usable."""
        pools = [Term(f"pool of {pool.pool.id}", pool.opening, pool.pool.origin) for pool in self.pools]
        return (
            *self.capacity.terms,
            Term("usable", self.capacity.usable),
            *pools,
            *(demand.term for demand in self.direct),
            Term("may be opened", self.opened),
        )

    @cached_property
    def _direct_total(self) -> Quantity:
        return total([demand.connections for demand in self.direct])

    def _direct_without(self, demand: Demand) -> Quantity:
        """The others' connections; taken off the sum where it is bounded, so that asking for every function stays linear."""
        whole, own = self._direct_total, demand.connections
        if whole.high is None or own.high is None:
            return total([other.connections for other in self.direct if other is not demand])
        return Quantity(whole.low - own.low, whole.high - own.high, whole.reasons)

    def largest_fit(self, demand: Demand) -> int:
        """The largest number of environments of one direct consumer that provably fits while all others stay as they are."""
        left = self.capacity.usable.less(self.pools_opening + self._direct_without(demand)).low
        each = demand.per_environment.high
        return 0 if each is None else int(left // (max(each, 1) * demand.overlap))


@dataclass(frozen=True)
class Budget:
    """All stores of a fleet that hold connections, and the account's sum of reserved concurrency."""

    stores: tuple[StoreBudget, ...]
    reserved: Quantity
    reservable: Quantity

    def of(self, store_id: str, role: Role = "writer") -> StoreBudget | None:
        return next((item for item in self.stores if item.store.id == store_id and item.role == role), None)

    @property
    def pools(self) -> tuple[tuple[StoreBudget, PoolBudget], ...]:
        return tuple((store, pool) for store in self.stores for pool in store.pools)


def judge(fleet: Fleet, settings: Settings) -> Budget:
    """Every store's budget. Never raises on a fleet: what cannot be known makes the verdict "not decided"."""
    budgets = [
        _judge_store(store, role, fleet, settings)
        for store in fleet.stores
        if store.holds_connections
        for role in _roles_in_use(store, fleet)
    ]
    pools = iter(joined([pool for item in budgets for pool in item.pools], fleet))
    budgets = [replace(item, pools=tuple(next(pools) for _ in item.pools)) for item in budgets]
    reservable = max(0, settings.account_concurrency - settings.unreservable)
    return Budget(tuple(budgets), reserved_total(fleet), Quantity.exact(reservable))


def _roles_in_use(store: Store, fleet: Fleet) -> tuple[Role, ...]:
    """Writer always; reader where somebody reads from one. A cluster without readers answers its reader endpoint from the writer."""
    if not _has_reader(store):
        return ("writer",)
    reads = any(connection.role == "reader" for connection in fleet.connections_by_store.get(store.id, ()))
    pooled = any(pool.has_reader_endpoint for pool in fleet.pools_by_store.get(store.id, ()))
    return ("writer", "reader") if reads or pooled else ("writer",)


def _has_reader(store: Store) -> bool:
    return any(instance.role == "reader" for instance in store.instances)


def _judge_store(store: Store, role: Role, fleet: Fleet, settings: Settings) -> StoreBudget:
    capacity = capacity_of(store, settings, role)
    known = [
        connection
        for connection in fleet.connections_by_store.get(store.id, ())
        if connection.certainty != "possible"
        and connection.consumer in fleet.consumer_by_id
        and _role_served(connection, store, fleet) == role
    ]
    pooled = [pool for pool in fleet.pools_by_store.get(store.id, ()) if role == "writer" or pool.has_reader_endpoint]
    pools = tuple(judge_pool(pool, capacity, _through(pool, known, fleet, settings)) for pool in pooled)
    plain = [demand_of(connection, fleet, settings) for connection in known if _is_direct(connection, fleet)]
    operators = settings.operator_reserve if store.operator_reserve is None else store.operator_reserve
    direct, within = _apart(plain, operators)
    draft = StoreBudget(store, role, capacity, direct, within, pools, Verdict.UNDECIDED)
    verdict = draft.compare(total([demand.connections for demand in direct]))
    if verdict is Verdict.EXCEEDS:
        # Of bounded inputs, what may fit the operators' places after all does not exceed for certain.
        surely = [demand.connections for demand in direct if not _may_fit(demand, operators)]
        verdict = verdict if draft.compare(total(surely)) is Verdict.EXCEEDS else Verdict.UNDECIDED
    return replace(draft, verdict=verdict)


def _role_served(connection: Connection, store: Store, fleet: Fleet) -> Role:
    """Who answers: the writer where there is no reader, and behind a pool that has no endpoint for readers."""
    pool = fleet.pool_by_id.get(connection.pool or "") if connection.via == "proxy" else None
    if not _has_reader(store) or (pool is not None and not pool.has_reader_endpoint):
        return "writer"
    return connection.role


def _through(pool: Pool, connections: list[Connection], fleet: Fleet, settings: Settings) -> tuple[Demand, ...]:
    return tuple(demand_of(connection, fleet, settings) for connection in connections if connection.pool == pool.id)


def _is_direct(connection: Connection, fleet: Fleet) -> bool:
    """Whether the connection reaches the store itself; a pool that is not of this fleet opens its connections elsewhere."""
    return connection.via == "direct" or (connection.via == "proxy" and connection.pool not in fleet.pool_by_id)


def _apart(demands: list[Demand], operators: int) -> tuple[tuple[Demand, ...], tuple[Demand, ...]]:
    """Demands that count by themselves, and those of functions that only run while a stack deploys and take operators' places.

    A custom resource or rotation runs one at a time: that is what the operator reserve is for, as far as it reaches for all of them.
    """
    direct, within, left = [], [], Quantity.exact(operators)
    for demand in demands:
        taken = _during_deploy(demand)
        if taken is not None and taken.surely_at_most(left):
            within.append(demand)
            left = left.less(taken)
        else:
            direct.append(demand)
    return tuple(direct), tuple(within)


def _may_fit(demand: Demand, operators: int) -> bool:
    taken = _during_deploy(demand)
    return taken is not None and not taken.is_exact and taken.low <= operators


def _during_deploy(demand: Demand) -> Quantity | None:
    """Connections of a function that only runs while a stack deploys; ``None`` for every other."""
    if not demand.consumer.deploy_time:
        return None
    return demand.per_environment if demand.consumer.reserved_concurrency is None else demand.connections
