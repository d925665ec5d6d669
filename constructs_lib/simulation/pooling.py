"""Databases that count connections and poolers that lend them, first come first served."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from constructs_lib.simulation.world import Database, Pooler


@dataclass
class OpenDatabase:
    """A database at work: ``used`` counts every connection, the engine's own slots and other clients included."""

    database: Database
    used: int = 0
    peak: int = 0

    def __post_init__(self) -> None:
        self.used = self.peak = self.database.engine_reserve + self.database.others

    def open(self, count: int) -> bool:
        """Open connections; whether the database has that many. Those beyond its limit count too, until they are closed."""
        self.used += count
        self.peak = max(self.peak, self.used)
        return self.used <= self.database.max_connections

    def close(self, count: int) -> None:
        self.used -= count


@dataclass
class OpenPool:
    """A pooler at work: connections lent and open, and the clients waiting in the order they came."""

    pooler: Pooler
    lent: int = 0
    opened: int = 0
    waiting: OrderedDict[int, int] = field(default_factory=OrderedDict)

    @property
    def has_free(self) -> bool:
        return self.lent < self.pooler.lends

    def lend(self) -> int:
        """Lend one connection; how many had to be opened at the database for it (0 or 1)."""
        self.lent += 1
        new = 1 if self.lent > self.opened else 0
        self.opened += new
        return new

    def take_back(self) -> None:
        self.lent -= 1
