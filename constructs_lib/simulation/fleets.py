"""Random fleets over every mode of connecting: for holding verdicts against simulations.

``random.Random`` is all the chance there is, so that a fleet is named by a seed, and hypothesis can drive and shrink it
(``strategies.randoms``). Sizes are chosen so that about as many budgets fit as do not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Instance, Pool, Provisioned, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

T = TypeVar("T")
_HOLDS = (
    Fraction(1, 20),
    Fraction(1, 10),
    Fraction(1, 5),
    Fraction(1, 2),
    Fraction(3, 10),
    Fraction(1),
    Fraction(2),
    Fraction(5),
)
_LEAST_UNITS = (Fraction(0), Fraction(1, 2), Fraction(1))
_WORK = (Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2))
_CLASSES = ("db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.r6g.large")
_ENGINES = (
    ("postgres", "16.8"),
    ("postgres", "14.3"),
    ("postgres", None),
    ("mysql", "8.0"),
    ("mariadb", "10.11"),
    ("mariadb", "10.4.1"),
)


@dataclass
class _Draft:
    rng: random.Random
    stores: list[Store] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.rng.randrange(len(choices))]

    def quantity(self, value: int | Fraction, *, percent_exact: int = 92) -> Quantity:
        """The number itself, or bounds around it."""
        if self.chance(percent_exact):
            return Quantity.exact(value)
        return Quantity.bounded(value, value + self.rng.randrange(1, 4), "a parameter with a range")


def random_fleet(rng: random.Random) -> tuple[Fleet, Settings]:
    """One or two stores, up to three pools, up to six consumers, and what somebody declared about the account."""
    draft = _Draft(rng)
    for number in range(1 if draft.chance(80) else 2):
        _add_store(draft, f"db{number}")
    for number in range(rng.randrange(1, 7)):
        _add_consumer(draft, f"f{number}")
    fleet = Fleet(tuple(draft.stores), tuple(draft.pools), tuple(draft.consumers), tuple(draft.connections))
    return fleet, Settings(
        account_concurrency=max(draft.pick((100, 100, 150, 300)), int(fleet.reserved_concurrency.high or 0) + 100),
        operator_reserve=draft.pick((0, 5, 5, 10)),
        deploy_overlap=draft.pick((1, 2, 2, 2, 3)),
        declared_consumers={"db0": (("bi", rng.randrange(20)),)} if draft.chance(15) else {},
    )


def _add_store(draft: _Draft, name: str) -> None:
    store = draft.pick((_instance, _instance, _cluster, _serverless, _document, _external))(draft, name)
    if draft.chance(20):
        store = store._replace(other_connections=(("tasks", draft.quantity(draft.rng.randrange(1, 30))),))
    if draft.chance(15):
        store = store._replace(operator_reserve=draft.rng.randrange(12))
    draft.stores.append(store)
    if store.kind != "documentdb-cluster":
        for number in range(draft.pick((0, 1, 1, 1, 2, 3))):
            _add_pool(draft, f"{name}-p{number}", store)


def _limit(draft: _Draft) -> Quantity | None:
    """A pin, a parameter with a range, or the engine's default."""
    if draft.chance(70):
        return draft.quantity(draft.pick((10, 20, 30, 40, 60, 80, 150)) + draft.rng.randrange(20), percent_exact=85)
    return None


def _instance(draft: _Draft, name: str) -> Store:
    engine, version = draft.pick(_ENGINES)
    return Store(
        name,
        "rds-instance",
        engine,
        version,
        instances=(Instance(name, draft.pick(_CLASSES[:3])),),
        max_connections=_limit(draft),
    )


def _cluster(draft: _Draft, name: str) -> Store:
    engine = draft.pick(("aurora-postgresql", "aurora-mysql"))
    classes = ("db.t4g.medium", "db.t4g.large", "db.r6g.large")
    readers = tuple(
        Instance(f"{name}-r{number}", draft.pick(classes), "reader") for number in range(draft.pick((0, 1, 1, 2)))
    )
    return Store(
        name,
        "aurora-cluster",
        engine,
        instances=(Instance(name, draft.pick(classes)), *readers),
        max_connections=_limit(draft),
    )


def _serverless(draft: _Draft, name: str) -> Store:
    return Store(
        name,
        "aurora-cluster",
        draft.pick(("aurora-postgresql", "aurora-mysql")),
        instances=(Instance(name, "db.serverless"),),
        serverless_min=Quantity.exact(draft.pick(_LEAST_UNITS)),
        serverless_max=Quantity.exact(draft.pick((1, 2, 4))),
    )


def _document(draft: _Draft, name: str) -> Store:
    return Store(
        name, "documentdb-cluster", "docdb", instances=(Instance(name, draft.pick(("db.t4g.medium", "db.r6g.large"))),)
    )


