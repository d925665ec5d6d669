"""The plot of ``reality.py``: measured against predicted, waits on the left and throughput on the right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.reality_report import Row

_SIDE, _MARGIN = 640, 70
_COLOURS = {"equal": "#1f6feb", "mixed": "#d4351c", "pinned": "#6f42c1"}
_LABELS = {"equal": "equal holds", "mixed": "mixed holds", "pinned": "a third of the pool pinned"}
_INK = "#555"


@dataclass(frozen=True)
class _Point:
    """``x`` predicted, ``y`` measured, ``allowed`` the most that ``y`` may be because of the machine (None: not limited)."""

    x: float
    y: float
    allowed: float | None
    row: Row


@dataclass(frozen=True)
class _Panel:
    title: str
    across: str
    up: str
    unit: str
    points: Sequence[_Point]


def plot(rows: Sequence[Row]) -> str:
    """Two panels on logarithmic axes: on the diagonal both are equal, the bar above a wait is the noise."""
    waits = [_Point(row.proven, row.measured, row.proven + max(row.noise, 0.0), row) for row in rows]
    rates = [_Point(row.throughput_predicted, row.throughput, None, row) for row in rows]
    panels = (
        _Panel("Longest wait", "proven", "measured", " s", _positive(waits)),
        _Panel("Transactions per second", "predicted", "measured", "", _positive(rates)),
    )
    products = list(dict.fromkeys(row.product for row in rows))
    width = _SIDE * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_SIDE}" font-family="sans-serif" font-size="13" role="img">',
        "<title>Measured against proven waits, and measured against predicted throughput</title>",
        f'<rect width="{width}" height="{_SIDE}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * _SIDE} 0)">', *_drawn(panel, products), "</g>"]
    return "\n".join([*parts, *_legend(products), "</svg>"]) + "\n"


def _positive(points: Sequence[_Point]) -> list[_Point]:
    return [point for point in points if point.x > 0 and point.y > 0]


def _drawn(panel: _Panel, products: Sequence[str]) -> Iterator[str]:
    scale = _scale(panel.points)
    yield from _axes(scale, panel)
    for point in panel.points:
        yield _mark(point, scale, products.index(point.row.product))


@dataclass(frozen=True)
class _Scale:
    """From powers of ten ``low`` to ``high``."""

    low: int
    high: int

    def x(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(_MARGIN + share * (_SIDE - 2 * _MARGIN), 1)

    def y(self, value: float) -> float:
        return round(_SIDE - self.x(value), 1)


def _scale(points: Sequence[_Point]) -> _Scale:
    values = [value for point in points for value in (point.x, point.y, point.allowed) if value]
    low = math.floor(math.log10(min(values, default=0.1)))
    return _Scale(low, max(low + 1, math.ceil(math.log10(max(values, default=1.0)))))


def _axes(scale: _Scale, panel: _Panel) -> Iterator[str]:
    first, last = 10.0**scale.low, 10.0**scale.high
    for power in range(scale.low, scale.high + 1):
        value = 10.0**power
        label = escape(f"{value:,.10g}{panel.unit}")
        x, y = scale.x(value), scale.y(value)
        yield f'<line x1="{x}" y1="{scale.y(first)}" x2="{x}" y2="{scale.y(last)}" stroke="#ddd"/>'
        yield f'<line x1="{scale.x(first)}" y1="{y}" x2="{scale.x(last)}" y2="{y}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{_SIDE - _MARGIN + 20}" text-anchor="middle">{label}</text>'
        yield f'<text x="{_MARGIN - 8}" y="{y + 4}" text-anchor="end">{label}</text>'
    middle = _SIDE / 2
    yield f'<line x1="{scale.x(first)}" y1="{scale.y(first)}" x2="{scale.x(last)}" y2="{scale.y(last)}" stroke="{_INK}"/>'
    yield f'<text x="{middle}" y="{_MARGIN - 30}" text-anchor="middle" font-weight="bold">{panel.title}</text>'
    yield f'<text x="{middle}" y="{_SIDE - 18}" text-anchor="middle">{panel.across}</text>'
    yield f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{panel.up}</text>'


def _mark(point: _Point, scale: _Scale, shape: int) -> str:
    row, x = point.row, scale.x(point.x)
    colour = _COLOURS[row.name]
    about = escape(
        f"{row.product}: {row.clients} clients, pool {row.pool}, {row.holds}: wait proven {row.proven:.3f} s, measured "
        f"{row.measured:.3f} s; per second predicted {row.throughput_predicted:,.0f}, measured {row.throughput:,.0f}"
    )
    bar = ""
    if point.allowed is not None:
        bar = f'<line x1="{x}" y1="{scale.y(point.x)}" x2="{x}" y2="{scale.y(point.allowed)}" stroke="{colour}"/>'
    return f"<g>{bar}{_shape(shape, x, scale.y(point.y), colour)}<title>{about}</title></g>"


def _shape(number: int, x: float, y: float, colour: str) -> str:
    """A full circle for the first product, an open square for the second."""
    if number == 0:
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}" fill-opacity="0.7"/>'
    return (
        f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    )


def _legend(products: Sequence[str]) -> Iterator[str]:
    left, line = _MARGIN + 16, _MARGIN + 18
    for number, (name, label) in enumerate(_LABELS.items()):
        y = line + 20 * number
        yield f'<rect x="{left - 6}" y="{y - 10}" width="12" height="12" fill="{_COLOURS[name]}"/>'
        yield f'<text x="{left + 14}" y="{y}">{label}</text>'
    for number, product in enumerate(products):
        y = line + 20 * (len(_LABELS) + number)
        yield _shape(number, left, y - 4, _INK)
        yield f'<text x="{left + 14}" y="{y}">{escape(product)}</text>'
