"""From a fleet with bounds to worlds with numbers.

A *severe* world gives every consumer all that its bounds allow and every timeout its least: a fleet that is accepted must survive it.
A *mild* world gives the least demand and the most patience: a fleet that is rejected as certain must break even there. Environments
are derived here from what AWS documents, not from ``model.demand``, so that the two check each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from constructs_lib.model.capacity import Capacity, capacity_of
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Pool, Role, Store
from constructs_lib.model.pools import borrow_timeout, pool_percent
from constructs_lib.model.quantity import Number, Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.simulation.world import Database, Function, Link, Pooler, World

Temper = Literal["severe", "mild"]
_MOST_LIMITS = 4


class NoWorldError(ValueError):
    """A fleet has a number without an upper bound where the world would need one."""


def worlds(fleet: Fleet, settings: Settings, temper: Temper) -> list[World]:
    """Worlds at several admissible limits of the databases, lowest first. Raises ``NoWorldError`` for unbounded inputs."""
    choices = {
        (store.id, role): _limits(store, role, settings, temper)
        for store in fleet.stores
        if store.holds_connections
        for role in _roles(store)
    }
    count = max((len(items) for items in choices.values()), default=1)
    return [
        _Builder(
            fleet, settings, temper, {key: items[min(index, len(items) - 1)] for key, items in choices.items()}
        ).world()
        for index in range(count)
    ]


def _roles(store: Store) -> tuple[Role, ...]:
    return ("writer", "reader") if any(item.role == "reader" for item in store.instances) else ("writer",)


def _limits(store: Store, role: Role, settings: Settings, temper: Temper) -> list[int]:
    """Limits the instance in charge may have. After a failover any instance may write, and the former writer reads."""
    if temper == "mild" or not store.instances:
        spans = [capacity_of(store, settings, role).max_connections]
    else:
        alone = [store._replace(instances=(item._replace(role="writer"),)) for item in store.instances]
        spans = [capacity_of(single, settings).max_connections for single in alone]
    found = {int(value) for span in spans for value in _values(span)}
    chosen = sorted(found)
    return chosen if len(chosen) <= _MOST_LIMITS else [*chosen[: _MOST_LIMITS - 1], chosen[-1]]


def _values(span: Quantity) -> Sequence[Number]:
    if span.high is None:
        return (max(1, math.ceil(span.low)), max(1, math.ceil(span.low)) + 37, max(1, math.ceil(span.low)) + 5000)
    return (span.low, (span.low + span.high) // 2, span.high)


@dataclass(frozen=True)
class _Times:
    """Seconds of one function, before they become ticks."""

    timeout: Number
    work: Number
    holds: tuple[Number, ...]


@dataclass(frozen=True)
class _Builder:
    fleet: Fleet
    settings: Settings
    temper: Temper
    limits: dict[tuple[str, Role], int]

    def world(self) -> World:
        links = {consumer.id: self.links_of(consumer) for consumer in self.fleet.consumers}
        times = {consumer.id: self.times_of(consumer, links[consumer.id]) for consumer in self.fleet.consumers}
        pooled = [(pool, role) for pool in self.fleet.pools for role in self.pool_roles(pool)]
        scale = self.ticks_per_second(times, pooled)
        functions = tuple(
            self.function(consumer, links[consumer.id], times[consumer.id], scale) for consumer in self.fleet.consumers
        )
        return World(
            databases=tuple(self.database(store_id, role) for store_id, role in self.limits),
            poolers=tuple(self.pooler(pool, role, scale) for pool, role in pooled),
            functions=functions,
            unreserved=self.unreserved,
            ticks_per_second=scale,
        )

    def most(self, quantity: Quantity) -> Number:
        """A demand: all of it in a severe world, the least in a mild one."""
        if self.temper == "mild":
            return quantity.low
        if quantity.high is None:
            raise NoWorldError(f"nothing bounds {quantity}")
        return quantity.high

    def patience(self, quantity: Quantity) -> Number:
        """A timeout or a share: the least in a severe world, all of it in a mild one."""
        if self.temper == "severe":
            return quantity.low
        if quantity.high is None:
            raise NoWorldError(f"nothing bounds {quantity}")
        return quantity.high

    # Functions

    def links_of(self, consumer: Consumer) -> tuple[Connection, ...]:
        counted = self.fleet.connections_by_consumer.get(consumer.id, ())
        return tuple(
            item
            for item in counted
            if item.via in ("direct", "proxy")
            and item.certainty != "possible"
            and (item.store, "writer") in self.limits
        )

    def times_of(self, consumer: Consumer, links: tuple[Connection, ...]) -> _Times:
        timeout = self.patience(consumer.timeout_seconds)
        works = [self.most(link.other_work_seconds) for link in links if link.other_work_seconds is not None]
        return _Times(timeout, max(works, default=0), tuple(self.hold(link, timeout) for link in links))

    def hold(self, link: Connection, timeout: Number) -> Number:
        """Seconds a transaction may hold its connection; until the function's timeout where nothing ends it."""
        if link.hold_seconds is not None and (link.hold_enforced or self.temper == "mild"):
            return self.most(link.hold_seconds) if link.hold_enforced else min(self.most(link.hold_seconds), timeout)
        return timeout if self.temper == "severe" else 0

    def function(self, consumer: Consumer, links: tuple[Connection, ...], times: _Times, scale: int) -> Function:
        concurrency, shared = self.concurrency(consumer)
        environments = math.ceil(Fraction(5, 2) * concurrency) if consumer.tenant_isolation else concurrency
        return Function(
            id=consumer.id,
            concurrency=concurrency,
            environments=environments,
            timeout=int(times.timeout * scale),
            work=int(times.work * scale),
            versions=1 if consumer.deploy_time else self.versions(consumer),
            shared=shared,
            links=tuple(self.link(link, int(hold * scale)) for link, hold in zip(links, times.holds, strict=True)),
        )

    def versions(self, consumer: Consumer) -> int:
        """Versions alive at once: an alias that shifts traffic keeps two serving, also where all other deploys leave none behind."""
        shifts = consumer.deployment_style in ("linear", "canary") or (
            consumer.deployment_style == "unknown" and self.temper == "severe"
        )
        return max(self.settings.deploy_overlap, 2) if shifts else self.settings.deploy_overlap

    def concurrency(self, consumer: Consumer) -> tuple[int, bool]:
        """Executions at one moment, and whether they come out of what the account leaves unreserved."""
        if consumer.managed_instances:
            most = self.most(consumer.maximum_environments or Quantity.unknown("no maximum of environments"))
            each = self.most(consumer.concurrency_per_environment or Quantity.unknown("no concurrency per environment"))
            return int(most * each), False
        if consumer.deploy_time and consumer.reserved_concurrency is None:
            return 1, False
        caps = [source.maximum_concurrency for source in consumer.event_sources if source.enabled]
        polled = None if not caps or None in caps else sum(int(self.most(cap)) for cap in caps if cap is not None)
        if consumer.reserved_concurrency is not None:
            reserved = int(self.most(consumer.reserved_concurrency))
            return (reserved if polled is None else min(reserved, polled)), False
        if polled is not None:
            return polled, False
        # Whatever is not forbidden to run may run once.
        return (min(1, self.unreserved) if self.temper == "mild" else self.unreserved), True

    @property
    def unreserved(self) -> int:
        reserved = sum(
            item.reserved_concurrency.low for item in self.fleet.consumers if item.reserved_concurrency is not None
        )
        return max(self.settings.unreservable, self.settings.account_concurrency - int(reserved))

    def link(self, link: Connection, hold: int) -> Link:
        each = 1 if link.connections_per_environment is None else int(self.most(link.connections_per_environment))
        transactions = (
            1 if link.transactions_per_invocation is None else int(self.most(link.transactions_per_invocation))
        )
        pool = self.fleet.pool_by_id.get(link.pool or "") if link.via == "proxy" else None
        store = link.store if pool is None else pool.store
        role: Role = link.role if (store, link.role) in self.limits else "writer"
        if pool is not None and not pool.has_reader_endpoint:
            role = "writer"
        return Link(
            database=f"{store}/{role}",
            pooler=None if pool is None else f"{pool.id}/{role}",
            connections=each,
            hold=hold,
            transactions=transactions,
            pins=link.pins_session,
            # The least demand holds no longer than declared: whoever is late even so is late for certain.
            enforced=self.temper == "mild" or (link.hold_seconds is not None and link.hold_enforced),
        )

    # Databases and poolers

    def database(self, store_id: str, role: Role) -> Database:
        capacity = self.capacity(store_id, role)
        store = self.fleet.store_by_id[store_id]
        operators = self.settings.operator_reserve if store.operator_reserve is None else store.operator_reserve
        declared = int(self.most(capacity.set_aside)) - operators
        # Whatever only runs while a stack deploys takes the operators' places.
        return Database(
            id=f"{store_id}/{role}",
            max_connections=self.limits[store_id, role],
            engine_reserve=int(capacity.reserved.value),
            others=declared + operators - self.lent_by_operators(store_id, role, operators),
        )

    def capacity(self, store_id: str, role: Role) -> Capacity:
        return capacity_of(self.fleet.store_by_id[store_id], self.settings, role)

    def lent_by_operators(self, store_id: str, role: Role, operators: int) -> int:
        """Connections of functions that only run while a stack deploys, as far as all of one function's fit the operators' places."""
        lent = 0
        for consumer in self.fleet.consumers:
            for link in (self.link(item, 0) for item in self.links_of(consumer) if consumer.deploy_time):
                wanted = self.concurrency(consumer)[0] * link.connections
                if link.pooler is None and link.database == f"{store_id}/{role}" and lent + wanted <= operators:
                    lent += wanted
        return lent

    def pool_roles(self, pool: Pool) -> list[Role]:
        roles: tuple[Role, ...] = ("writer", "reader") if pool.has_reader_endpoint else ("writer",)
        return [role for role in roles if (pool.store, role) in self.limits]

    def pooler(self, pool: Pool, role: Role, scale: int) -> Pooler:
        limit = self.limits[pool.store, role]
        if pool.connections is not None:
            lends, opens = int(self.patience(pool.connections)), int(self.most(pool.connections))
        else:
            percent = pool_percent(pool)
            lends = math.floor(Fraction(limit * self.patience(percent)) / 100)
            opens = math.ceil(Fraction(limit * self.most(percent)) / 100)
        return Pooler(
            f"{pool.id}/{role}", f"{pool.store}/{role}", lends, opens, int(self.patience(borrow_timeout(pool)) * scale)
        )

    def ticks_per_second(self, times: dict[str, _Times], pooled: list[tuple[Pool, Role]]) -> int:
        """The smallest number of ticks a second that makes every time a whole number of them."""
        seconds: list[Number] = [value for item in times.values() for value in (item.timeout, item.work, *item.holds)]
        seconds += [
            self.patience(pool.borrow_timeout_seconds) for pool, _ in pooled if pool.borrow_timeout_seconds is not None
        ]
        return math.lcm(1, *(Fraction(value).denominator for value in seconds))
