"""Numbers of a fleet that cannot be: what a service takes at least and at most, and what was written instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from constructs_lib.facts import defaults, limits
from constructs_lib.model.budget import Budget
from constructs_lib.model.fleet import Consumer, Fleet, Gap, Pool, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Number, Quantity, Refused, format_number
from constructs_lib.model.unread import unread

#: Concurrency of an SQS event source mapping (Lambda guide, SQS scaling, read 2026-11-21).
_QUEUE = (2, 1_000)


class OutOfRange(NamedTuple):
    """A number nobody may write: about what, the sentence that says so, what is allowed, and where it stands."""

    subject: str
    message: str
    allowed: str
    origin: Origin
    fix: str = ""


def out_of_range(fleet: Fleet, budget: Budget) -> Iterator[OutOfRange]:
    """Every such number of a fleet, in the order of stores, pools, consumers and connections."""
    for store in fleet.stores:
        yield from _of_store(store)
    for pool in fleet.pools:
        yield from _of_pool(pool)
    for consumer in fleet.consumers:
        yield from _of_consumer(consumer)
    for connection in fleet.connections:
        yield from _refused(connection.consumer, connection, connection.origin)
    yield from _empty_pools(budget)


def perhaps_out_of_range(fleet: Fleet, budget: Budget) -> Iterator[Gap]:
    """Numbers that may or may not be accepted, of what is in use: limits and capacities, and timeouts of functions that reach a store."""
    for item in budget.stores:
        pin = item.store.max_connections
        if pin is not None and pin.is_unknown:
            missing = item.capacity.max_connections.reason
            yield Gap(item.store.id, missing, item.capacity.declare, item.store.origin)
    for store in fleet.stores:
        yield from _capacity_range(store)
    longest = limits.lambda_limit("function timeout, maximum")
    for consumer in fleet.consumers:
        timeout = consumer.timeout_seconds
        accepted = timeout.low >= 1 and timeout.high is not None and timeout.high <= longest
        uses = any(edge.certainty != "possible" for edge in fleet.connections_by_consumer.get(consumer.id, ()))
        if consumer.kind == "function" and not accepted and uses:
            yield from unread(consumer.id, f"timeout of {consumer.id}", timeout, consumer.origin)


def _capacity_range(store: Store) -> Iterator[Gap]:
    low, high = store.serverless_min, store.serverless_max
    if low is not None and high is not None and not low.surely_at_most(high) and not low.surely_above(high):
        yield from unread(store.id, f"minimum capacity of {store.id}", low, store.origin)
        if low.is_exact:
            yield from unread(store.id, f"maximum capacity of {store.id}", high, store.origin)


def _of_store(store: Store) -> Iterator[OutOfRange]:
    yield from _refused(store.id, store, store.origin)
    for _, count in store.other_connections:
        yield from _refusals(store.id, count, store.origin)
    named = f"max_connections of {store.id}"
    accepted = defaults.settable(store.engine, store.engine_version) if store.kind != "external" else None
    yield from _beyond(store.id, named, store.max_connections, accepted or (1, None), store.max_connections_origin)
    low, high = store.serverless_min, store.serverless_max
    if low is not None and high is not None and low.surely_above(high):
        message = f"the minimum capacity of {store.id} is {low}, above its maximum of {high}"
        yield OutOfRange(store.id, message, f"a minimum of {high} or less", store.origin)


def _of_pool(pool: Pool) -> Iterator[OutOfRange]:
    yield from _refused(pool.id, pool, pool.origin)
    yield from _beyond(pool.id, f"MaxConnectionsPercent of {pool.id}", pool.percent, (1, 100), pool.origin)
    yield from _beyond(pool.id, f"the size of {pool.id}", pool.connections, (1, None), pool.origin)


def _of_consumer(consumer: Consumer) -> Iterator[OutOfRange]:
    yield from _refused(consumer.id, consumer, consumer.origin)
    if consumer.kind == "function":
        longest = limits.lambda_limit("function timeout, maximum")
        yield from _beyond(
            consumer.id,
            f"the timeout of {consumer.id}",
            consumer.timeout_seconds,
            (1, longest),
            consumer.origin,
            unit=" s",
        )
    named = f"the maximum of execution environments of {consumer.id}"
    yield from _beyond(consumer.id, named, consumer.maximum_environments, (1, None), consumer.origin)
    for alias in consumer.provisioned:
        yield from _refused(consumer.id, alias, alias.origin)
    for source in consumer.event_sources:
        yield from _refused(consumer.id, source, source.origin)
        if source.kind == "sqs":
            named = f"MaximumConcurrency of {source.id}"
            yield from _beyond(consumer.id, named, source.maximum_concurrency, _QUEUE, source.origin)


def _empty_pools(budget: Budget) -> Iterator[OutOfRange]:
    """Shares that round down to nothing, whatever the limit is; one of 0 % has been named already."""
    for item, pool in budget.pools:
        share, limit = pool.pool.percent, item.capacity.max_connections
        if (
            pool.connections.high == 0
            and limit.low > 0
            and (share is None or share.low > 0)
            and pool.pool.connections is None
        ):
            message = f"{pool.pool.id} is a pool of no connection: its share of {limit} rounds down to 0"
            advice = f"raise MaxConnectionsPercent of {pool.pool.id}, or max_connections of {item.store.id}"
            yield OutOfRange(pool.pool.id, message, "a share of one connection or more", pool.pool.origin, advice)


def _beyond(
    subject: str,
    what: str,
    quantity: Quantity | None,
    accepted: tuple[Number, Number | None],
    origin: Origin,
    *,
    unit: str = "",
) -> Iterator[OutOfRange]:
    if quantity is None or quantity.is_unknown:
        return
    low, high = accepted
    if (quantity.high is not None and quantity.high < low) or (high is not None and quantity.low > high):
        allowed = (
            f"{format_number(low)} or more{unit}"
            if high is None
            else f"{format_number(low)} to {format_number(high)}{unit}"
        )
        yield OutOfRange(subject, f"{what} is {quantity}{unit}; allowed is {allowed}", allowed, origin)


def _refused(subject: str, values: Iterable[object], origin: Origin) -> Iterator[OutOfRange]:
    """The quantities of one thing of the fleet that the reader had to refuse."""
    for value in values:
        if isinstance(value, Quantity):
            yield from _refusals(subject, value, origin)


def _refusals(subject: str, quantity: Quantity, origin: Origin) -> Iterator[OutOfRange]:
    for reason in quantity.reasons:
        if isinstance(reason, Refused):
            yield OutOfRange(subject, str(reason), "a number of 0 or more", origin)
