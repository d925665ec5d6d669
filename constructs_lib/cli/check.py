"""``poolproof check``: documents in, report out."""

from __future__ import annotations

from collections.abc import Sequence

import click

from constructs_lib.cli.reporting import FORMATS, THRESHOLDS, exit_code, notes, without_known, write


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
    from constructs_lib.collector import paused
    from constructs_lib.readers.sources import read

    given = parameter_values(parameters)
    settings = load(config)
    with paused():
        reading = read(paths, given)
        report = without_known(check(reading.fleet, settings), baseline, write_baseline)
        write(report, reading, form, output)
    notes(report, reading, settings, shown=form == "text" and output is None)
    return exit_code(report, reading, fail_on)


def parameter_values(texts: Sequence[str]) -> dict[str, str]:
    """Template parameters from KEY=VALUE texts. Raises ``click.UsageError`` for other texts and for two values of one."""
    values: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--parameters needs KEY=VALUE, got '{text}'")
        if values.setdefault(key, value) != value:
            raise click.UsageError(f"--parameters gives '{key}' twice: '{values[key]}' and '{value}'")
    return values
