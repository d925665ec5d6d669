"""``poolproof check``: documents in, report out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from constructs_lib.check import Report
    from constructs_lib.model.settings import Settings
    from constructs_lib.readers.reading import Reading

FORMATS = ("text", "json", "sarif", "html", "github")
THRESHOLDS = ("error", "warning", "never")
FINDINGS, UNREADABLE = 1, 2


@click.command(name="check", short_help="Check templates against the connections of their databases.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the report."
)
@click.option("--output", metavar="FILE", help="Write the report to a file instead of standard output.")
@click.option("--config", metavar="FILE", help="Settings; default: the nearest .poolproof.toml or pyproject.toml.")
@click.option(
    "--fail-on", type=click.Choice(THRESHOLDS), default="error", show_default=True, help="What makes the exit code 1."
)
@click.option("--baseline", metavar="FILE", help="Findings in this file are known: only new ones fail.")
@click.option(
    "--write-baseline", metavar="FILE", help="Write today's findings as a baseline; they do not fail this run."
)
@click.option(
    "--parameters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Value of a template parameter; may be repeated.",
)
def command(
    *,
    paths: Sequence[str],
    form: str,
    output: str | None,
    config: str | None,
    fail_on: str,
    baseline: str | None,
    write_baseline: str | None,
    parameters: Sequence[str],
) -> int:
    """Check CloudFormation or SAM templates, cdk.out folders and Terraform plans (JSON); several are one fleet.

    Every store gets its sum: what it offers, what functions may open, and the proof or the finding that follows.
    Nothing here touches the network.
    """
    from constructs_lib.check import check
    from constructs_lib.cli.configuration import load
    from constructs_lib.readers.sources import read

    given = _parameters(parameters)
    settings = load(config)
    reading = read(paths, given)
    report = _without_known(check(reading.fleet, settings), baseline, write_baseline)
    _write(report, reading, form, output)
    _notes(report, reading, settings, shown=form == "text" and output is None)
    return _exit_code(report, reading, fail_on)


def _without_known(report: Report, baseline: str | None, write_baseline: str | None) -> Report:
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


def _parameters(texts: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--parameters needs KEY=VALUE, got '{text}'")
        if values.setdefault(key, value) != value:
            raise click.UsageError(f"--parameters gives '{key}' twice: '{values[key]}' and '{value}'")
    return values


def _write(report: Report, reading: Reading, form: str, output: str | None) -> None:
    from constructs_lib.cli.output import emit, wants_color
    from constructs_lib.reporters import github, json, sarif, text

    if form == "html":
        from constructs_lib.reporters import html

        emit(html.render(report, reading.unread), output)
        return
    forms = {"json": json.render, "sarif": sarif.render, "github": github.render}
    if form in forms:
        emit(forms[form](report, reading.unread), output)
    else:
        emit(text.render(report, color=output is None and wants_color(), unread=reading.unread), output)


def _notes(report: Report, reading: Reading, settings: Settings, *, shown: bool) -> None:
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


def _exit_code(report: Report, reading: Reading, fail_on: str) -> int:
    from constructs_lib.model.finding import Severity

    if reading.unread:
        return UNREADABLE
    return FINDINGS if fail_on != "never" and report.at_or_above(Severity(fail_on)) else 0
