"""Functions that hold a database's connections: all of them, and those that something is seen to invoke."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.facts.limits import lambda_limit
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Store
from constructs_lib.model.quantity import Quantity

#: A function runs for 900 s at most: what waits longer for one waits for nobody (Lambda quotas, 2026-11-21).
LONGEST_SECONDS = Quantity.exact(lambda_limit("function timeout, maximum"))
#: What starts a function by hand of an operator or a deploy, not for a request or an event.
_OPERATION = frozenset({"custom-resource", "rotation"})


def held_by(consumer: Consumer, fleet: Fleet) -> tuple[Connection, ...]:
    """The connections a function holds on databases, directly or at a proxy; those that are only possible do not count."""
    return tuple(link for link in fleet.connections_by_consumer.get(consumer.id, ()) if _holds(link))


def database_functions(fleet: Fleet) -> Iterator[tuple[Consumer, tuple[Connection, ...]]]:
    """Functions somebody wrote that hold a connection of a database, with what they hold."""
    for consumer in fleet.consumers:
        held = held_by(consumer, fleet)
        if _written(consumer) and held:
            yield consumer, held


def busy_clients(fleet: Fleet, store: Store) -> Iterator[tuple[Connection, Consumer]]:
    """Functions that hold a store's connections while it serves requests: something invokes them, and no deploy does.

    A function that nothing is seen to invoke is left out: migrations and repairs run by hand may take their time.
    """
    for connection in fleet.connections_by_store.get(store.id, ()):
        consumer = fleet.consumer_by_id.get(connection.consumer)
        if consumer is None or not _holds(connection) or not _written(consumer):
            continue
        if not consumer.deploy_time and _invoked(consumer):
            yield connection, consumer


def _holds(connection: Connection) -> bool:
    return connection.via in ("direct", "proxy") and connection.certainty != "possible"


def _written(consumer: Consumer) -> bool:
    """Whether it is a function that somebody wrote."""
    return consumer.kind == "function" and not consumer.generated


def _invoked(consumer: Consumer) -> bool:
    return any(source.enabled and source.kind not in _OPERATION for source in consumer.event_sources)
