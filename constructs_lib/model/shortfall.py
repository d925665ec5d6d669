"""Why no class carries a store: its memory, its processors, or a class that is not listed or too small for a proxy."""

from __future__ import annotations

from typing import Literal

from constructs_lib.facts import classes, limits
from constructs_lib.model.hosting import Need, candidates, memory_connections
from constructs_lib.model.profile import AURORA_ENGINES, StoreProfile

_ADVICE = "split the load over several stores, or shorten the transactions"


def misfit(
    store: StoreProfile, need: Need, connections_per_vcpu: int
) -> tuple[Literal["class", "memory", "vcpu"], str]:
    """The constraint that binds, and what would change it, for a need that no class carries."""
    if store.serverless:
        return "memory", f"no maximum capacity of {store.engine} carries {_wanted(need)}: {_ADVICE}"
    listed = [(name, carried) for name in candidates(store) if (carried := memory_connections(store, name)) is not None]
    if not listed:
        return "class", (
            f"class '{store.instance_class}' is not listed for {store.engine}, so nobody can tell what it carries; "
            "take a listed one, or leave instance_class out"
        )
    pins = [need.pin(limits.least_percent(name, aurora=store.engine in AURORA_ENGINES)) for name, _ in listed]
    which = f"'{store.instance_class}'" if store.instance_class else f"the largest listed class for {store.engine}"
    if not any(pins):
        return (
            "class",
            f"AWS recommends to give all connections of {which} to a proxy, but {need.slots} are kept: take a larger class",
        )
    if not any(pin and carried >= pin.max_connections for pin, (_, carried) in zip(pins, listed, strict=True)):
        most = max(carried for _, carried in listed)
        return (
            "memory",
            f"{which} surely carries {most:,} connections by its memory, but {_wanted(need)} are needed: {_ADVICE}",
        )
    processors = max(classes.vcpus(name) or 0 for name, _ in listed)
    working = min(pin.opening for pin in pins if pin) + need.direct_once
    return "vcpu", (
        f"{which} serves {processors * connections_per_vcpu:,} connections at work ({processors} vCPUs × {connections_per_vcpu}), "
        f"but {working:,} are needed: {_ADVICE}, or raise connections_per_vcpu where most connections are idle"
    )


def _wanted(need: Need) -> str:
    parts = [f"a pool of {need.pool:,}"] if need.pool else []
    parts += [f"{need.direct:,} direct connections during a deploy"] if need.direct else []
    return f"{' and '.join(parts)} besides {need.slots:,} kept connections"
