"""Documented connection limits of stores that are not RDS or Aurora. Sources and dates in ``data/store_limits.csv``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from fractions import Fraction
from typing import NamedTuple

from constructs_lib.facts._tables import rows


class StoreLimit(NamedTuple):
    """Connections of one node or cluster; cursors and active connections where the store limits them too (DocumentDB)."""

    connections: int
    cursors: int | None
    active_connections: int | None


def documented_limit(kind: str, instance_class: str | None) -> StoreLimit | None:
    """The limit of a store kind, for its class where limits go by class; ``None`` where nothing is documented."""
    for row in rows("store_limits"):
        if row["kind"] == kind and (row["class"] == "*" or fnmatchcase(instance_class or "", row["class"])):
            return StoreLimit(int(row["connections"]), _optional(row["cursors"]), _optional(row["active_connections"]))
    return None


def knows(kind: str) -> bool:
    """Whether any limit of that kind of store is documented."""
    return any(row["kind"] == kind for row in rows("store_limits"))


class ConnectionRate(NamedTuple):
    """New connections a store admits: ``per_second`` refills a bucket that holds ``burst``."""

    per_second: int
    burst: int


def connection_rate(kind: str) -> ConnectionRate | None:
    """The documented rate of new connections of a store kind; ``None`` where none is documented."""
    for row in rows("store_rates"):
        if row["kind"] == kind:
            return ConnectionRate(int(row["new_connections_per_second"]), int(row["burst"]))
    return None


def documentdb_serverless(minimum: Fraction | int, maximum: Fraction | int) -> tuple[int, int]:
    """Connections of a serverless DocumentDB instance at its lowest and its highest capacity, in DocumentDB capacity units.

    The limit follows the *current* capacity. Between two rows of the table the lower one bounds from below, the higher one from above.
    """
    table = sorted(
        (Fraction(row["capacity_dcu"]), int(row["connections"])) for row in rows("documentdb_serverless_limits")
    )
    low = [count for capacity, count in table if capacity <= minimum]
    high = [count for capacity, count in table if capacity >= maximum]
    return (low[-1] if low else 0), (high[0] if high else table[-1][1])


def _optional(text: str) -> int | None:
    return int(text) if text else None
