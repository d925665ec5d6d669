"""What nobody could decide about a fleet, and what to declare so that somebody can.

An input that is not exact is named only where a verdict hangs on it: a bound that decides needs no declaration.
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.demand import Demand
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Gap
from constructs_lib.model.paths import path_of
from constructs_lib.model.patience import patience_of
from constructs_lib.model.pools import PoolBudget, pool_percent
from constructs_lib.model.settings import Settings
from constructs_lib.model.undecided_stores import store_gaps
from constructs_lib.model.undecided_timing import timing_gaps
from constructs_lib.model.unread import unread
from constructs_lib.model.verdict import Verdict


def undecided(fleet: Fleet, budget: Budget, settings: Settings) -> tuple[Gap, ...]:
    """Everything that was not decided: relations the readers could not follow, unread inputs, unknown limits. Each once."""
    limits = (gap for _, gap in unknown_limits(budget))
    return tuple(dict.fromkeys((*unread_inputs(fleet, budget), *limits, *_uncounted(fleet, settings))))


def _uncounted(fleet: Fleet, settings: Settings) -> Iterator[Gap]:
    """Clients that are no functions, as far as nobody declared how many connections the store's other clients open."""
    for client in fleet.outsiders:
        if not settings.declared_consumers.get(client.store):
            missing = f"this {client.kind} connects to '{client.store}', but no document says with how many connections"
            advice = f"declare its connections under other_connections of '{client.store}'"
            yield Gap(client.id, missing, advice, client.origin)


def unknown_limits(budget: Budget) -> tuple[tuple[StoreBudget, Gap], ...]:
    """Stores whose max_connections is unknown although something connects to them."""
    return tuple(
        (
            item,
            Gap(
                item.store.id,
                item.capacity.max_connections.reason or f"max_connections of '{item.store.id}' is unknown",
                item.capacity.declare,
                item.store.origin,
            ),
        )
        for item in budget.stores
        if item.capacity.max_connections.is_unknown and (item.direct or item.pools)
    )


def unread_inputs(fleet: Fleet, budget: Budget) -> tuple[Gap, ...]:
    """The readers' gaps, edges that lead nowhere, edges that are only possible, and inputs that keep a verdict open."""
    return tuple(
        dict.fromkeys(
            (
                *fleet.gaps,
                *_loose_ends(fleet),
                *_possible(fleet),
                *_of_paths(fleet),
                *_of_stores(budget),
                *_of_pools(budget),
                *_of_account(fleet, budget),
                *_of_concurrency(fleet),
                *timing_gaps(fleet),
                *store_gaps(fleet, budget),
            )
        )
    )


def _loose_ends(fleet: Fleet) -> Iterator[Gap]:
    for connection in fleet.connections:
        for wanted, there, kind in (
            (connection.consumer, fleet.consumer_by_id, "consumer"),
            (connection.store, fleet.store_by_id, "store"),
        ):
            if wanted not in there:
                yield Gap(
                    wanted,
                    f"{kind} '{wanted}' of a connection is not among what was read",
                    "give the document that holds it too",
                    connection.origin,
                )
    for pool in fleet.pools:
        if pool.store not in fleet.store_by_id and pool.store not in fleet.pool_by_id:
            yield Gap(
                pool.id,
                f"the target '{pool.store}' of pool '{pool.id}' is not among what was read",
                f"give the document that holds '{pool.store}' too, or declare it under poolproof:stores",
                pool.origin,
            )


def _possible(fleet: Fleet) -> Iterator[Gap]:
    """Edges that are only possible; those to several tables of one function together, for they count no connections."""
    tables: dict[str, list[Connection]] = {}
    for connection in fleet.connections:
        if connection.certainty == "possible" and connection.via == "http":
            tables.setdefault(connection.consumer, []).append(connection)
    for consumer, edges in tables.items():
        if len(edges) > 1:
            names = ", ".join(f"'{edge.store}'" for edge in edges)
            declare = f"declare what it uses under poolproof:connections of '{consumer}'"
            yield Gap(consumer, f"which of {names} are used by '{consumer}'", declare, edges[0].origin)
    for connection in fleet.connections:
        together = connection.via == "http" and len(tables.get(connection.consumer, ())) > 1
        if connection.certainty == "possible" and not together:
            yield Gap(
                connection.consumer,
                f"whether '{connection.consumer}' connects to '{connection.store}' ({_evidence(connection)})",
                f"declare it under poolproof:connections of '{connection.consumer}'",
                connection.origin,
            )


def _of_paths(fleet: Fleet) -> Iterator[Gap]:
    """Whether a function reaches a store, where the network of both is written down but not all of it is known."""
    for connection in fleet.connections:
        path = path_of(fleet, connection) if connection.certainty != "possible" else None
        if path is not None and path.open is None:
            advice = (
                "give the template that makes the security groups and subnets too, or set the parameters they come from"
            )
            yield Gap(connection.consumer, path.why, advice, connection.origin)


