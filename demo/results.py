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
