"""What the steps of the demo hand to its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.check import Report
from constructs_lib.rehearsal.burst import Burst
from demo.ledger import Ledger
from demo.machine import Numbers
from demo.storm import Storm


@dataclass(frozen=True)
class Comparison:
    """One line of the sales dashboard: the key, then the same figures from the source, the lake, and the lake after a rerun."""

    key: str
    source: tuple[int, ...]
    lake: tuple[int, ...]
    lake_again: tuple[int, ...]

    @property
    def equal(self) -> bool:
        return self.source == self.lake == self.lake_again


@dataclass(frozen=True)
class Projection:
    """The projector's two runs against SQL on the source."""

    figures: tuple[str, ...]
    """Names of the figures compared."""
    rows: Sequence[Comparison]

    @property
    def equal(self) -> bool:
        return bool(self.rows) and all(row.equal for row in self.rows)


@dataclass(frozen=True)
class Refusal:
    """The variant that was refused: what was asked for, the finding, and the largest that fits."""

    asked: int
    code: str
    message: str
    arithmetic: tuple[str, ...]
    fits: int


@dataclass(frozen=True)
class Results:
    """Everything the report shows."""

    budget: Report
    numbers: Numbers
    concurrency: int
    """Executions of the order function in the local stage."""
    refusal: Refusal
    storm: Storm
    direct: Burst
    projection: Projection
    ledger: Ledger
    seconds: float


def side_by_side(storm: Storm, direct: Burst, numbers: Numbers) -> list[list[str]]:
    """The rows that the terminal and the page both show: what, through the budget, straight at the database."""
    states = ", ".join(f"{count} × {state}" for state, count in direct.sqlstates.items()) or "none"
    return [
        ["clients at once", str(len(storm.orders)), str(len(direct.outcomes))],
        ["served in the end", str(storm.created), str(direct.served)],
        ["failed", str(sum(storm.failures.values())), str(direct.refused)],
        ["SQLSTATE of the refusals", "none", states],
        ["throttled and sent again", f"{storm.throttled:,}", "not possible"],
        ["most connections at the database", str(storm.peak_connections), str(direct.peak_connections)],
        ["limit that held", f"pool of {numbers.pool_connections}", f"max_connections {numbers.max_connections}"],
    ]
