"""Who connects to what, as a picture: consumers on the left, pools between, stores on the right."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.check import Report
from constructs_lib.reporters.html.drawing import drawing
from constructs_lib.reporters.html.names import Names
from constructs_lib.reporters.html.nodes import Edge, Node, nodes_and_edges
from constructs_lib.reporters.html.text import counted, shortened, words

#: More nodes on the left than this are a wall nobody reads: the rest is in the table of connections.
MOST_CONSUMERS = 40
_WIDTH, _NODE, _GAP = 1040.0, 46.0, 12.0
#: Left side and width of each column.
_COLUMNS = {"consumer": (0.0, 300.0), "pool": (410.0, 240.0), "store": (760.0, 280.0)}
_PADDING, _NAME_SIZE, _UNDER_SIZE = 13.0, 14.0, 12.0
_LEGEND = (
    ("fits", "fits"),
    ("exceeds", "does not fit"),
    ("undecided", "not decided"),
    ("unheld", "holds no connection, or is not counted"),
    ("likely", "dashed: likely, not certain"),
    ("possible", "dotted: possible, not counted"),
)


def relations(report: Report, names: Names) -> str:
    """The picture with its legend; what is left out of it is said below."""
    nodes, edges = nodes_and_edges(report, names)
    shown = _most_important(nodes, edges)
    edges = [edge for edge in edges if edge.start in shown and edge.end in shown]
    drawn = [node for node in nodes if node.id in shown]
    if not edges:
        return ""
    places = _places(drawn, edges)
    marks = [_curve(edge, places) for edge in edges]
    marks += [mark for node in drawn for mark in _box(node, places[node.id])]
    height = max(place.y for place in places.values()) + _NODE + 2
    title = f"{counted(len(edges), 'connection')} between functions, pools and stores"
    used = {edge.style for edge in edges} | {edge.certainty for edge in edges}
    legend = "".join(f'<li><i class="{key}"></i>{label}</li>' for key, label in _LEGEND if key in used)
    return (
        f'<h2>Who connects to what</h2><figure class="chart">{drawing(_WIDTH, height, title, marks)}</figure>'
        f'<ul class="legend lines">{legend}</ul>{_left_out(report, nodes, shown)}'
    )


@dataclass(frozen=True)
class Place:
    """Upper left corner and width of a node, in the picture's units."""

    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        return self.y + _NODE / 2


def _most_important(nodes: list[Node], edges: list[Edge]) -> set[str]:
    """All pools and stores that anybody drawn connects to, and the consumers with the most connections."""
    consumers = sorted((n for n in nodes if n.column == "consumer"), key=lambda n: (-n.weight, n.label))
    shown = {node.id for node in consumers[:MOST_CONSUMERS]}
    for _ in range(2):  # consumer to pool, then pool to store
        shown |= {edge.end for edge in edges if edge.start in shown}
    return shown


def _places(nodes: list[Node], edges: list[Edge]) -> dict[str, Place]:
    """Stores in their order; pools and consumers next to what they reach, so that few lines cross."""
    rank = {node.id: float(index) for index, node in enumerate(n for n in nodes if n.column == "store")}
    ordered = {"store": [node for node in nodes if node.column == "store"]}
    for column in ("pool", "consumer"):
        members = [node for node in nodes if node.column == column]
        for node in members:
            reached = [rank[edge.end] for edge in edges if edge.start == node.id and edge.end in rank]
            rank[node.id] = sum(reached) / len(reached) if reached else float(len(nodes))
        ordered[column] = sorted(members, key=lambda node: (rank[node.id], node.label))
    tallest = max(_height(members) for members in ordered.values())
    places = {}
    for column, members in ordered.items():
        x, width = _COLUMNS[column]
        top = (tallest - _height(members)) / 2
        for index, node in enumerate(members):
            places[node.id] = Place(x, 1 + top + index * (_NODE + _GAP), width)
    return places


def _height(nodes: list[Node]) -> float:
    return len(nodes) * (_NODE + _GAP) - _GAP


def _curve(edge: Edge, places: dict[str, Place]) -> str:
    start, end = places[edge.start], places[edge.end]
    left, right = start.x + start.width, end.x
    middle = (left + right) / 2
    path = f"M{left:g} {start.middle:.1f}C{middle:g} {start.middle:.1f} {middle:g} {end.middle:.1f} {right:g} {end.middle:.1f}"
    return f'<path class="edge {edge.style} {edge.certainty}" d="{path}"><title>{words(edge.title)}</title></path>'


def _box(node: Node, place: Place) -> list[str]:
    room = place.width - 2 * _PADDING
    name, under = shortened(node.label, room / _NAME_SIZE), shortened(node.under, room / _UNDER_SIZE)
    side = place.x + place.width - 4 if node.column == "consumer" else place.x
    return [
        f"<g><title>{words(node.title)}</title>",
        f'<rect class="node" x="{place.x:g}" y="{place.y:.1f}" width="{place.width:g}" height="{_NODE:g}" rx="7"/>',
        f'<text class="name" x="{place.x + _PADDING:g}" y="{place.y + 20:.1f}">{words(name)}</text>',
        f'<text class="under" x="{place.x + _PADDING:g}" y="{place.y + 37:.1f}">{words(under)}</text>',
        f'<rect class="side {node.style}" x="{side:g}" y="{place.y + 8:.1f}" width="4" height="{_NODE - 16:g}" rx="2"/></g>',
    ]


def _left_out(report: Report, nodes: list[Node], shown: set[str]) -> str:
    hidden = sum(node.members for node in nodes if node.column == "consumer" and node.id not in shown)
    connected = {connection.consumer for connection in report.fleet.connections}
    idle = sum(consumer.id not in connected for consumer in report.fleet.consumers)
    notes = []
    if hidden:
        notes.append(
            f"{counted(hidden, 'further function')} with fewer connections are in the table of connections below."
        )
    if idle:
        notes.append(f"{counted(idle, 'function')} connect to no store that was found and are not drawn.")
    return f'<p class="note">{" ".join(notes)}</p>' if notes else ""
