"""The table and the plot of ``reality.py``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_SIDE, _MARGIN = 640, 70
_COLOURS = {"equal": "#1f6feb", "mixed": "#d4351c", "pinned": "#6f42c1"}


@dataclass(frozen=True)
class Row:
    """One experiment; waits and noise in seconds, throughput in transactions per second."""

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


def markdown(rows: Sequence[Row]) -> str:
    """The table with what was measured beside what was proven."""
    lines = [
        "# Proven and measured waits",
        "",
        "PostgreSQL behind PgBouncer in transaction mode. *Noise*: what as many holds in a row last longer on this machine while",
        "nobody waits, and the longest stall of a single one. Throughput counts from the first request to the last end.",
        "",
        "| clients | pool | holds | proven wait | measured | noise | measured ÷ proven | predicted per s | measured per s | |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_line(row) for row in rows]
    waited = [row.measured / row.proven for row in rows if row.proven >= 0.1]
    worst = max(waited, default=0.0)
    lines += [
        "",
        f"{sum(row.kept for row in rows)} of {len(rows)} waits within proven + noise.",
        f"Where the proven wait is 0.1 s or more, measured ÷ proven is {min(waited, default=0.0):.3f} to {worst:.3f}.",
        "",
    ]
    return "\n".join(lines)


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


def plot(rows: Sequence[Row]) -> str:
    """Measured against proven waits on logarithmic axes: on the diagonal both are equal, the bar above a point is the noise."""
    points = [row for row in rows if row.proven > 0 and row.measured > 0]
    low = math.floor(math.log10(min((min(row.proven, row.measured) for row in points), default=0.01)))
    high = math.ceil(math.log10(max((row.proven + row.noise for row in points), default=100)))
    scale = _Scale(low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" font-family="sans-serif" font-size="13" role="img">',
        "<title>Measured against proven waits</title>",
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="white"/>',
        *_axes(scale),
        *(_point(row, scale) for row in points),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Scale:
    low: int
    high: int

    def x(self, seconds: float) -> float:
        share = (math.log10(seconds) - self.low) / (self.high - self.low)
        return round(_MARGIN + share * (_SIDE - 2 * _MARGIN), 1)

    def y(self, seconds: float) -> float:
        return round(_SIDE - self.x(seconds), 1)


def _axes(scale: _Scale) -> list[str]:
    first, last = 10.0**scale.low, 10.0**scale.high
    parts = []
    for power in range(scale.low, scale.high + 1):
        value = 10.0**power
        label = escape(f"{value:g} s")
        x, y = scale.x(value), scale.y(value)
        parts += [
            f'<line x1="{x}" y1="{scale.y(first)}" x2="{x}" y2="{scale.y(last)}" stroke="#ddd"/>',
            f'<line x1="{scale.x(first)}" y1="{y}" x2="{scale.x(last)}" y2="{y}" stroke="#ddd"/>',
            f'<text x="{x}" y="{_SIDE - _MARGIN + 20}" text-anchor="middle">{label}</text>',
            f'<text x="{_MARGIN - 8}" y="{y + 4}" text-anchor="end">{label}</text>',
        ]
    middle = _SIDE / 2
    return [
        *parts,
        f'<line x1="{scale.x(first)}" y1="{scale.y(first)}" x2="{scale.x(last)}" y2="{scale.y(last)}" stroke="#555"/>',
        f'<text x="{middle}" y="{_SIDE - 18}" text-anchor="middle">proven wait</text>',
        f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">longest wait measured</text>',
    ]


def _point(row: Row, scale: _Scale) -> str:
    x, colour = scale.x(row.proven), _COLOURS[row.name]
    about = escape(
        f"{row.clients} clients, pool {row.pool}, {row.holds}: proven {row.proven:.3f} s, measured {row.measured:.3f} s"
    )
    allowed = f'<line x1="{x}" y1="{scale.y(row.proven)}" x2="{x}" y2="{scale.y(row.proven + max(row.noise, 0.0))}" stroke="{colour}"/>'
    return f'<g>{allowed}<circle cx="{x}" cy="{scale.y(row.measured)}" r="4" fill="{colour}" fill-opacity="0.7"/><title>{about}</title></g>'


def _legend() -> list[str]:
    labels = {"equal": "equal holds", "mixed": "mixed holds", "pinned": "a third of the pool pinned"}
    parts = []
    for number, (name, label) in enumerate(labels.items()):
        y = _MARGIN + 18 + 20 * number
        parts.append(f'<circle cx="{_MARGIN + 16}" cy="{y - 4}" r="4" fill="{_COLOURS[name]}"/>')
        parts.append(f'<text x="{_MARGIN + 28}" y="{y}">{label}</text>')
    return parts
