"""``poolproof plan``: from profiles to reserved concurrency, pool, ``max_connections`` and the smallest class that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from constructs_lib.model.finding import Finding
    from constructs_lib.model.plan import Plan

FORMATS = ("text", "json")
NO_PLAN = 1


@click.command(name="plan", short_help="Size concurrency, pool and database from profiles.")
@click.argument("file", metavar="FILE")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the plan."
)
@click.option("--output", metavar="FILE", help="Write the plan to a file instead of standard output.")
@click.option("--config", metavar="FILE", help="Settings; default: the nearest .poolproof.toml or pyproject.toml.")
def command(*, file: str, form: str, output: str | None, config: str | None) -> int:
    """Size every store of a profiles FILE for the peaks it declares, and check what is proposed.

    Exit codes: 0 everything fits, 1 something does not (the plan says which constraint binds), 2 usage or unreadable input.
    """
    from constructs_lib.cli.configuration import load
    from constructs_lib.cli.output import complain
    from constructs_lib.model.plan import plan
    from constructs_lib.readers.profiles import read_profiles

    settings = load(config)
    read = read_profiles(file)
    made = plan(read.profiles, read.stores, settings)
    for name in sorted(set(read.stores) - {profile.store_name for profile in read.profiles}):
        complain(f"{file}:{read.stores[name].line}: no function uses the store '{name}'")
    findings = _found(made)
    _write(made, findings, form, output)
    return NO_PLAN if made.obstacles or findings else 0


def _found(made: Plan) -> tuple[Finding, ...]:
    """Errors that the rules find in the fleet a plan stands for: what is proposed must pass the very check it is meant for."""
    from constructs_lib.check import check
    from constructs_lib.model.finding import Severity

    return check(made.fleet, made.settings).at_or_above(Severity.ERROR)


def _write(made: Plan, findings: tuple[Finding, ...], form: str, output: str | None) -> None:
    from constructs_lib.cli.output import emit, wants_color
    from constructs_lib.reporters.plan import json, text

    if form == "json":
        emit(json.render(made, findings), output)
    else:
        emit(text.render(made, findings, color=output is None and wants_color()), output)
