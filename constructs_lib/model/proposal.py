"""The fleet that a size stands for: what is proposed is judged as if a template had said it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.hosting import Host
from constructs_lib.model.profile import AURORA_ENGINES, StoreProfile
from constructs_lib.model.quantity import Number, Quantity
from constructs_lib.model.workload import Workload

#: What stands in RDS parameter groups beside the limit is counted in milliseconds.
_MILLISECONDS = 1000


def hosted(store: StoreProfile, host: Host) -> Store:
    """The store on that class, its limit pinned."""
    aurora = store.engine in AURORA_ENGINES
    return Store(
        id=store.name,
        kind="aurora-cluster" if aurora else "rds-instance",
        engine=store.engine,
        engine_version=store.engine_version,
        instances=(Instance(store.name, host.instance_class),),
        max_connections=Quantity.exact(host.pin.max_connections),
        serverless_min=None if host.minimum_acu is None else Quantity.exact(host.minimum_acu),
        serverless_max=None if host.maximum_acu is None else Quantity.exact(host.maximum_acu),
        other_connections=_others(store),
    )


def roomy(store: StoreProfile) -> Store:
    """The store with a limit that nothing reaches: for looking for a pool alone."""
    return Store(store.name, "rds-instance", store.engine, max_connections=Quantity.exact(10**9))


def pool_of(
    store: StoreProfile, borrow_timeout_seconds: Number, *, percent: int | None = None, connections: int | None = None
) -> Pool:
    """The proxy in front of the store, sized by percentage or by number."""
    return Pool(
        id=proxy_name(store),
        store=store.name,
        percent=None if percent is None else Quantity.exact(percent),
        idle_percent=None if percent is None else Quantity.exact(percent // 2),
        connections=None if connections is None else Quantity.exact(connections),
        borrow_timeout_seconds=Quantity.exact(borrow_timeout_seconds),
        require_tls=True,
        engine_family="POSTGRESQL" if "postgres" in store.engine else "MYSQL",
    )


def proxy_name(store: StoreProfile) -> str:
    """What the store's proxy is called."""
    return f"{store.name}-proxy"


def fleet_of(store: Store, pool: Pool | None, workloads: Sequence[Workload], concurrency: Sequence[int]) -> Fleet:
    """The functions with their concurrency on a store, through its pool if it has one."""
    return Fleet(
        stores=(store,),
        pools=() if pool is None else (pool,),
        consumers=tuple(_consumer(item, count) for item, count in zip(workloads, concurrency, strict=True)),
        connections=tuple(_connection(item, store, pool) for item in workloads),
    )


def joined(fleets: Sequence[Fleet]) -> Fleet:
    """Several stores' fleets as one; their functions have different names."""
    return Fleet(
        stores=tuple(store for fleet in fleets for store in fleet.stores),
        pools=tuple(pool for fleet in fleets for pool in fleet.pools),
        consumers=tuple(consumer for fleet in fleets for consumer in fleet.consumers),
        connections=tuple(connection for fleet in fleets for connection in fleet.connections),
    )


def _consumer(workload: Workload, concurrency: int) -> Consumer:
    return Consumer(
        workload.name,
        reserved_concurrency=Quantity.exact(concurrency),
        timeout_seconds=Quantity.exact(workload.timeout_seconds),
    )


def _connection(workload: Workload, store: Store, pool: Pool | None) -> Connection:
    hold = workload.hold_seconds
    return Connection(
        workload.name,
        store.id,
        via="direct" if pool is None else "proxy",
        pool=None if pool is None else pool.id,
        connections_per_environment=Quantity.exact(1),
        hold_seconds=None if hold is None else Quantity.exact(hold),
        hold_enforced=hold is not None,
        transactions_per_invocation=Quantity.exact(workload.transactions),
        other_work_seconds=Quantity.exact(workload.other_work_seconds),
    )


def _others(store: StoreProfile) -> tuple[tuple[str, Quantity], ...]:
    return (("other clients", Quantity.exact(store.other_connections)),) if store.other_connections else ()


def milliseconds(seconds: Number) -> int:
    """Whole milliseconds, rounded down, as database parameters count time; at least one."""
    return max(1, int(Fraction(seconds) * _MILLISECONDS))
