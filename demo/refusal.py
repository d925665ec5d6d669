"""Step b: a variant over its budget is refused at synth with the arithmetic; the fix that it names passes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from constructs_lib.check import Report, check
from constructs_lib.errors import RehearsalError
from constructs_lib.model.finding import Finding
from constructs_lib.model.headroom import largest_through_pool
from constructs_lib.readers.sources import read
from demo.budget import Plan
from demo.cdk_command import Finished, run
from demo.paths import Paths
from demo.results import Refusal
from demo.stage import Stage

_ASKED = 400
_KEY = "poolproof:order_api_concurrency"


def refuse_and_fix(stage: Stage, paths: Paths, environment: Mapping[str, str], plan: Plan) -> Refusal:
    """Ask for too much, show the refusal, then ask for the most that fits."""
    stage.say(f"the same stack, but {_ASKED} concurrent executions of the order function: -c {_KEY}={_ASKED}")
    refused = _synthesize(stage, paths.refused, environment, _ASKED, paths)
    finding = _stopping(check(read([paths.refused]).fleet))
    stage.quote(_words(refused, finding))
    stage.promise(
        "a stack over its budget does not get past cdk synth", refused.exit_code != 0, f"exit code {refused.exit_code}"
    )
    told = finding.code in refused.output and all(line.split("  [")[0] in refused.output for line in finding.arithmetic)
    stage.promise(
        "the refusal shows the rule and its arithmetic", told, f"{finding.code}, {len(finding.arithmetic)} lines"
    )

    fits = _largest(plan)
    named = str(fits) in finding.fix
    stage.promise("the refusal names the number that fits", named, finding.fix)
    stage.say(f"the fix: {_KEY}={fits}")
    fixed = _synthesize(stage, paths.fixed, environment, fits, paths)
    stage.promise("with the fix the same stack passes", fixed.exit_code == 0, f"exit code {fixed.exit_code}")
    return Refusal(_ASKED, finding.code, finding.message, finding.arithmetic, fits)


def _synthesize(stage: Stage, output: Path, environment: Mapping[str, str], concurrency: int, paths: Paths) -> Finished:
    arguments = ["synth", "--quiet", "--output", str(output), "-c", f"{_KEY}={concurrency}"]
    with stage.busy(f"cdk synth with {concurrency} executions"):
        return run(f"synth-{concurrency}", arguments, environment=environment, log_folder=paths.logs)


def _stopping(report: Report) -> Finding:
    if not report.stopping:
        raise RehearsalError(f"the variant with {_ASKED} executions has no finding that stops a synth")
    return report.stopping[0]


def _largest(plan: Plan) -> int:
    """The most executions of the pool's first client for which both proofs hold; the report's own arithmetic."""
    budget, pool = plan.report.budget.pools[0]
    return largest_through_pool(pool, budget.capacity, pool.demands[0], plan.report.settings.account_concurrency)


def _words(refused: Finished, finding: Finding) -> str:
    """The part of the CDK's output that is about the finding."""
    lines = refused.output.splitlines()
    start = next((index for index, line in enumerate(lines) if finding.message in line), None)
    if start is None:
        return refused.last_lines(12)
    end = next((index for index in range(start, len(lines)) if "Acknowledge with" in lines[index]), start + 10)
    return "\n".join(line.strip() for line in lines[start : end + 1])
