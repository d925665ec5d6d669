"""What the commands that judge a fleet have in common: the report in its form, notes beside it, baselines, exit codes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs_lib.check import Report
    from constructs_lib.model.settings import Settings
    from constructs_lib.readers.reading import Reading

FORMATS = ("text", "json", "sarif", "html", "github")
THRESHOLDS = ("error", "warning", "never")
FINDINGS, UNREADABLE = 1, 2


def without_known(report: Report, baseline: str | None, write_baseline: str | None) -> Report:
    """The report with what the baselines know acknowledged; a new baseline holds all that is open before."""
    if baseline is None and write_baseline is None:
        return report
    from constructs_lib.baseline import apply, load, write
    from constructs_lib.cli.output import complain

    known = load(baseline) if baseline is not None else None
    if write_baseline is not None:
        write(report, write_baseline)
        known = load(write_baseline)
    if known is None:
        return report
    report, gone = apply(report, known)
    for title in gone:
        complain(f"no longer found: {title}; take it out of the baseline {known.file}")
    return report


def write(report: Report, reading: Reading, form: str, output: str | None) -> None:
    """Emit the report in a form, to a file or standard output."""
    from constructs_lib.cli.output import emit, wants_color

    # Only the reporter that is asked for is loaded: the others bring what this run does not need.
    reporter = import_module(f"constructs_lib.reporters.{form}")
    if form == "text":
        emit(reporter.render(report, color=output is None and wants_color(), unread=reading.unread), output)
    else:
        emit(reporter.render(report, reading.unread), output)


def notes(report: Report, reading: Reading, settings: Settings, *, shown: bool) -> None:
    """What a person must know although it is no finding; ``shown`` tells that standard output already has the rest."""
    from constructs_lib.cli.configuration import unmatched_stores
    from constructs_lib.cli.output import complain
    from constructs_lib.reporters import text
    from constructs_lib.reporters.unread import place_of

    for note in unmatched_stores(settings, report.fleet):
        complain(note)
    if shown:
        return
    for item in reading.unread:
        complain(f"{place_of(item)}: {item.reason}")
    for ignore in report.unused_ignores:
        complain(text.ignore_note(ignore))
    complain(text.summary(report, reading.unread))


def exit_code(report: Report, reading: Reading, fail_on: str) -> int:
    """2 when something could not be read, 1 for findings at or above the threshold, else 0."""
    from constructs_lib.model.finding import Severity

    if reading.unread:
        return UNREADABLE
    return FINDINGS if fail_on != "never" and report.at_or_above(Severity(fail_on)) else 0
