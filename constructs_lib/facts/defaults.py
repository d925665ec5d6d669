"""The engines' default ``max_connections``.

``DBInstanceClassMemory`` is less than the nominal memory of the class, by an amount AWS does not publish. The conservative model
``0.938 × nominal − 245 MB`` never exceeds a modern measured or documented value; nominal memory is the upper bound. AWS's own table
replaces the formula for Aurora MySQL, and for Serverless v2.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache, lru_cache

from constructs_lib.facts._tables import rows, version_tuple

#: Fitted to the measured and documented values of 2024-2026; no statement of AWS (facts, section 1.3).
MEMORY_SHARE = Fraction(938, 1000)
MEMORY_OVERHEAD_BYTES = 245_000_000


def knows(engine: str) -> bool:
    """Whether a default is published for the engine."""
    return engine == "aurora-mysql" or any(row["engine"] == engine for row in rows("default_max_connections"))


def _row(engine: str | None, version: str | None) -> dict[str, str] | None:
    """The row of an engine and version; without a version the current one applies (tables list newest first)."""
    for row in rows("default_max_connections"):
        if row["engine"] != engine:
            continue
        if not version or not row["from_version"] or version_tuple(version) >= version_tuple(row["from_version"]):
            return row
    return None


def expression(engine: str | None, version: str | None) -> str:
    """The default formula as AWS writes it in parameter groups; empty when the engine has none."""
    row = _row(engine, version)
    return row["expression"] if row else ""


def bounds(engine: str, version: str | None, instance_class: str, memory_bytes: int) -> tuple[int, int] | None:
    """Lowest and highest default ``max_connections`` of a class; ``None`` where AWS's table has no row for it."""
    if engine == "aurora-mysql":
        documented = _aurora_mysql().get(instance_class)
        return None if documented is None else (documented, documented)
    row = _row(engine, version)
    if row is None:
        return None
    divisor, cap = int(row["memory_divisor"]), int(row["cap"])
    low, high = memory_bounds(memory_bytes)
    return min(low // divisor, cap), min(high // divisor, cap)


def carried_by_memory(engine: str, version: str | None, memory_bytes: int) -> tuple[int, int] | None:
    """What the default formula would give without its cap: large classes carry more than the engine offers by itself.

    ``None`` for engines whose default is no share of the memory.
    """
    row = _row(engine, version)
    if row is None:
        return None
    low, high = memory_bounds(memory_bytes)
    return low // int(row["memory_divisor"]), high // int(row["memory_divisor"])


def memory_carrying(engine: str, version: str | None, connections: int) -> int | None:
    """Bytes of nominal memory whose lowest default, without its cap, is that many connections; ``None`` where memory does not decide."""
    row = _row(engine, version)
    if row is None:
        return None
    return math.ceil((connections * int(row["memory_divisor"]) + MEMORY_OVERHEAD_BYTES + 1) / MEMORY_SHARE)


def serverless_units(engine: str, connections: int, *, capped: bool) -> int | None:
    """The smallest maximum capacity of AWS's table, in ACU, that offers that many connections; ``None`` when none does."""
    column = _serverless_column(engine, capped=capped)
    return next((acu for acu, limit in _serverless(column) if limit >= connections), None)


def settable(engine: str | None, version: str | None) -> tuple[int, int] | None:
    """The lowest and highest ``max_connections`` that AWS accepts in a parameter group; ``None`` for engines without a documented range.

    Without a version the widest range of the engine counts.
    """
    for row in rows("settable_max_connections"):
        since = row["from_version"]
        if row["engine"] == engine and (not version or not since or version_tuple(version) >= version_tuple(since)):
            return int(row["lowest"]), int(row["highest"])
    return None


#: Aurora PostgreSQL with a minimum capacity of 0 or 0.5 units admits no more, whatever is pinned (Aurora guide, setting capacity).
SERVERLESS_CAP = 2_000
SERVERLESS_CAP_UP_TO = Fraction(1, 2)


def memory_bounds(memory_bytes: int) -> tuple[int, int]:
    """Lowest and highest ``DBInstanceClassMemory``, in bytes, of a class with that nominal memory."""
    return max(0, int(MEMORY_SHARE * memory_bytes) - MEMORY_OVERHEAD_BYTES), memory_bytes


@lru_cache(maxsize=1)
def _aurora_mysql() -> dict[str, int]:
    return {row["class"]: int(row["max_connections"]) for row in rows("aurora_mysql_max_connections")}


@cache
def _serverless(column: str) -> tuple[tuple[int, int], ...]:
    table = rows("aurora_serverless_v2_max_connections")
    return tuple(sorted((int(row["max_acu"]), int(row[column])) for row in table if row[column]))


def _serverless_column(engine: str, *, capped: bool) -> str:
    if engine == "aurora-mysql":
        return "aurora_mysql"
    return "aurora_postgresql_if_min_acu_0_or_0_5" if capped else "aurora_postgresql"


def serverless_bounds(engine: str, max_acu: int | Fraction, *, capped: bool) -> tuple[int, int]:
    """Lowest and highest ``max_connections`` for a maximum capacity in ACU.

    ``capped`` says that the minimum capacity is 0 or 0.5 ACU, where Aurora PostgreSQL stops at 2,000. Between two rows of the table
    the rows themselves are the bounds.
    """
    table = _serverless(_serverless_column(engine, capped=capped))
    below = [limit for acu, limit in table if acu <= max_acu]
    above = [limit for acu, limit in table if acu >= max_acu]
    low = below[-1] if below else 0
    return low, above[0] if above else table[-1][1]


def documented_units(engine: str) -> tuple[int, ...]:
    """Maximum capacities, in ACU, for which AWS publishes the ``max_connections`` of an Aurora engine; smallest first."""
    return tuple(acu for acu, _ in _serverless("aurora_mysql" if engine == "aurora-mysql" else "aurora_postgresql"))
