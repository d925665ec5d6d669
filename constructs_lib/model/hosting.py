"""Which instance class, or how many Aurora capacity units, carry a pinned ``max_connections``: the smallest, and what comes after it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.facts import classes, defaults, limits
from constructs_lib.model.profile import AURORA_ENGINES, StoreProfile
from constructs_lib.model.quantity import Number, format_number

_ALTERNATIVES = 3
SERVERLESS = "db.serverless"


@dataclass(frozen=True)
class Pin:
    """``max_connections`` with the proxy's whole percentage of it; ``pool`` is its floor, ``opening`` its ceiling. 0 % without a proxy."""

    max_connections: int
    percent: int

    @property
    def pool(self) -> int:
        return self.max_connections * self.percent // 100

    @property
    def opening(self) -> int:
        return math.ceil(Fraction(self.max_connections * self.percent, 100))


@dataclass(frozen=True)
class Need:
    """What a store must offer: ``pool`` connections through a proxy, ``direct`` ones (``direct_once`` outside a deploy), ``slots`` kept."""

    pool: int
    direct: int
    direct_once: int
    slots: int

    def pin(self, least_percent: int) -> Pin | None:
        """The smallest limit whose pool is large enough and whose opening leaves all others their places; ``None`` when none does.

        Where the proxy's percentage would fall below ``least_percent`` the pool grows instead.
        """
        others = self.slots + self.direct
        if not self.pool:
            return Pin(others, 0)
        maximum = self.pool + others
        # Beyond this the percentage can be anything; a larger limit would only repeat what is refused.
        for limit in range(maximum, 101 * (maximum + 1)):
            most = 100 * (limit - others) // limit
            percent = max(math.ceil(Fraction(100 * self.pool, limit)), least_percent)
            if percent <= most:
                return Pin(limit, percent)
        return None


@dataclass(frozen=True)
class Host:
    """A class that carries a pin. ``memory_connections`` is what its memory surely carries, ``vcpus`` ``None`` for Serverless v2.

    ``minimum_acu`` and ``maximum_acu`` are Aurora capacity units, ``None`` for a class of fixed size.
    """

    instance_class: str
    pin: Pin
    memory_connections: int
    vcpus: int | None
    minimum_acu: Number | None = None
    maximum_acu: Number | None = None

    @property
    def burstable(self) -> bool:
        return classes.is_burstable(self.instance_class)

    @property
    def name(self) -> str:
        """The class, or the range of capacity units."""
        if self.maximum_acu is None or self.minimum_acu is None:
            return self.instance_class
        return f"{format_number(self.minimum_acu)} to {format_number(self.maximum_acu)} ACU"


def hosts(store: StoreProfile, need: Need, connections_per_vcpu: int) -> tuple[Host, ...]:
    """Classes that carry the need: the smallest first, then others of its size, then the next larger sizes."""
    found = list(_carrying(store, need, connections_per_vcpu))
    if not found:
        return ()
    sizes = list(dict.fromkeys(_size(host) for host in found))[: _ALTERNATIVES + 1]
    same = [host for host in found if _size(host) == sizes[0]][: _ALTERNATIVES + 1]
    larger = [next(host for host in found if _size(host) == size) for size in sizes[1:]]
    return (*same, *larger)


def _size(host: Host) -> tuple[int | None, Number | None, int | None]:
    memory = classes.memory_bytes(host.instance_class)
    return memory, host.maximum_acu, host.vcpus


def candidates(store: StoreProfile) -> tuple[str, ...]:
    """The classes that come into question: the one that was asked for, else all that are proposed for the engine."""
    if store.instance_class is not None:
        return (store.instance_class,)
    return classes.offered(aurora=store.engine in AURORA_ENGINES)


def _carrying(store: StoreProfile, need: Need, connections_per_vcpu: int) -> Iterator[Host]:
    if store.serverless or store.instance_class == SERVERLESS:
        yield from _units(store, need)
        return
    for name in candidates(store):
        pin = need.pin(limits.least_percent(name, aurora=store.engine in AURORA_ENGINES))
        carried, count = memory_connections(store, name), classes.vcpus(name)
        if pin is None or carried is None or count is None or carried < pin.max_connections:
            continue
        if pin.opening + need.direct_once <= connections_per_vcpu * count:
            yield Host(name, pin, carried, count)


def memory_connections(store: StoreProfile, name: str) -> int | None:
    """What the memory of a class surely carries; ``None`` when the class is not listed, or not for the engine."""
    memory = classes.memory_bytes(name)
    bounds = None if memory is None else defaults.bounds(store.engine, store.engine_version, name, memory)
    return None if bounds is None else bounds[0]


def _units(store: StoreProfile, need: Need) -> Iterator[Host]:
    """Every row of AWS's table from the smallest that carries the pin. A minimum of 0.5 is kept where it does not lower the limit."""
    pin = need.pin(limits.least_percent(SERVERLESS, aurora=True))
    if pin is None:
        return
    for maximum in defaults.documented_units(store.engine):
        for minimum, capped in ((Fraction(1, 2), True), (1, False)):
            carried = defaults.serverless_bounds(store.engine, maximum, capped=capped)[0]
            if carried >= pin.max_connections:
                yield Host(SERVERLESS, pin, carried, None, minimum, maximum)
                break
