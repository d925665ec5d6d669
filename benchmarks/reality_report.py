"""The table of ``reality.py``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

#: Below it a wait is mostly what the machine adds.
WORTH_A_RATIO_SECONDS = 0.1


@dataclass(frozen=True)
class Row:
    """One experiment; waits and noise in seconds, throughput in transactions per second."""

    product: str
    name: str
    clients: int
    pool: int
    pinned: int
    holds: str
    proven: float
    measured: float
    noise: float
    throughput_predicted: float
    throughput: float

    @property
    def kept(self) -> bool:
        return self.measured <= self.proven + self.noise


@dataclass(frozen=True)
class Admission:
    """Clients straight at a database: ``admitted`` got in, ``refused`` were told that there are too many."""

    product: str
    max_connections: int
    kept: int
    clients: int
    admitted: int
    refused: int

    @property
    def predicted(self) -> int:
        return min(self.clients, self.max_connections - self.kept)

    @property
    def exact(self) -> bool:
        """Whether exactly those got in whom the capacity allows, and all others were refused for that reason."""
        return self.admitted == self.predicted and self.refused == self.clients - self.predicted


def markdown(rows: Sequence[Row], admissions: Sequence[Admission] = ()) -> str:
    """A table for each product with what was measured beside what was proven, and who got in without a pool."""
    lines = [
        "# Proven and measured waits",
        "",
        "*Noise*: what as many holds in a row last longer on this machine while nobody waits, and the longest stall of a single one.",
        "Throughput counts from the first request to the last end. PgBouncer pools transactions. HAProxy pools connections: there a client",
        "connects for each transaction and holds its connection while it logs in, too. The proof is for the holds that HAProxy logged, and",
        "the wait is the longest one it logged, to the millisecond.",
        "",
    ]
    for product, own in groupby(rows, key=lambda row: row.product):
        lines += _product(product, list(own))
    if admissions:
        lines += _admissions(admissions)
    return "\n".join(lines)


def _product(product: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"## {product}"
    yield ""
    yield "| clients | pool | holds | proven wait | measured | noise | measured ÷ proven | predicted per s | measured per s | |"
    yield "|---:|---:|---|---:|---:|---:|---:|---:|---:|---|"
    yield from (_line(row) for row in rows)
    yield ""
    yield f"{sum(row.kept for row in rows)} of {len(rows)} waits within proven + noise."
    waited = [row for row in rows if row.proven >= WORTH_A_RATIO_SECONDS]
    if waited:
        waits = [row.measured / row.proven for row in waited]
        rates = [row.throughput / row.throughput_predicted for row in waited]
        yield f"Where the proven wait is {WORTH_A_RATIO_SECONDS:g} s or more, measured ÷ proven is {_range(waits)},"
        yield f"and measured ÷ predicted throughput {_range(rates)}."
    yield ""


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"


def _line(row: Row) -> str:
    pool = f"{row.pool} ({row.pinned} pinned)" if row.pinned else str(row.pool)
    ratio = f"{row.measured / row.proven:.3f}" if row.proven else "−"
    cells = (
        f"{row.clients:,}",
        pool,
        row.holds,
        f"{row.proven:.3f} s",
        f"{row.measured:.3f} s",
        f"{row.noise:.3f} s",
        ratio,
        f"{row.throughput_predicted:,.0f}",
        f"{row.throughput:,.0f}",
        "" if row.kept else "**beyond**",
    )
    return "| " + " | ".join(cells) + " |"


def _admissions(admissions: Sequence[Admission]) -> Iterator[str]:
    yield "## Straight at the database"
    yield ""
    yield "| | max_connections | kept back | clients | predicted to get in | got in | refused | |"
    yield "|---|---:|---:|---:|---:|---:|---:|---|"
    for item in admissions:
        cells: tuple[object, ...] = (
            item.product,
            item.max_connections,
            item.kept,
            item.clients,
            item.predicted,
            item.admitted,
            item.refused,
            "" if item.exact else "**not as counted**",
        )
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"
    yield ""
