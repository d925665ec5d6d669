"""The six steps in order, and what they hand to each other."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from constructs_lib.rehearsal.process import allow_many_files
from demo.budget import synthesize
from demo.cloud import Cloud
from demo.deploy import begin_bootstrap, begin_local_synth, deploy
from demo.experiment import run_experiment
from demo.functions import FUNCTION, call_every_function
from demo.machine import machine
from demo.paths import fresh_paths
from demo.projection import project
from demo.refusal import refuse_and_fix
from demo.report import write_report
from demo.results import Results
from demo.scratch import scratch_parent
from demo.stage import Stage

ORDER_API = "Orders/OrderApi"


def act(stage: Stage, running: ExitStack, started: float) -> None:
    """Run every step; what a step starts is stopped when `running` unwinds, in whatever way it ends."""
    allow_many_files()
    scratch = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="poolproof-demo-", dir=scratch_parent())))
    paths = fresh_paths(scratch)
    stage.say("starting the local cloud; its CDK bootstrap runs while the first steps synthesize")
    cloud = running.enter_context(Cloud())
    bootstrap = running.enter_context(begin_bootstrap(cloud, paths, scratch))

    with stage.step("a", "The reference stack and its budget"):
        plan = synthesize(stage, paths, cloud.environment())
    here = running.enter_context(machine(plan.numbers))
    local = running.enter_context(begin_local_synth(cloud, here, paths))
    with stage.step("b", "Over budget: refused at synth, fixed, accepted"):
        refusal = refuse_and_fix(stage, paths, cloud.environment(), plan)
    with stage.step("c", "Deployed to a cloud on this machine, every function called"):
        begun = {"cdk bootstrap": bootstrap, "cdk synth of the local stage": local}
        deployed = deploy(stage, cloud, here, begun, paths)
        api = call_every_function(stage, deployed)
    with stage.step("d", "500 orders at once, through the budget and straight at the database"):
        concurrency = deployed.functions_with_reserve()[deployed.name(ORDER_API, FUNCTION)]
        storm, direct = run_experiment(stage, here, api, concurrency)
    with stage.step("e", "The projector, twice, against its source"):
        projection = project(stage, here, deployed)
    with stage.step("f", "The report"):
        results = Results(
            budget=plan.report,
            numbers=plan.numbers,
            concurrency=concurrency,
            refusal=refusal,
            storm=storm,
            direct=direct,
            projection=projection,
            ledger=stage.ledger,
            seconds=time.monotonic() - started,
        )
        stage.say(str(write_report(results, paths.report)))
