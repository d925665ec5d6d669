"""A drawing surface for charts: one plot area, two scales, and marks in data coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from constructs_lib.reporters.html.drawing import number

Point = tuple[float, float]
_KEY_GAP = 14.0
_NARROW, _WIDE = 4.6, 7.6
"""Widths of characters of a key, roughly: enough that keys never overlap."""


@dataclass(frozen=True)
class Box:
    """A plot area in user units of the drawing."""

    left: float
    top: float
    width: float
    height: float


@dataclass
class Plot:
    """Marks within a box; x from 0 to `x_most`, y from 0 to `y_most`, both in data units."""

    box: Box
    x_most: float
    y_most: float
    marks: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        return round(self.box.left + self.box.width * min(value, self.x_most) / self.x_most, 1)

    def y(self, value: float) -> float:
        return round(self.box.top + self.box.height * (1 - min(value, self.y_most) / self.y_most), 1)

    def grid(self, ticks: Sequence[float]) -> None:
        """Horizontal lines with their values on the left."""
        right = self.box.left + self.box.width
        for tick in ticks:
            y = self.y(tick)
            self.marks.append(f'<line class="grid" x1="{self.box.left}" x2="{right}" y1="{y}" y2="{y}"/>')
            self.text(self.box.left - 8, y + 4, number(tick), "tick", anchor="end")

    def seconds(self, ticks: Sequence[float], *, labels: bool) -> None:
        """Ticks of the time axis; only the lowest of several panels carries their labels."""
        bottom = self.box.top + self.box.height
        for tick in ticks:
            x = self.x(tick)
            self.marks.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 5}"/>')
            if labels:
                self.text(x, bottom + 20, f"{number(tick)} s", "tick", anchor="middle")

    def line(self, points: Sequence[Point], style: str) -> None:
        """A line that keeps each value until the next one."""
        self.marks.append(f'<path class="{style}" d="{self._steps(points)}"/>')

    def area(self, points: Sequence[Point], style: str) -> None:
        """The same, filled down to zero."""
        if points:
            close = f"V{self.y(0)}H{self.x(points[0][0])}Z"
            self.marks.append(f'<path class="{style}" d="{self._steps(points)}{close}"/>')

    def bar(self, x_from: float, x_to: float, y_from: float, y_to: float, style: str) -> None:
        """A rectangle between two moments and two values."""
        if y_to > y_from:
            width, height = self.x(x_to) - self.x(x_from) - 1, self.y(y_from) - self.y(y_to)
            place = f'x="{self.x(x_from)}" y="{self.y(y_to)}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
            self.marks.append(f'<rect class="{style}" {place}/>')

    def limit(self, value: float, label: str) -> None:
        """A dashed line across, with its name above its right end."""
        right = self.box.left + self.box.width
        self.marks.append(
            f'<line class="limit" x1="{self.box.left}" x2="{right}" y1="{self.y(value)}" y2="{self.y(value)}"/>'
        )
        self.text(right, self.y(value) - 6, label, "limit-label", anchor="end")

    def text(self, x: float, y: float, words: str, style: str, *, anchor: str = "start") -> None:
        """Words at a place in user units."""
        self.marks.append(f'<text class="{style}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>')

    def keys(self, entries: Sequence[tuple[str, str]], y: float) -> None:
        """Colour keys, right-aligned on one line; each is a style and its words, read from left to right."""
        x = self.box.left + self.box.width
        for style, words in reversed(entries):
            x -= sum(_NARROW if letter in "fijlrt,. " else _WIDE for letter in words) + 17
            self.marks.append(f'<rect class="{style}" x="{x:.1f}" y="{y - 10:g}" width="11" height="11" rx="3"/>')
            self.text(round(x + 17, 1), y, words, "key")
            x -= _KEY_GAP

    def _steps(self, points: Sequence[Point]) -> str:
        if not points:
            return ""
        first, *rest = points
        return f"M{self.x(first[0])} {self.y(first[1])}" + "".join(f"H{self.x(x)}V{self.y(y)}" for x, y in rest)


def ticks_up_to(most: float, wanted: int) -> list[float]:
    """Round values from 0 to at least `most`, about `wanted` of them apart by 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return [0, 1]
    raw = most / wanted
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [round(step * index, 10) for index in range(math.ceil(most / step - 1e-9) + 1)]


def binned(
    moments: Sequence[float], width: float, most: float, keep: Callable[[int], bool] = lambda _: True
) -> list[int]:
    """How many moments fall into each bin of a width; `keep` chooses by position."""
    counts = [0] * (int(most / width) + 1)
    for index, moment in enumerate(moments):
        if keep(index) and 0 <= moment <= most:
            counts[int(moment / width)] += 1
    return counts
