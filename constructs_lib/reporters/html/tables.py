"""Lists of a page: every connection, what was not decided, what could not be read, ignores without effect."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.check import Report
from constructs_lib.reporters.html.names import Names
from constructs_lib.reporters.html.text import code, place, table, words
from constructs_lib.reporters.text import ignore_note
from constructs_lib.reporters.unread import Unread, place_of
from constructs_lib.reporters.unsettled import unsettled


def connections(report: Report, names: Names) -> str:
    """Who connects to what, with the evidence; folded away, because the picture says it first."""
    edges = sorted(report.fleet.connections, key=lambda edge: (edge.consumer, edge.store, edge.via, edge.pool or ""))
    rows = [
        (
            _named(edge.consumer, names),
            _named(edge.store, names),
            words(edge.via) + (f" {_named(edge.pool, names)}" if edge.pool else ""),
            words(edge.certainty),
            words("; ".join(edge.evidence)),
        )
        for edge in edges
    ]
    if not rows:
        return ""
    listed = table(("consumer", "store", "via", "certainty", "evidence"), rows, "list")
    return f"<h2>Every connection and its evidence</h2><details><summary>{len(rows):,} connections</summary>{listed}</details>"


def _named(identifier: str, names: Names) -> str:
    return f'<span title="{words(identifier)}">{words(names.of(identifier))}</span>'


def not_decided(report: Report) -> str:
    """What nobody could judge, and what to declare so that somebody can."""
    items = "".join(
        f"<li><b>{words(item.subject)}</b>{_rules(item.codes)}<p>{words(item.missing)}</p>"
        + (f'<p class="fix"><b>Declare</b> {words(item.declare)}</p>' if item.declare else "")
        + f"{place(item.place)}</li>"
        for item in unsettled(report)
    )
    return f'<h2>Not decided</h2><p>Neither a pass nor a violation.</p><ul class="gaps">{items}</ul>' if items else ""


def _rules(codes: Sequence[str]) -> str:
    return "".join(f' <a href="#{words(rule)}">{words(rule)}</a>' for rule in codes)


def not_read(unread: Sequence[Unread]) -> str:
    """Inputs that could not be read: nothing on this page is about them."""
    items = "".join(f"<li><b>{code(place_of(item))}</b><p>{words(item.reason)}</p></li>" for item in unread)
    return f'<h2>Not read</h2><p>This page says nothing about these.</p><ul class="gaps">{items}</ul>' if items else ""


def ignores(report: Report) -> str:
    """Ignores of the settings that match nothing or give no reason."""
    items = "".join(f"<li>{words(ignore_note(ignore))}</li>" for ignore in report.unused_ignores)
    return f"<h2>Ignores without effect</h2><ul>{items}</ul>" if items else ""
