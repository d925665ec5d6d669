"""``poolproof audit``: what is deployed against what it can carry, drift from the plan, and what CloudWatch saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from constructs_lib.cli.reporting import FORMATS, THRESHOLDS, exit_code, notes, without_known, write

if TYPE_CHECKING:
    from constructs_lib.check import Report
    from constructs_lib.model.fleet import Fleet
    from constructs_lib.model.settings import Settings
    from constructs_lib.readers.live import Recording
    from constructs_lib.readers.reading import Reading, Unread
    from constructs_lib.reporters.audit import Audit


@click.command(name="audit", short_help="Check what is deployed in an AWS account (needs credentials).")
@click.option("--region", metavar="REGION", help="AWS region; default: that of the environment or the profile.")
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration.")
@click.option("--record", metavar="FILE", help="Keep AWS's answers in a file, without passwords and values of secrets.")
@click.option("--from-recording", metavar="FILE", help="Read the answers of an earlier --record; no network.")
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="PATH",
    help="Template, cdk.out or Terraform plan to compare; may be repeated.",
)
@click.option(
    "--observe",
    type=click.IntRange(1, 455),
    metavar="DAYS",
    help="Also ask CloudWatch for the highest values of so many days.",
)
@click.option("--permissions", is_flag=True, help="Print the IAM policy that the audit needs, and stop.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the report."
)
@click.option("--output", metavar="FILE", help="Write the report to a file instead of standard output.")
@click.option("--config", metavar="FILE", help="Settings; default: the nearest .poolproof.toml or pyproject.toml.")
@click.option(
    "--fail-on", type=click.Choice(THRESHOLDS), default="error", show_default=True, help="What makes the exit code 1."
)
@click.option("--baseline", metavar="FILE", help="Findings in this file are known: only new ones fail.")
def command(
    *,
    region: str | None,
    profile: str | None,
    record: str | None,
    from_recording: str | None,
    plans: Sequence[str],
    observe: int | None,
    permissions: bool,
    form: str,
    output: str | None,
    config: str | None,
    fail_on: str,
    baseline: str | None,
) -> int:
    """Check the functions, databases and proxies of one account and region as they are deployed now.

    Every call to AWS is a read (--permissions lists them); an operation that is not allowed leaves what it would tell undecided.
    """
    from constructs_lib.check import check
    from constructs_lib.cli.configuration import load
    from constructs_lib.readers.live import read_recording

    if permissions:
        return _permissions()
    settings = load(config)
    recording = _answers(region, profile, from_recording, observe)
    _keep(recording, record)
    reading = read_recording(recording, from_recording)
    settings = _of_account(settings, recording)
    report = without_known(check(reading.fleet, settings), baseline, None)
    audit, unread = _compared(recording, reading.fleet, plans)
    reading = reading._replace(unread=(*reading.unread, *unread))
    _emit(report, reading, audit, form, output)
    notes(report, reading, settings, shown=form == "text" and output is None)
    return exit_code(report, reading, fail_on)


def _answers(region: str | None, profile: str | None, from_recording: str | None, days: int | None) -> Recording:
    from constructs_lib.readers.live import recording

    if from_recording is not None:
        if region or profile or days:
            raise click.UsageError("--from-recording reads no account: leave out --region, --profile and --observe")
        return recording.load(from_recording)
    from constructs_lib.readers.live.collect import Asking
    from constructs_lib.readers.live.collect import record as ask
    from constructs_lib.readers.live.observe import observe

    asking = Asking(region, profile)
    answers = ask(asking)
    if days:
        observe(asking, answers, days)
    return answers


def _permissions() -> int:
    import json

    from constructs_lib.cli.output import emit
    from constructs_lib.readers.live.collect import permissions

    statement = {"Effect": "Allow", "Action": permissions(), "Resource": "*"}
    emit(json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n")
    return 0


def _keep(recording: Recording, path: str | None) -> None:
    if path is not None:
        from constructs_lib.readers.live.recording import save

        save(recording, path)


def _of_account(settings: Settings, recording: Recording) -> Settings:
    """The settings with the account's own concurrency, unless somebody declared another."""
    from constructs_lib.readers.live.translate import account_concurrency

    found = account_concurrency(recording)
    if found is None or settings.account_concurrency_declared:
        return settings
    return replace(settings, account_concurrency=found, account_concurrency_declared=True)


def _compared(recording: Recording, deployed: Fleet, plans: Sequence[str]) -> tuple[Audit, Sequence[Unread]]:
    from constructs_lib.readers.live.observe import observed
    from constructs_lib.reporters.audit import Audit

    days, seen = observed(recording)
    maxima: dict[str, dict[str, float]] = {}
    for item in seen:
        maxima.setdefault(item.subject, {})[item.metric] = item.maximum
    if not plans:
        return Audit(days=days, maxima=maxima), ()
    from constructs_lib.model.drift import drift
    from constructs_lib.readers.live.matching import same_resources
    from constructs_lib.readers.sources import documents_in, read

    planned = read(plans)
    same, nameless = same_resources(documents_in(plans), {}, recording)
    return Audit(True, drift(planned.fleet, deployed, same), nameless, days, maxima), planned.unread


def _emit(report: Report, reading: Reading, audit: Audit, form: str, output: str | None) -> None:
    """The report, with the audit's own sections where the form has a place for them, else on standard error."""
    from constructs_lib.cli.output import complain, emit, wants_color
    from constructs_lib.reporters import audit as sections

    if form == "json":
        import json

        from constructs_lib.reporters import json as report_json

        whole = {**report_json.document(report, reading.unread), **sections.document(audit)}
        emit(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", output)
    elif form == "text":
        from constructs_lib.reporters import text

        color = output is None and wants_color()
        own = sections.render(report, audit, color=color)
        emit((own + "\n" if own else "") + text.render(report, color=color, unread=reading.unread), output)
    else:
        write(report, reading, form, output)
        complain(sections.render(report, audit))