def _external(draft: _Draft, name: str) -> Store:
    return Store(name, "external", "postgres", max_connections=draft.quantity(draft.rng.randrange(15, 120)))


def _add_pool(draft: _Draft, name: str, store: Store) -> None:
    pool = Pool(
        name, store.id, has_reader_endpoint=any(item.role == "reader" for item in store.instances) and draft.chance(60)
    )
    if draft.chance(25):
        pool = pool._replace(kind="pgbouncer", connections=draft.quantity(draft.rng.randrange(1, 30)))
    elif draft.chance(92):
        pool = pool._replace(percent=draft.quantity(draft.pick((1, 5, 10, 20, 25, 33, 40, 50, 70, 90, 100))))
    if draft.chance(90):
        pool = pool._replace(borrow_timeout_seconds=draft.quantity(draft.pick((0, 1, 2, 3, 5, 10, 20))))
    draft.pools.append(pool)


def _add_consumer(draft: _Draft, name: str) -> None:
    consumer = Consumer(name, timeout_seconds=draft.quantity(draft.pick((3, 5, 10, 15, 30, 60))))
    mode = draft.rng.randrange(100)
    if mode < 74:
        consumer = consumer._replace(reserved_concurrency=draft.quantity(_concurrency(draft)))
    elif mode < 80:
        consumer = consumer._replace(
            managed_instances=True,
            maximum_environments=draft.quantity(draft.rng.randrange(1, 6)),
            concurrency_per_environment=draft.quantity(draft.rng.randrange(1, 10)),
        )
    elif mode < 86:
        consumer = consumer._replace(
            tenant_isolation=True, reserved_concurrency=draft.quantity(draft.rng.randrange(1, 15))
        )
    elif mode < 90:
        reserved = Quantity.exact(draft.rng.randrange(1, 6)) if draft.chance(50) else None
        consumer = consumer._replace(deploy_time=True, reserved_concurrency=reserved)
    elif mode < 96:
        consumer = consumer._replace(event_sources=_sources(draft, name))
        if draft.chance(50):
            consumer = consumer._replace(reserved_concurrency=draft.quantity(_concurrency(draft)))
    if draft.chance(10):
        consumer = consumer._replace(
            provisioned=(Provisioned(f"{name}-live", Quantity.exact(draft.rng.randrange(1, 5))),)
        )
    if draft.chance(15):
        consumer = consumer._replace(deployment_style=draft.pick(("linear", "canary", "unknown")))
    draft.consumers.append(consumer)
    for store in _some(draft, draft.stores):
        _add_connection(draft, name, store)


def _concurrency(draft: _Draft) -> int:
    return draft.pick((0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 40)) + draft.rng.randrange(2)


def _sources(draft: _Draft, name: str) -> tuple[EventSource, ...]:
    return tuple(
        EventSource(
            f"{name}-s{number}",
            draft.pick(("sqs", "kafka", "kinesis")),
            maximum_concurrency=Quantity.exact(draft.rng.randrange(2, 15)) if draft.chance(85) else None,
            enabled=draft.chance(90),
        )
        for number in range(draft.pick((1, 1, 2)))
    )


def _some(draft: _Draft, stores: Sequence[Store]) -> list[Store]:
    chosen = list(stores) if draft.chance(35) else [draft.pick(stores)]
    return [*chosen, draft.pick(stores)] if draft.chance(8) else chosen


def _add_connection(draft: _Draft, consumer: str, store: Store) -> None:
    # Now and then somebody names another store than the pool's own.
    pools = [pool for pool in draft.pools if pool.store == store.id or draft.chance(2)]
    pool = draft.pick(pools) if pools and draft.chance(75) else None
    has_reader = any(item.role == "reader" for item in store.instances)
    enforced = draft.chance(88)
    connection = Connection(
        consumer,
        store.id,
        via="direct" if pool is None else "proxy",
        pool=None if pool is None else pool.id,
        role="reader" if has_reader and draft.chance(40) else "writer",
        connections_per_environment=None if draft.chance(10) else draft.quantity(draft.pick((1, 1, 1, 1, 2, 3, 5))),
        pins_session=pool is not None and draft.chance(15),
    )
    if pool is not None and draft.chance(95):
        connection = connection._replace(
            hold_seconds=draft.quantity(draft.pick(_HOLDS), percent_exact=95), hold_enforced=enforced
        )
    if draft.chance(30):
        connection = connection._replace(transactions_per_invocation=Quantity.exact(draft.pick((1, 2, 3, 4))))
    if draft.chance(25):
        connection = connection._replace(other_work_seconds=Quantity.exact(draft.pick(_WORK)))
    draft.connections.append(connection)