def _evidence(connection: Connection) -> str:
    return "; ".join(connection.evidence) or "no evidence beyond a possibility"


def _of_stores(budget: Budget) -> Iterator[Gap]:
    for item in budget.stores:
        if item.verdict is Verdict.UNDECIDED and not item.capacity.max_connections.is_unknown:
            for demand in item.direct:
                yield from _of_demand(demand)
            for pool in item.pools:
                yield from _of_size(pool)


def _of_pools(budget: Budget) -> Iterator[Gap]:
    for _, item in budget.pools:
        yield from _of_borrowing(item)
        if item.verdict is Verdict.UNDECIDED:
            yield from _of_size(item)
            yield from _of_clients(item)


def _of_size(item: PoolBudget) -> Iterator[Gap]:
    pool = item.pool
    if pool.connections is not None:
        yield from unread(pool.id, f"size of {pool.id}", pool.connections, pool.origin)
    else:
        yield from unread(pool.id, f"MaxConnectionsPercent of {pool.id}", pool_percent(pool), pool.origin)


def _of_borrowing(item: PoolBudget) -> Iterator[Gap]:
    """Timeouts that leave open whether a client gives up before the pool does."""
    for demand in item.demands:
        for limit in patience_of(demand.consumer):
            if not item.borrow_timeout.surely_below(limit.quantity) and not limit.quantity.surely_at_most(
                item.borrow_timeout
            ):
                yield from unread(
                    item.pool.id, f"ConnectionBorrowTimeout of {item.pool.id}", item.borrow_timeout, item.pool.origin
                )
                yield from unread(demand.consumer.id, limit.label, limit.quantity, limit.origin)


def _of_clients(pool: PoolBudget) -> Iterator[Gap]:
    for demand in pool.demands:
        consumer, connection = demand.consumer, demand.connection
        yield from _of_demand(demand)
        yield from unread(consumer.id, f"timeout of {consumer.id}", consumer.timeout_seconds, consumer.origin)
        for label, quantity in (
            ("hold_seconds", connection.hold_seconds),
            ("transactions_per_invocation", connection.transactions_per_invocation),
            ("other_work_seconds", connection.other_work_seconds),
        ):
            yield from unread(consumer.id, f"{label} of {consumer.id}", quantity, connection.origin)


def _of_demand(demand: Demand) -> Iterator[Gap]:
    """Inputs of a demand that somebody set but nobody could read.

    No reservation at all is a rule's finding, no gap, unless the function runs for the deploy or the CDK only.
    """
    consumer = demand.consumer
    if not demand.bounded and consumer.reserved_concurrency is None and (consumer.deploy_time or consumer.generated):
        yield Gap(
            consumer.id,
            f"how many environments of {consumer.id} run at once: it reserves no concurrency",
            f"reserve concurrency for '{consumer.id}'",
            consumer.origin,
        )
    yield from unread(
        consumer.id,
        f"connections per environment of {consumer.id}",
        demand.connection.connections_per_environment,
        consumer.origin,
    )
    for source in consumer.event_sources:
        yield from unread(consumer.id, f"maximum concurrency of {source.id}", source.maximum_concurrency, source.origin)
    if consumer.managed_instances:
        yield from unread(
            consumer.id, f"number of execution environments of {consumer.id}", demand.environments, consumer.origin
        )
    else:
        yield from unread(
            consumer.id, f"reserved concurrency of {consumer.id}", consumer.reserved_concurrency, consumer.origin
        )


def _of_concurrency(fleet: Fleet) -> Iterator[Gap]:
    """Provisioned concurrency and sources' maxima that leave open whether they fit a reservation somebody wrote."""
    for consumer in fleet.consumers:
        reserved = consumer.reserved_concurrency
        if reserved is None:
            continue
        for provisioned in consumer.provisioned:
            if not provisioned.executions.surely_at_most(reserved) and not provisioned.executions.surely_above(
                reserved
            ):
                what = f"provisioned concurrency of {provisioned.id}"
                yield from unread(consumer.id, what, provisioned.executions, provisioned.origin)
        for source in consumer.event_sources:
            maximum = source.maximum_concurrency
            if maximum is not None and not maximum.surely_at_most(reserved) and not maximum.surely_above(reserved):
                yield from unread(consumer.id, f"maximum concurrency of {source.id}", maximum, source.origin)


def _of_account(fleet: Fleet, budget: Budget) -> Iterator[Gap]:
    """Reservations nobody could read, when the rest of the sum leaves the account's quota open."""
    if budget.reserved.surely_at_most(budget.reservable) or budget.reserved.surely_above(budget.reservable):
        return
    for consumer in fleet.consumers:
        yield from _reservation(consumer)


def _reservation(consumer: Consumer) -> Iterator[Gap]:
    yield from unread(
        consumer.id, f"reserved concurrency of {consumer.id}", consumer.reserved_concurrency, consumer.origin
    )
