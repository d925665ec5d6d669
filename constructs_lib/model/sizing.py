"""From what functions must carry to what they need: reserved concurrency, pool, max_connections, and the smallest class that fits.

Concurrency follows Little's law, the average wait at the pool included (machine-repairman). The pool is the smallest that both carries
the transactions per second at the wanted utilisation and is proven by the very judge that checks templates: one connection fewer
and it is busier than wanted, or not proven. What is pinned leaves the engine's, the operators' and other clients' connections outside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from constructs_lib.facts import reserved
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.hosting import Host, Need, hosts
from constructs_lib.model.obstacles import Obstacle, beyond_account, obstacles_before, reservable, too_low
from constructs_lib.model.pool_search import Trial, concurrency_at, least_pool, mean_wait, pool_averages
from constructs_lib.model.profile import StoreProfile
from constructs_lib.model.proposal import fleet_of, hosted, pool_of
from constructs_lib.model.quantity import Number
from constructs_lib.model.queueing import Averages
from constructs_lib.model.settings import Settings
from constructs_lib.model.shortfall import misfit
from constructs_lib.model.workload import Workload

#: As the constructs have it: long enough for every proof worth having, short enough to end before functions do.
DEFAULT_BORROW_TIMEOUT = 10


@dataclass(frozen=True)
class Sizing:
    """The numbers of one store that fit together, or the obstacles.

    ``concurrency`` are reserved executions in the order of ``workloads``. ``pool`` is what clients need of the proxy (0 without one),
    ``least_pool`` what the peak's transactions need at the wanted utilisation. ``longest_wait_seconds`` is proven, ``averages`` are
    of the whole pool with every environment busy (``None`` without a proxy). ``hosts`` carry it: the smallest first, then alternatives.
    """

    store: StoreProfile
    workloads: tuple[Workload, ...]
    obstacles: tuple[Obstacle, ...] = ()
    concurrency: tuple[int, ...] = ()
    pool: int = 0
    least_pool: int = 0
    slots: int = 0
    borrow_timeout_seconds: int = 0
    longest_wait_seconds: Number = 0
    averages: Averages | None = None
    hosts: tuple[Host, ...] = ()

    @property
    def host(self) -> Host | None:
        """The smallest class that carries it; ``None`` when there are obstacles."""
        return self.hosts[0] if self.hosts else None

    @property
    def clients(self) -> int:
        return sum(self.concurrency)

    @property
    def fleet(self) -> Fleet | None:
        """What is proposed, as a reader of a template would find it; ``None`` when nothing is."""
        if self.host is None:
            return None
        percent, pooled = self.host.pin.percent, self.store.via == "proxy"
        pool = pool_of(self.store, self.borrow_timeout_seconds, percent=percent) if pooled else None
        return fleet_of(hosted(self.store, self.host), pool, self.workloads, self.concurrency)


def size(store: StoreProfile, workloads: Sequence[Workload], settings: Settings | None = None) -> Sizing:
    """Size one store for functions at their peak. Never raises: what cannot be is an obstacle with its reason."""
    settings, given = settings or Settings(), tuple(workloads)
    obstacles = obstacles_before(store, given, settings)
    if obstacles:
        return Sizing(store, given, obstacles)
    return _pooled(store, given, settings) if store.via == "proxy" else _direct(store, given, settings)


def _direct(store: StoreProfile, workloads: tuple[Workload, ...], settings: Settings) -> Sizing:
    counts = tuple(item.concurrency for item in workloads)
    need = Need(0, sum(counts) * settings.deploy_overlap, sum(counts), _slots(store, settings))
    return _on_a_class(Sizing(store, workloads, too_low(workloads, 0), counts, slots=need.slots), need, settings)


def _pooled(store: StoreProfile, workloads: tuple[Workload, ...], settings: Settings) -> Sizing:
    borrow = store.borrow_timeout_seconds or _borrow_timeout(workloads)
    least = min(least_pool(workloads, store.utilisation_percent), sum(item.concurrency for item in workloads))
    trial = Trial(store, workloads, borrow, settings)
    pool = trial.smallest(least)
    counts = concurrency_at(workloads, pool)
    mean = pool_averages(workloads, counts, pool)
    sizing = Sizing(
        store=store,
        workloads=workloads,
        obstacles=too_low(workloads, mean_wait(mean)),
        concurrency=counts,
        pool=pool,
        least_pool=least,
        slots=_slots(store, settings),
        borrow_timeout_seconds=borrow,
        longest_wait_seconds=trial.wait(pool),
        averages=mean,
    )
    if sizing.clients > reservable(settings):
        obstacles = (*sizing.obstacles, beyond_account(store.name, sizing.clients, settings))
        sizing = replace(sizing, obstacles=obstacles)
    return _on_a_class(sizing, Need(pool, 0, 0, sizing.slots), settings)


def _on_a_class(sizing: Sizing, need: Need, settings: Settings) -> Sizing:
    if sizing.obstacles:
        return sizing
    found = hosts(sizing.store, need, settings.connections_per_vcpu)
    if found:
        return replace(sizing, hosts=found)
    constraint, message = misfit(sizing.store, need, settings.connections_per_vcpu)
    return replace(sizing, obstacles=(Obstacle(constraint, sizing.store.name, message),))


def _slots(store: StoreProfile, settings: Settings) -> int:
    """Connections that engine, operators and other clients keep."""
    engine = reserved.engine_slots(store.engine, store.engine_version).connections
    return engine + settings.operator_reserve + store.other_connections


def _borrow_timeout(workloads: Sequence[Workload]) -> int:
    """Whole seconds: as patient as the least patient function can be, at most the default, and shorter than every function's timeout."""
    patience = math.floor(min(item.patience_seconds for item in workloads))
    shortest = math.ceil(min(item.timeout_seconds for item in workloads)) - 1
    return max(1, min(DEFAULT_BORROW_TIMEOUT, patience, shortest))
