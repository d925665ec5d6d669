"""The page as a whole: what came of it, the findings, who connects to what, every budget, and what was not decided."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from constructs_lib._version import __version__
from constructs_lib.check import Report
from constructs_lib.model.finding import Severity
from constructs_lib.reporters import text
from constructs_lib.reporters.html.budget_bars import budget_bars
from constructs_lib.reporters.html.findings import acknowledged, findings, rule_panels
from constructs_lib.reporters.html.names import names_of
from constructs_lib.reporters.html.relations import relations
from constructs_lib.reporters.html.tables import connections, ignores, not_decided, not_read
from constructs_lib.reporters.html.text import counted, words
from constructs_lib.reporters.unread import Unread


def render(report: Report, unread: Sequence[Unread] = ()) -> str:
    """The whole page as text with a final newline. Equal reports are equal text: it holds no time and no machine."""
    names = names_of(report)
    parts = [
        _opening(report, unread),
        not_read(unread),
        findings(report),
        relations(report, names),
        _budgets(report),
        not_decided(report),
        acknowledged(report),
        ignores(report),
        connections(report, names),
        rule_panels(report),
        f"<footer>poolproof {words(__version__)}</footer>",
    ]
    return document("poolproof: the connection budget", "".join(parts))


def document(title: str, body: str, extra_style: str = "") -> str:
    """A page in the house's style around a body."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{words(title)}</title>'
    sheet = resources.files("constructs_lib.reporters.html").joinpath("style.css").read_text(encoding="utf-8")
    style = f"<style>{sheet}{extra_style}</style>"
    return f'<!doctype html><html lang="en"><head>{head}{style}</head><body><main>{body}</main></body></html>\n'


def _opening(report: Report, unread: Sequence[Unread]) -> str:
    errors, warnings = (_open(report, severity) for severity in (Severity.ERROR, Severity.WARNING))
    undecided = len(report.not_decided) + len(unread)
    figures = [
        (f"{errors:,}", "errors", "bad" if errors else ""),
        (f"{warnings:,}", "warnings", "doubtful" if warnings else ""),
        (f"{undecided:,}", "not decided or not read", "doubtful" if undecided else ""),
        (f"{len(report.fleet.connections):,}", "connections between functions and stores", ""),
    ]
    cells = "".join(
        f'<div class="{style}"><b>{number}</b><span>{label}</span></div>' for number, label, style in figures
    )
    return (
        '<p class="brand"><b>poolproof</b> check</p>'
        f"<h1>{words(_verdict(errors, warnings, undecided))}</h1>"
        f'<p class="lead">{words(text.summary(report, unread))}.</p>'
        f'<div class="figures">{cells}</div>'
    )


def _open(report: Report, severity: Severity) -> int:
    return sum(finding.severity is severity and finding.acknowledged is None for finding in report.findings)


def _verdict(errors: int, warnings: int, undecided: int) -> str:
    """The one sentence a reader takes away. What was not decided is never called a pass."""
    if errors:
        return f"Not ready to deploy: {counted(errors, 'error')}"
    if undecided:
        return "No error was found, but not everything could be decided"
    return f"No errors, {counted(warnings, 'warning')}" if warnings else "Every budget holds"


def _budgets(report: Report) -> str:
    bars = budget_bars(report)
    if not bars:
        return ""
    return (
        "<h2>The budgets</h2><p>What each store offers and what may be opened against it. Capacities count at their low end, "
        f"demands at their high end.</p>{bars}"
    )
