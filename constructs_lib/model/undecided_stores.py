"""Facts of tables and schedules that nobody could read, where a verdict hangs on them."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.facts import classes
from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import SERVERLESS
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Gap, Instance, Store
from constructs_lib.model.purpose import purpose
from constructs_lib.model.quantity import ONE
from constructs_lib.model.unread import WRITE, unread


def store_gaps(fleet: Fleet, budget: Budget) -> Iterator[Gap]:
    """What keeps the rules on key-value tables and scheduled work from deciding."""
    for item in budget.stores:
        if item.role == "writer" and item.store.on_rds:
            yield from _of_relational(item)
    for store in fleet.stores:
        yield from _of_table(store, fleet.connections_by_store.get(store.id, ()))
    for consumer in fleet.consumers:
        if not consumer.generated and not consumer.deploy_time:
            yield from _of_schedules(fleet, consumer)
            yield from _of_failures(fleet, consumer)


def _of_relational(item: StoreBudget) -> Iterator[Gap]:
    """Engine, classes and capacity that the arithmetic of a known limit does without: what memory and CPUs carry rests on them."""
    store, limit = item.store, item.capacity.max_connections
    if limit.is_unknown or not (item.direct or item.pools or store.max_connections is not None):
        return
    if store.engine is None:
        yield Gap(store.id, f"engine of '{store.id}' is unknown", WRITE, store.origin)
    for instance in store.instances:
        why = _class_unread(instance)
        if why:
            yield Gap(store.id, why, WRITE, instance.origin)
    if any(instance.instance_class == SERVERLESS for instance in store.instances):
        yield from unread(store.id, f"maximum capacity of {store.id}", store.serverless_max, store.origin)


def _class_unread(instance: Instance) -> str:
    name = instance.instance_class
    if name is None:
        return instance.class_reason
    known = name == SERVERLESS or classes.vcpus(name) is not None
    return "" if known else f"unknown instance class '{name}' of '{instance.id}': what it carries is not in the facts"


def _of_table(store: Store, connections: tuple[Connection, ...]) -> Iterator[Gap]:
    table = store.table
    if table is None:
        return
    known = purpose(store)
    if known is not None and table.time_to_live is None:
        yield Gap(
            store.id, f"whether '{store.id}', by {known[1]} for {known[0]} records, expires them", WRITE, store.origin
        )
    if table.exports and table.point_in_time_recovery is None:
        yield Gap(store.id, f"whether '{store.id}', which is exported, has point-in-time recovery", WRITE, store.origin)
    if any(item.transactions_per_invocation is not None for item in connections):
        for units, way in ((table.read_units, "read"), (table.write_units, "write")):
            if units is not None and units.is_unknown:
                missing = units.reason or f"the {way} units of '{store.id}' are unknown"
                yield Gap(store.id, missing, WRITE, store.origin)


def _of_schedules(fleet: Fleet, consumer: Consumer) -> Iterator[Gap]:
    """How often a database job starts, unless it runs once at a time anyway."""
    reserved = consumer.reserved_concurrency
    if (reserved is not None and reserved.surely_at_most(ONE)) or not _holds_database(fleet, consumer):
        return
    for source in consumer.event_sources:
        if source.kind == "schedule" and source.enabled and source.schedule and source.schedule.expression is None:
            yield Gap(consumer.id, f"how often '{source.id}' starts '{consumer.id}'", WRITE, source.origin)


def _of_failures(fleet: Fleet, consumer: Consumer) -> Iterator[Gap]:
    """Whether starts that fail are kept, unless the function keeps them itself."""
    if consumer.keeps_failures or not fleet.connections_by_consumer.get(consumer.id):
        return
    for source in consumer.event_sources:
        if source.enabled and source.schedule is not None and source.schedule.dead_letters is None:
            yield Gap(consumer.id, f"whether '{source.id}' keeps starts that fail", WRITE, source.origin)


def _holds_database(fleet: Fleet, consumer: Consumer) -> bool:
    edges = fleet.connections_by_consumer.get(consumer.id, ())
    used = [item for item in edges if item.certainty != "possible" and item.via != "http"]
    return any(store.holds_connections for item in used if (store := fleet.store_by_id.get(item.store)) is not None)
