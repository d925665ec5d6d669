"""A fleet with every number fixed: what one simulation runs on.

Times are whole ticks (``World.ticks_per_second``), everything else whole numbers: a comparison is never a matter of rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Database:
    """One instance that answers for one role of a store; ``id`` is ``<store>/<role>``.

    ``engine_reserve`` slots never go to clients; ``others`` are operators and declared clients, connected from the start.
    """

    id: str
    max_connections: int
    engine_reserve: int = 0
    others: int = 0


@dataclass(frozen=True)
class Pooler:
    """A first-come-first-served pool in front of one database; ``id`` is ``<pool>/<role>``.

    It lends at most ``lends`` connections at once and may keep up to ``opens`` open; ``borrow_timeout`` is in ticks.
    """

    id: str
    database: str
    lends: int
    opens: int
    borrow_timeout: int


@dataclass(frozen=True)
class Link:
    """A function's use of a database (``pooler`` is ``None``: every environment keeps its own connections) or of a pooler.

    ``connections`` per environment; ``hold`` in ticks, at most, per transaction; ``transactions`` at most, one after the other, per
    connection and invocation. ``pins``: the first transaction keeps the connection until the environment ends. ``enforced``: something
    ends a transaction at ``hold``; otherwise the hold is an assumption and the function's own timeout says nothing about the pool.
    """

    database: str
    pooler: str | None = None
    connections: int = 1
    hold: int = 0
    transactions: int = 1
    pins: bool = False
    enforced: bool = True


@dataclass(frozen=True)
class Function:
    """A function or another consumer.

    ``concurrency`` bounds executions at one moment over all versions, ``environments`` those alive of one version (more than
    ``concurrency`` only under tenant isolation, where each tenant has its own). ``versions`` may be alive at once: a deploy leaves the
    environments of the version before frozen, sockets open. ``shared`` functions reserve nothing: together they run at most
    ``World.unreserved`` executions. ``timeout`` and ``work`` (outside transactions) are in ticks.
    """

    id: str
    concurrency: int
    environments: int
    timeout: int
    links: tuple[Link, ...]
    work: int = 0
    versions: int = 1
    shared: bool = False


@dataclass(frozen=True)
class World:
    """Databases, poolers and functions with every number fixed."""

    databases: tuple[Database, ...]
    poolers: tuple[Pooler, ...]
    functions: tuple[Function, ...]
    unreserved: int = 0
    ticks_per_second: int = field(default=1)

    @cached_property
    def function_by_id(self) -> dict[str, Function]:
        return {function.id: function for function in self.functions}

    @cached_property
    def longest_timeout(self) -> int:
        return max((function.timeout for function in self.functions), default=0)
