"""Findings with their arithmetic, those somebody accepted, and the pages of the rules that spoke."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt

from constructs_lib.check import Report
from constructs_lib.model.finding import Confidence, Finding
from constructs_lib.reporters.arithmetic import figured
from constructs_lib.reporters.html.text import code, place, table, words
from constructs_lib.reporters.unsettled import outspoken
from constructs_lib.rules import Rule, all_rules
from constructs_lib.rules._page import page_of

#: Sections of a rule's page that explain; the examples stay with ``poolproof explain``.
_SHOWN = ("What it finds", "Why it matters", "What it cannot see", "How to fix", "References")


def findings(report: Report) -> str:
    """Every finding nobody acknowledged, worst first; what was not decided has a list of its own."""
    items = [finding for finding in outspoken(report) if finding.acknowledged is None]
    return f"<h2>Findings</h2>{''.join(_finding(item) for item in items)}" if items else ""


def _finding(finding: Finding) -> str:
    severity = finding.severity.value
    likely = ' <span class="chip likely">likely</span>' if finding.confidence is Confidence.LIKELY else ""
    fix = f'<p class="fix"><b>Fix</b> {words(finding.fix)}</p>' if finding.fix else ""
    return (
        f'<article class="finding {severity}"><header><span class="chip {severity}">{severity}</span>{likely}'
        f'<a href="#{words(finding.code)}">{words(finding.code)}</a> <span>{words(finding.name)}</span></header>'
        f"<h3>{words(finding.subject)}</h3><p>{words(finding.message)}</p>"
        f"{_arithmetic(finding.arithmetic)}{fix}{place(finding.origin)}</article>"
    )


def _arithmetic(lines: Sequence[str]) -> str:
    """Figures under each other with what they are and where they were read; a line without a figure spans the table."""
    rows = []
    for line in lines:
        part = figured(line)
        if part is None:
            rows.append(f'<tr><td></td><td colspan="2">{words(line)}</td></tr>')
        else:
            where = code(part.place) if part.place else ""
            rows.append(
                f"<tr><td>{words(part.figure)}</td><td>{words(part.label + part.note)}</td><td>{where}</td></tr>"
            )
    return f'<div class="wide"><table class="sum">{"".join(rows)}</table></div>' if rows else ""


def acknowledged(report: Report) -> str:
    """What somebody accepted, with the reason."""
    rows = [
        (code(item.code), words(item.name), words(item.subject), words(item.severity.value), words(item.acknowledged))
        for item in report.findings
        if item.acknowledged is not None
    ]
    return (
        f"<h2>Acknowledged</h2>{table(('rule', 'name', 'subject', 'severity', 'reason'), rows, 'list')}" if rows else ""
    )


def rule_panels(report: Report) -> str:
    """The page of each rule that found something."""
    codes = {finding.code for finding in report.findings}
    panels = "".join(_panel(rule) for rule in all_rules() if rule.code in codes)
    return f'<section class="rules"><h2>The rules behind the findings</h2>{panels}</section>' if panels else ""


def _panel(rule: Rule) -> str:
    page, markdown = page_of(rule), MarkdownIt("commonmark", {"html": False})
    body = "".join(
        f"<h4>{words(heading)}</h4>{markdown.render(page.sections[heading])}"
        for heading in _SHOWN
        if page.sections.get(heading)
    )
    return (
        f'<details id="{rule.code}"><summary><b>{rule.code}</b> {words(rule.name)}</summary>'
        f"{markdown.render(page.summary)}{body}<p>Examples: <code>poolproof explain {rule.code}</code></p></details>"
    )
