"""Step a: synthesize the reference stack as it goes to AWS, and print its budget."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.check import Report, check
from constructs_lib.errors import RehearsalError
from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.readers.sources import read
from constructs_lib.reporters import ledger
from constructs_lib.reporters.html.names import Names, names_of
from demo.cdk_command import must, run
from demo.machine import Numbers
from demo.paths import Paths
from demo.stage import Stage

_WRITTEN = ("connection-budget.json", "RUNBOOK.md")


@dataclass(frozen=True)
class Plan:
    """The synthesized stack: its report, and the numbers that the local stage takes over."""

    report: Report
    numbers: Numbers

    @property
    def pool(self) -> PoolBudget:
        return _only_pool(self.report)[1]


def synthesize(stage: Stage, paths: Paths, environment: Mapping[str, str]) -> Plan:
    """Synthesize with the real command line and show function by function what it may open."""
    with stage.busy("cdk synth"):
        must(
            run(
                "synth",
                ["synth", "--quiet", "--output", str(paths.plan)],
                environment=environment,
                log_folder=paths.logs,
            ),
            "cdk synth of the reference stack",
        )
    report = check(read([paths.plan]).fleet)
    plan = Plan(report, _numbers(report, paths.plan))
    _show(stage, report)
    written = [name for name in _WRITTEN if (paths.plan / name).exists()]
    for name in written:
        shutil.copy(paths.plan / name, paths.root)
    stage.promise(
        "the synth writes the budget and the runbook", len(written) == len(_WRITTEN), ", ".join(written) or "neither"
    )
    verdicts = [store.verdict for store in _holding(report)] + [pool.verdict for _, pool in report.budget.pools]
    fits = bool(verdicts) and all(verdict is Verdict.FITS for verdict in verdicts)
    stage.promise("every store and pool of the reference stack fits", fits, ledger.pool_sentence(plan.pool))
    return plan


def _show(stage: Stage, report: Report) -> None:
    names = names_of(report)
    for budget in _holding(report):
        rows = [[row.sign.strip(), row.figure, names.plain(row.label)] for row in ledger.store_rows(budget)]
        stage.figures(f"{names.of(budget.store.id)}: {ledger.describe(budget.store)}", rows)
        stage.say(ledger.store_sentence(budget))
        for pool in budget.pools:
            stage.say(f"{names.of(pool.pool.id)}: {ledger.pool_sentence(pool)}")
    stage.table(["function", "reserved", "connections", "through"], _functions(report, names))


def _functions(report: Report, names: Names) -> list[list[str]]:
    """Every function, its reserved concurrency, and what it may open where."""
    demands = {
        demand.consumer.id: demand
        for budget in report.budget.stores
        for demand in (*budget.demands, *budget.within_reserve)
    }
    rows = []
    for consumer in sorted(report.fleet.consumers, key=lambda consumer: names.of(consumer.id)):
        demand = demands.get(consumer.id)
        reserved = "none" if consumer.reserved_concurrency is None else ledger.figure(consumer.reserved_concurrency)
        opened = "0" if demand is None else ledger.figure(demand.connections)
        way = "" if demand is None else names.of(demand.connection.pool or demand.connection.via)
        rows.append([names.of(consumer.id), reserved, opened, way])
    return rows


def _holding(report: Report) -> list[StoreBudget]:
    """Stores somebody connects to; one without any demand has nothing to show."""
    return [budget for budget in report.budget.stores if budget.demands or budget.pools]


def _only_pool(report: Report) -> tuple[StoreBudget, PoolBudget]:
    pools = report.budget.pools
    if len(pools) != 1:
        raise RehearsalError(f"the reference stack has {len(pools)} pools: the local stage stands in for exactly one")
    return pools[0]


def _numbers(report: Report, assembly: Path) -> Numbers:
    budget, pool = _only_pool(report)
    parameters = _parameters(assembly)
    return Numbers(
        max_connections=int(budget.capacity.max_connections.value),
        pool_connections=int(pool.connections.value),
        borrow_timeout_seconds=int(pool.borrow_timeout.value),
        transaction_timeout_ms=int(parameters.get("transaction_timeout", 0)),
    )


def _parameters(assembly: Path) -> Mapping[str, Any]:
    template = json.loads(next(assembly.glob("*.template.json")).read_text(encoding="utf-8"))
    groups = [r for r in template["Resources"].values() if r["Type"] == "AWS::RDS::DBParameterGroup"]
    return dict(groups[0]["Properties"]["Parameters"]) if groups else {}
