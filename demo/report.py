"""The one-page report: self-contained HTML with inline SVG, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape
from pathlib import Path

from constructs_lib.reporters.html.budget_bars import budget_bars
from constructs_lib.reporters.html.drawing import number
from constructs_lib.reporters.html.page import document
from demo.ledger import Promise
from demo.pictures import clients_grid, direct_over_time, storm_over_time
from demo.results import Comparison, Projection, Refusal, Results, side_by_side
from demo.stalls import STALL_SECONDS

_STYLE = Path(__file__).with_name("report.css")


def write_report(results: Results, path: Path) -> Path:
    """Write the page and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(results), encoding="utf-8")
    return path


def page(results: Results) -> str:
    """The whole page."""
    parts = [
        _opening(results),
        _burst(results),
        _side_by_side(results),
        _budget(results),
        _projection(results.projection),
    ]
    body = "".join([*parts, _promises(results), _closing(results)])
    return document("poolproof: the promise on this machine", body, _STYLE.read_text(encoding="utf-8"))


def _opening(results: Results) -> str:
    storm, direct = results.storm, results.direct
    connection_errors = sum(storm.failures.values())
    figures = [
        (number(storm.created), f"of {len(storm.orders)} orders exist, each once"),
        (number(connection_errors), "answers that were a database's failure"),
        (
            f"{storm.peak_connections} / {results.numbers.pool_connections}",
            "connections at the database, peak and pool",
        ),
        (number(direct.refused), f"of {len(direct.outcomes)} clients refused without the budget"),
    ]
    cells = "".join(f"<div><b>{escape(value)}</b><span>{escape(words)}</span></div>" for value, words in figures)
    return (
        '<p class="brand"><b>poolproof</b> demo</p>'
        f"<h1>{len(storm.orders)} orders at once: load became waiting, not failures</h1>"
        '<p class="lead">The reference stack was checked at synth, deployed to a local cloud by the CDK command line, and driven '
        "with a real PostgreSQL and a real pooler. Everything below was measured in that run.</p>"
        f'<div class="figures">{cells}</div>'
    )


def _burst(results: Results) -> str:
    storm, numbers = results.storm, results.numbers
    caption = (
        f"{len(storm.orders)} clients each send one order at the same moment. At most {results.concurrency} run at once; the others are "
        f"throttled ({number(storm.throttled)} times) and come back after a pause with jitter. The pooler opens at most "
        f"{numbers.pool_connections} connections, and whoever finds them all in use waits, at most {numbers.borrow_timeout_seconds} s. "
        f"Every other {STALL_SECONDS:g} s the database lets nobody write, as an index build would: the pool fills, nothing fails. "
        f"Half of the orders existed after {_seconds(storm.percentile(50))}, all after {_seconds(storm.percentile(100))}."
    )
    picture = storm_over_time(storm, numbers.pool_connections)
    return f'<h2>The burst over time</h2><figure class="chart">{picture}<figcaption>{escape(caption)}</figcaption></figure>'


def _side_by_side(results: Results) -> str:
    storm, direct = results.storm, results.direct
    through = clients_grid(storm.created, len(storm.orders) - storm.created)
    straight = clients_grid(direct.served, direct.refused)
    pair = (
        '<div class="pair">'
        f"<div><h3>Through the budget</h3><p>{storm.created} served, {len(storm.orders) - storm.created} refused</p>{through}</div>"
        f"<div><h3>Straight at the database</h3><p>{direct.served} served, {direct.refused} refused with SQLSTATE 53300</p>{straight}</div>"
        "</div>"
    )
    picture = direct_over_time(direct, results.numbers.max_connections)
    table = _table(["", "through the budget", "straight at the database"], side_by_side(storm, direct, results.numbers))
    chart = f'<figure class="chart">{picture}</figure>'
    return f"<h2>The same load, with and without the budget</h2>{pair}{table}<h3>What the database saw without it</h3>{chart}"


def _budget(results: Results) -> str:
    return (
        "<h2>The budget that was checked at synth</h2>"
        "<p>What each store offers and what may be opened against it, as the reference stack is deployed to AWS. "
        "Capacities count at their low end, demands at their high end.</p>"
        f"{budget_bars(results.budget)}{_refusal(results.refusal)}"
    )


def _refusal(refusal: Refusal) -> str:
    lines = "".join(f"<br><code>{escape(line)}</code>" for line in refusal.arithmetic)
    return (
        f"<h3>What was refused</h3><p>The same stack with {refusal.asked} concurrent executions of the order function did not get past "
        f"<code>cdk synth</code>: {escape(refusal.code)}, {escape(refusal.message)}. The largest number that fits is "
        f'<b>{refusal.fits}</b>; with it the synth passed.</p><p class="note">{lines[4:]}</p>'
    )


def _projection(projection: Projection) -> str:
    groups = "".join(f'<th colspan="3" class="group">{escape(name)}</th>' for name in projection.figures)
    columns = "<th>source</th><th>lake</th><th>lake again</th>" * len(projection.figures)
    rows = "".join(_comparison(row) for row in projection.rows)
    head = f'<tr><th class="group"></th>{groups}<th class="group"></th></tr>'
    head += f"<tr><th>tenant and day</th>{columns}<th></th></tr>"
    return (
        "<h2>The sales dashboard equals its source</h2>"
        "<p>The projector ran twice. Each line is asked of PostgreSQL with SQL, and of the lake through Athena after the first and "
        f"after the second run.</p><table>{head}{rows}</table>"
    )


def _comparison(row: Comparison) -> str:
    triples = zip(row.source, row.lake, row.lake_again, strict=True)
    cells = "".join(f"<td>{number(value)}</td>" for triple in triples for value in triple)
    verdict = '<td class="same">equal</td>' if row.equal else '<td class="differs">differs</td>'
    return f"<tr><td>{escape(row.key)}</td>{cells}{verdict}</tr>"


def _promises(results: Results) -> str:
    items = "".join(_promise(promise) for promise in results.ledger.promises)
    kept = len(results.ledger.promises) - len(results.ledger.broken)
    return f'<h2>{kept} of {len(results.ledger.promises)} promises kept</h2><ul class="promises">{items}</ul>'


def _promise(promise: Promise) -> str:
    style, mark = ("held", "✓") if promise.kept else ("broken", "✗")
    return f'<li class="{style}"><b>{mark}</b><div>{escape(promise.text)}</div><span>{escape(promise.evidence)}</span></li>'


def _closing(results: Results) -> str:
    when = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return f"<footer>Written by <code>make demo</code> on {when}, {results.seconds:.0f} s after its start.</footer>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _seconds(value: float | None) -> str:
    return "no time at all" if value is None else f"{value:.1f} s"
