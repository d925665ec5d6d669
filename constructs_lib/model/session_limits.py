"""Limits beside the number of connections: work at once on DocumentDB, the rate of new connections of Aurora DSQL, clients of a pooler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from constructs_lib.facts import stores
from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.capacity import Term, smallest_of
from constructs_lib.model.demand import Demand
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity, total

#: Environments Lambda may add to one function at once, and again every ten seconds (Lambda guide, scaling behaviour, read 2026-11-21).
ENVIRONMENTS_AT_ONCE = 1_000


class SessionLimit(NamedTuple):
    """One such limit: of what (``subject``), its name, how many there may be and how many it admits, at most and for certain."""

    subject: str
    name: str
    wanted: Quantity
    admitted: Quantity
    terms: tuple[Term, ...]
    assumed: bool
    origin: Origin

    @property
    def exceeded(self) -> bool:
        """Whether what surely is wanted exceeds what is admitted at most."""
        return self.wanted.low > 0 and self.wanted.surely_above(self.admitted)


def session_limits(item: StoreBudget) -> Iterator[SessionLimit]:
    """Every such limit of a store and its pools that somebody could exceed."""
    if item.store.kind == "documentdb-cluster" and item.direct:
        yield from _documentdb(item)
    rate = stores.connection_rate(item.store.kind)
    if rate is not None and item.direct:
        yield _rate(item, rate)
    for pool in item.pools:
        if pool.pool.maximum_clients is not None:
            yield SessionLimit(
                pool.pool.id,
                "clients",
                pool.clients,
                pool.pool.maximum_clients,
                tuple(demand.term for demand in pool.demands),
                False,
                pool.pool.origin,
            )


def _documentdb(item: StoreBudget) -> Iterator[SessionLimit]:
    """Each execution at work keeps one connection active, and a query that needs a second batch keeps a cursor open."""
    documented = [
        stores.documented_limit(item.store.kind, instance.instance_class) for instance in item.store.instances
    ]
    known = [limit for limit in documented if limit is not None]
    if not known or len(known) < len(documented):
        return
    wanted = total([demand.once for demand in item.direct])
    for name, values, assumed in (
        ("active connections", [limit.active_connections for limit in known], False),
        ("cursors", [limit.cursors for limit in known], True),
    ):
        counts = [Quantity.exact(value) for value in values if value is not None]
        if counts and len(counts) == len(known):
            terms = tuple(_once(demand) for demand in item.direct)
            yield SessionLimit(item.store.id, name, wanted, smallest_of(counts), terms, assumed, item.store.origin)


def _once(demand: Demand) -> Term:
    label = f"{demand.consumer.id} ({demand.environments} × {demand.per_environment})"
    return Term(label, demand.once, demand.consumer.origin)


def _rate(item: StoreBudget, rate: stores.ConnectionRate) -> SessionLimit:
    """Every function may add its environments at once, up to a thousand; a bucket of tokens admits its burst and refills slowly."""
    wanted = total([_at_once(demand) for demand in item.direct])
    terms = tuple(Term(f"{demand.consumer.id}, new at once", _at_once(demand)) for demand in item.direct)
    admitted = Quantity.exact(rate.burst)
    name = f"new connections at once (then {rate.per_second} a second)"
    return SessionLimit(item.store.id, name, wanted, admitted, terms, False, item.store.origin)


def _at_once(demand: Demand) -> Quantity:
    return demand.environments.at_most(Quantity.exact(ENVIRONMENTS_AT_ONCE)) * demand.per_environment
