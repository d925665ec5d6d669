"""The report as workflow commands of GitHub Actions: one annotation a finding, at its line in the pull request.

Escaping: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts (2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.check import Report
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.reporters import text
from constructs_lib.reporters.ink import clean
from constructs_lib.reporters.unread import Unread

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, unread: Sequence[Unread] = ()) -> str:
    """Annotations of what nobody acknowledged and of what could not be read, then the summary line."""
    lines = [_finding(finding) for finding in report.findings if finding.acknowledged is None]
    lines += [_command("error", item.path, item.line, "poolproof: not read", item.reason) for item in unread]
    # A line of the log that starts with '::' would be obeyed; the summary starts with a figure.
    return "\n".join([*lines, text.summary(report, unread)]) + "\n"


def _finding(finding: Finding) -> str:
    likely = " (likely)" if finding.confidence is Confidence.LIKELY else ""
    title = f"{finding.code} {finding.name}{likely}: {finding.subject}"
    fix = [f"fix: {finding.fix}"] if finding.fix else []
    message = "\n".join(clean(line) for line in (finding.message, *finding.arithmetic, *fix))
    origin = finding.origin
    return _command(_COMMANDS[finding.severity], origin.file, origin.line, title, message)


def _command(command: str, file: str | None, line: int | None, title: str, message: str) -> str:
    properties = {"file": file, "line": str(line) if file and line else None, "title": title}
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{command} {shown}::{_data(message)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(clean(value)).replace(":", "%3A").replace(",", "%2C")
