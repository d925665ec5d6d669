"""The pictures of the report, as inline SVG: the burst over time, both outcomes client by client, the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.rehearsal.burst import Burst
from constructs_lib.reporters.html.drawing import drawing
from demo.storm import Storm
from demo.svg import Box, Plot, Point, binned, ticks_up_to

WIDTH = 1000.0
_LEFT, _RIGHT = 56.0, 16.0
_PLOT_WIDTH = WIDTH - _LEFT - _RIGHT


@dataclass(frozen=True)
class Panel:
    """One panel of a figure: its heading, height, largest value, and colour keys as style and words."""

    heading: str
    height: float
    most: float
    keys: tuple[tuple[str, str], ...] = ()


def storm_over_time(storm: Storm, pool: int) -> str:
    """Three panels on one time axis: orders still missing, answers a second, connections at the database."""
    end = max(storm.seconds, 1.0) * 1.02
    missing = Panel("Orders that do not exist yet", 140, float(len(storm.orders)))
    width = _bin_width(end)
    rates = _rates(storm, end, width)
    answers = Panel(
        "Answers per second",
        120,
        max((sum(pair) for pair in rates), default=1),
        (("served", "order made"), ("throttled", "throttled, sent again later")),
    )
    connections = Panel(
        "Connections at the database",
        150,
        max(pool, storm.most_waiting, storm.peak_connections) * 1.2,
        (("busy", "in use"), ("open", "open, idle"), ("waiting-key", "clients waiting for one")),
    )
    plots, height = _stack([missing, answers, connections], end)
    plots[0].area([(s.at_seconds, s.clients) for s in storm.samples], "clients")
    _draw_rates(plots[1], rates, width)
    _draw_connections(plots[2], storm, pool)
    return drawing(WIDTH, height, "The burst over time", [mark for plot in plots for mark in plot.marks])


def direct_over_time(burst: Burst, max_connections: int) -> str:
    """Clients refused so far, and connections at the database, when the same clients go straight at it."""
    end = max((sample.at_seconds for sample in burst.samples), default=1.0)
    refused = Panel("Clients refused so far", 140, float(len(burst.outcomes)))
    connections = Panel("Connections at the database", 120, max(max_connections, burst.peak_connections) * 1.2)
    plots, height = _stack([refused, connections], end)
    plots[0].area(_refusals(burst, end), "refused")
    plots[1].area([(s.at_seconds, s.server_connections) for s in burst.samples], "busy")
    plots[1].limit(max_connections, f"max_connections: {max_connections}")
    title = "The same clients straight at the database"
    return drawing(WIDTH, height, title, [mark for plot in plots for mark in plot.marks])


def clients_grid(served: int, refused: int) -> str:
    """One square a client, 25 in a row: the served ones first."""
    side, gap, columns = 12.0, 4.0, 25
    rows = -(-(served + refused) // columns)
    marks = []
    for client in range(served + refused):
        x, y = (client % columns) * (side + gap), (client // columns) * (side + gap)
        style = "served" if client < served else "refused"
        marks.append(f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" rx="2.5"/>')
    return drawing(
        columns * (side + gap) - gap, rows * (side + gap) - gap, f"{served} served, {refused} refused", marks
    )


def _stack(panels: Sequence[Panel], end: float) -> tuple[list[Plot], float]:
    """Panels one above the other on one time axis, each with its heading and its own scale."""
    plots, top = [], 26.0
    for index, panel in enumerate(panels):
        values = ticks_up_to(panel.most, 5)
        plot = Plot(Box(_LEFT, top, _PLOT_WIDTH, panel.height), end, values[-1])
        plot.text(_LEFT, top - 10, panel.heading, "heading")
        plot.keys(panel.keys, top - 10)
        plot.grid(values)
        plot.seconds([t for t in ticks_up_to(end, 10) if t <= end], labels=index == len(panels) - 1)
        plots.append(plot)
        top += panel.height + 46
    return plots, top - 14


def _bin_width(end: float) -> float:
    """Seconds of one bar, so that there are about forty of them."""
    return next((width for width in (0.1, 0.2, 0.25, 0.5, 1.0) if end / width <= 45), 2.0)


def _rates(storm: Storm, end: float, width: float) -> list[tuple[float, float]]:
    """Orders made and requests throttled, per second, bar by bar."""
    moments, statuses = [at for at, _ in storm.answers], [status for _, status in storm.answers]
    made = binned(moments, width, end, lambda index: statuses[index] < 300)
    throttled = binned(moments, width, end, lambda index: statuses[index] == 429)
    return [(m / width, t / width) for m, t in zip(made, throttled, strict=True)]


def _draw_rates(plot: Plot, rates: Sequence[tuple[float, float]], width: float) -> None:
    for index, (made, throttled) in enumerate(rates):
        start = index * width
        plot.bar(start, start + width, 0, made, "served")
        plot.bar(start, start + width, made, made + throttled, "throttled")


def _draw_connections(plot: Plot, storm: Storm, pool: int) -> None:
    plot.area([(s.at_seconds, s.server_connections) for s in storm.samples], "open")
    plot.area([(s.at_seconds, s.server_busy) for s in storm.samples], "busy")
    plot.line([(s.at_seconds, s.clients_waiting) for s in storm.samples], "waiting")
    plot.limit(pool, f"the pool: {pool}")


def _refusals(burst: Burst, end: float) -> list[Point]:
    moments = sorted(outcome.connect_seconds for outcome in burst.outcomes if not outcome.served)
    return [
        (0.0, 0.0),
        *((moment, float(count)) for count, moment in enumerate(moments, 1)),
        (end, float(len(moments))),
    ]
