"""What the memory of an instance carries, whatever limit is pinned on it."""

from __future__ import annotations

import math

from constructs_lib.facts import classes, defaults
from constructs_lib.model.capacity import SERVERLESS
from constructs_lib.model.fleet import Instance, Store
from constructs_lib.model.quantity import Number, Quantity

GIBIBYTE = 1024**3


def carried_by(store: Store, instance: Instance) -> Quantity | None:
    """Connections the instance's memory carries: the default formula without its cap, AWS's table for Aurora MySQL.

    For Serverless the memory at the maximum capacity. ``None`` where the engine publishes neither, or class or capacity is unknown.
    """
    if not store.on_rds or store.engine is None:
        return None
    if instance.instance_class == SERVERLESS:
        return _serverless(store, store.engine)
    memory = classes.memory_bytes(instance.instance_class or "")
    if memory is None:
        return None
    if store.engine == "aurora-mysql":
        bounds = defaults.bounds(store.engine, store.engine_version, instance.instance_class or "", memory)
    else:
        bounds = defaults.carried_by_memory(store.engine, store.engine_version, memory)
    return None if bounds is None else Quantity.bounded(*bounds)


def _serverless(store: Store, engine: str) -> Quantity | None:
    maximum = store.serverless_max
    if maximum is None or not maximum.is_exact or engine not in ("aurora-mysql", "aurora-postgresql"):
        return None
    return Quantity.bounded(*defaults.serverless_bounds(engine, maximum.value, capped=False))


def memory_for(store: Store, connections: Number) -> int | None:
    """Whole GiB of nominal memory that surely carry that many connections; ``None`` where memory does not decide."""
    if store.engine is None:
        return None
    needed = defaults.memory_carrying(store.engine, store.engine_version, math.ceil(connections))
    return None if needed is None else math.ceil(needed / GIBIBYTE)


def capacity_units_for(store: Store, connections: Number) -> int | None:
    """The smallest documented maximum capacity in ACU that offers that many connections; ``None`` when none does."""
    if store.engine is None:
        return None
    capped = store.serverless_min is None or store.serverless_min.low <= defaults.SERVERLESS_CAP_UP_TO
    return defaults.serverless_units(store.engine, math.ceil(connections), capped=capped)
