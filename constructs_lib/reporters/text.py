"""The report for people: the budget of every store as a sum, the findings, what was not decided, what was not read."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.check import Report
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.pools import Verdict
from constructs_lib.model.settings import Ignore
from constructs_lib.reporters import ledger
from constructs_lib.reporters.arithmetic import figured
from constructs_lib.reporters.ink import Sheet
from constructs_lib.reporters.unread import Unread, place_of
from constructs_lib.reporters.unsettled import outspoken, unsettled

_SEVERITY_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_VERDICT_STYLE = {Verdict.FITS: "green", Verdict.EXCEEDS: "red", Verdict.UNDECIDED: "yellow"}


def render(report: Report, *, color: bool = False, unread: Sequence[Unread] = ()) -> str:
    """The report as text, one summary line last. ``color`` adds terminal colours."""
    sheet = Sheet(color)
    _budget(sheet, report)
    _findings(sheet, report)
    _not_decided(sheet, report)
    _ignores(sheet, report)
    _unread(sheet, unread)
    sheet.heading(summary(report, unread))
    return sheet.text()


def summary(report: Report, unread: Sequence[Unread] = ()) -> str:
    """One line: what was read and what came of it."""
    findings = outspoken(report)
    open_findings = [finding for finding in findings if finding.acknowledged is None]
    counts = [
        _count(sum(f.severity is severity for f in open_findings), severity.value)
        for severity in (Severity.ERROR, Severity.WARNING)
    ]
    notes = sum(f.severity is Severity.INFO for f in open_findings)
    extras = {
        _count(notes, "note"): notes,
        f"{len(findings) - len(open_findings)} acknowledged": len(findings) - len(open_findings),
        f"{len(report.not_decided)} not decided": len(report.not_decided),
        f"{len(unread)} not read": len(unread),
    }
    found = ", ".join([*counts, *(text for text, number in extras.items() if number)])
    return f"{_count(len(report.fleet.stores), 'store')}, {_count(len(report.fleet.consumers), 'consumer')}: {found}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _budget(sheet: Sheet, report: Report) -> None:
    budgets = sorted(report.budget.stores, key=lambda item: (item.store.id, item.role != "writer"))
    if not budgets:
        sheet.line(sheet.ink("no store that holds connections was found"))
    for item in budgets:
        sheet.heading(f"{ledger.title(item)}: {ledger.describe(item.store)}")
        _place(sheet, str(item.store.origin))
        _rows(sheet, ledger.store_rows(item))
        sheet.line(sheet.ink(ledger.store_sentence(item), _VERDICT_STYLE[item.verdict]), indent=2)
        for pool in item.pools:
            sheet.line()
            sheet.line(sheet.ink(f"pool {pool.pool.id}"), indent=2)
            _rows(sheet, ledger.pool_rows(pool))
            sheet.line(sheet.ink(ledger.pool_sentence(pool), _VERDICT_STYLE[pool.verdict]), indent=2)


def _place(sheet: Sheet, place: str) -> None:
    if place:
        sheet.line(sheet.ink(place, "dim"), indent=2)


def _rows(sheet: Sheet, rows: Sequence[ledger.Row]) -> None:
    width = max(len(row.figure) for row in rows)
    for row in rows:
        place = sheet.ink(f"  [{row.place}]", "dim") if row.place else ""
        sheet.line(f"{row.sign} {row.figure:>{width}}  ", sheet.ink(row.label), place, indent=4)


def _findings(sheet: Sheet, report: Report) -> None:
    findings = outspoken(report)
    for finding in findings:
        if finding.acknowledged is None:
            _finding(sheet, finding)
    accepted = [finding for finding in findings if finding.acknowledged is not None]
    if accepted:
        sheet.heading("acknowledged")
    for finding in accepted:
        title = f"{finding.code} {finding.name}: {finding.subject}"
        sheet.line(sheet.ink(f"{title} ({finding.severity.value}): {finding.acknowledged}"), indent=2)


def _finding(sheet: Sheet, finding: Finding) -> None:
    likely = ", likely" if finding.confidence is Confidence.LIKELY else ""
    sheet.line()
    sheet.line(
        sheet.ink(f"{finding.severity.value}{likely}", _SEVERITY_STYLE[finding.severity]),
        sheet.ink(f" {finding.code} {finding.name}: {finding.subject}", "bold"),
    )
    sheet.line(sheet.ink(finding.message), indent=2)
    for line in _aligned(finding.arithmetic):
        sheet.line(sheet.ink(line), indent=4)
    if finding.fix:
        sheet.line(sheet.ink("fix: ", "green"), sheet.ink(finding.fix), indent=2)
    if str(finding.origin):
        sheet.line(sheet.ink(f"at:  {finding.origin}", "dim"), indent=2)


def _aligned(lines: Sequence[str]) -> list[str]:
    """Figures under each other in front of what they are; lines without one stay as they are, below the labels."""
    parts = [(line, figured(line)) for line in lines]
    width = max((len(part.figure) for _, part in parts if part), default=0)
    return [
        f"{part.figure:>{width}}  {part.label}{part.note}" + (f"  [{part.place}]" if part.place else "")
        if part
        else " " * (width + 2 if width else 0) + line
        for line, part in parts
    ]


def _not_decided(sheet: Sheet, report: Report) -> None:
    if not report.not_decided:
        return
    sheet.heading("not decided")
    for item in unsettled(report):
        codes = sheet.ink(f"  [{', '.join(item.codes)}]", "dim") if item.codes else ""
        sheet.line(sheet.ink(f"{item.subject}: {item.missing}"), codes, indent=2)
        if item.declare:
            sheet.line(sheet.ink(f"→ {item.declare}"), indent=4)
        if item.place:
            sheet.line(sheet.ink(f"at {item.place}", "dim"), indent=4)


def _ignores(sheet: Sheet, report: Report) -> None:
    if not report.unused_ignores:
        return
    sheet.heading("ignores without effect")
    for ignore in report.unused_ignores:
        sheet.line(sheet.ink(ignore_note(ignore)), indent=2)


def ignore_note(ignore: Ignore) -> str:
    """Why an ignore has no effect, and what to do with it."""
    where = f" for '{ignore.subject}'" if ignore.subject else ""
    why = (
        "matches no finding: remove it" if ignore.reason.strip() else "gives no reason and counts for nothing: add one"
    )
    return f"the ignore of {ignore.code}{where} {why}"


def _unread(sheet: Sheet, unread: Sequence[Unread]) -> None:
    if not unread:
        return
    sheet.heading("not read")
    for item in unread:
        sheet.line(sheet.ink(f"{place_of(item)}: {item.reason}", "red"), indent=2)
