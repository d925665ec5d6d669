"""Timeouts, retries and throttles that are set but that nobody could read, where a verdict hangs on them."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import APIS, QUEUES, STREAMS, fan_out, stream_sources, throttled_beside, visibility
from constructs_lib.model.clients import busy_clients, database_functions
from constructs_lib.model.fleet import Consumer, EventSource, Fleet, Gap
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.server_timeouts import server_timeout
from constructs_lib.model.throttle_alarms import capped, perhaps_watched
from constructs_lib.model.unread import unread


def timing_gaps(fleet: Fleet) -> Iterator[Gap]:
    """What keeps the rules on timeouts, concurrency and event sources from deciding."""
    yield from _of_databases(fleet)
    for consumer, _ in database_functions(fleet):
        yield from _of_triggers(consumer)
    for consumer in fleet.consumers:
        if not consumer.generated:
            yield from _of_sources(consumer)
    for alarm in perhaps_watched(fleet) if any(True for _ in capped(fleet)) else ():
        what = f"whether '{alarm.id}' looks at the throttles of a function"
        yield Gap(alarm.id, what, "write its metric and the function's name as literals or references", alarm.origin)


def _of_databases(fleet: Fleet) -> Iterator[Gap]:
    for store in fleet.stores:
        if not any(busy_clients(fleet, store)):
            continue
        if "*" in store.unread_parameters:
            why = store.unread_parameters["*"]
            yield Gap(store.id, f"timeouts of '{store.id}': {why}", "give the template that holds it too", store.origin)
            continue
        for ends in ("statement", "idle transaction", "idle session"):
            found = server_timeout(store, ends)
            if found is not None and found.seconds is not None and not found.seconds.is_exact:
                yield from unread(store.id, f"what ends a {ends} of {store.id}", found.seconds, store.origin)


def _of_triggers(consumer: Consumer) -> Iterator[Gap]:
    """A function's timeout that nobody could read, behind an API that waits."""
    if any(source.enabled and source.timeout_seconds is not None for source in consumer.event_sources):
        timeout = consumer.timeout_seconds
        yield from unread(consumer.id, f"timeout of {consumer.id}", timeout, consumer.origin)


def _of_sources(consumer: Consumer) -> Iterator[Gap]:
    reserved = consumer.reserved_concurrency
    capped = reserved is not None and reserved.high != 0
    for source in consumer.event_sources:
        if not source.enabled:
            continue
        if source.kind == QUEUES:
            yield from _of_queue(consumer, source, capped=capped)
        elif source.kind in STREAMS:
            yield from _of_retries(consumer, source)
        elif source.kind in APIS and capped:
            for name, limit in (("rate", source.throttle_rate), ("burst", source.throttle_burst)):
                yield from _unread(consumer, source, f"throttle {name} in front of {consumer.id}", limit)
    if capped and reserved is not None:
        for source in stream_sources(consumer):
            fan = fan_out(source)
            if not fan.surely_at_most(reserved) and not fan.surely_above(reserved):
                yield from _unread(consumer, source, f"how many executions {source.id} asks for at a time", fan)


def _of_queue(consumer: Consumer, source: EventSource, *, capped: bool) -> Iterator[Gap]:
    yield from _unread(consumer, source, f"visibility timeout of the queue behind {source.id}", visibility(source))
    if capped and throttled_beside(consumer):
        yield from _unread(
            consumer, source, f"maxReceiveCount of the queue behind {source.id}", source.max_receive_count
        )


def _of_retries(consumer: Consumer, source: EventSource) -> Iterator[Gap]:
    """One bound that was read is enough."""
    bounds = (source.maximum_retry_attempts, source.maximum_record_age_seconds)
    if not any(bound is not None and not bound.is_unknown for bound in bounds):
        for bound in bounds:
            yield from _unread(consumer, source, f"what ends the retries of {source.id}", bound)


def _unread(consumer: Consumer, source: EventSource, what: str, quantity: Quantity | None) -> Iterator[Gap]:
    if quantity is not None and quantity.is_unknown:
        yield from unread(consumer.id, what, quantity, source.origin)
