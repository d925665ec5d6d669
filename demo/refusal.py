"""Step b: a variant over its budget is refused at synth with the arithmetic; the fix that it names passes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from constructs_lib.check import Report, check
from constructs_lib.errors import RehearsalError
from constructs_lib.model.finding import Finding
from constructs_lib.model.headroom import room_for_clients
from constructs_lib.readers.sources import read
from constructs_lib.reporters.html.names import Names, names_of
from demo.budget import Plan
from demo.cdk_command import Command, Finished, start
from demo.paths import Paths
from demo.results import Refusal
from demo.stage import Stage

_ASKED = 400
_KEY = "poolproof:order_api_concurrency"


def refuse_and_fix(stage: Stage, paths: Paths, environment: Mapping[str, str], plan: Plan) -> Refusal:
    """Ask for too much, show the refusal, then ask for the most that fits. Both syntheses run side by side."""
    fits = _largest(plan)
    with (
        _synthesis(paths.refused, environment, _ASKED, paths) as too_much,
        _synthesis(paths.fixed, environment, fits, paths) as enough,
    ):
        stage.say(f"the same stack, but {_ASKED} concurrent executions of the order function: -c {_KEY}={_ASKED}")
        with stage.busy("cdk synth"):
            refused = too_much.wait()
        report = check(read([paths.refused]).fleet)
        finding, names = _stopping(report), names_of(report)
        _check_refusal(stage, refused, finding, fits, names)
        stage.say(f"the fix: -c {_KEY}={fits}")
        with stage.busy("cdk synth"):
            fixed = enough.wait()
    stage.promise("with the fix the same stack passes", fixed.exit_code == 0, f"exit code {fixed.exit_code}")
    lines = tuple(names.plain(line.split("  [")[0]) for line in finding.arithmetic)
    return Refusal(_ASKED, finding.code, names.plain(finding.message), lines, fits)


def _check_refusal(stage: Stage, refused: Finished, finding: Finding, fits: int, names: Names) -> None:
    stage.quote(_words(refused, finding))
    stage.promise(
        "a stack over its budget does not get past cdk synth", refused.exit_code != 0, f"exit code {refused.exit_code}"
    )
    told = finding.code in refused.output and all(line.split("  [")[0] in refused.output for line in finding.arithmetic)
    stage.promise(
        "the refusal shows the rule and its arithmetic", told, f"{finding.code}, {len(finding.arithmetic)} lines"
    )
    stage.promise("the refusal names the number that fits", str(fits) in finding.fix.split(), names.plain(finding.fix))


def _synthesis(output: Path, environment: Mapping[str, str], concurrency: int, paths: Paths) -> Command:
    arguments = ["synth", "--quiet", "--output", str(output), "-c", f"{_KEY}={concurrency}"]
    return start(f"synth-{concurrency}", arguments, environment=environment, log_folder=paths.logs)


def _stopping(report: Report) -> Finding:
    if not report.stopping:
        raise RehearsalError(f"the variant with {_ASKED} executions has no finding that stops a synth")
    return report.stopping[0]


def _largest(plan: Plan) -> int:
    """The most executions that both proofs bear, by the checker's own arithmetic: the clients there are, and room for more."""
    return int((plan.pool.clients + room_for_clients(plan.pool)).value)


def _words(refused: Finished, finding: Finding) -> str:
    """The part of the CDK's output that is about the finding."""
    lines = refused.output.splitlines()
    start = next((index for index, line in enumerate(lines) if finding.message in line), None)
    if start is None:
        return refused.last_lines(12)
    end = next((index for index in range(start, len(lines)) if "Acknowledge with" in lines[index]), start + 10)
    return "\n".join(line.strip() for line in lines[start : end + 1])
