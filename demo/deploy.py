"""Step c, first half: the local stage is deployed by the real CDK command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from demo.cdk_command import Command, must, run
from demo.cloud import ACCOUNT, REGION, Cloud
from demo.deployed import Deployed, read_deployed
from demo.machine import APPLICATION_USER, Machine
from demo.paths import Paths
from demo.stage import Stage


def begin_bootstrap(cloud: Cloud, paths: Paths, folder: Path) -> Command:
    """Start the CDK's bootstrap in the background; `folder` must not be a CDK app, so that no app is synthesized for it."""
    arguments = ["bootstrap", f"aws://{ACCOUNT}/{REGION}"]
    return Command(arguments, environment=cloud.environment(), folder=folder, log=paths.logs / "bootstrap.log")


def deploy(stage: Stage, cloud: Cloud, machine: Machine, bootstrap: Command, paths: Paths) -> Deployed:
    """Finish the bootstrap, deploy, and tell the cloud the limits that it does not read from templates."""
    with stage.busy("cdk bootstrap"):
        must(bootstrap.wait(), "cdk bootstrap")
    with stage.busy("cdk deploy"):
        finished = must(
            run("deploy", _arguments(machine, paths), environment=cloud.environment(), log_folder=paths.logs),
            "cdk deploy",
        )
    deployed = read_deployed(cloud, paths.local)
    count = len(deployed.physical)
    stage.promise(
        "the CDK command line deploys the local stage", count > 0, f"{count} resources in {finished.seconds:.0f} s"
    )
    _reserve(stage, deployed)
    _schema(stage, machine)
    return deployed


def _arguments(machine: Machine, paths: Paths) -> list[str]:
    context = ["-c", "poolproof:stage=local", "-c", f"poolproof:local={machine.context()}"]
    return ["deploy", "--require-approval", "never", "--progress", "events", "--output", str(paths.local), *context]


def _reserve(stage: Stage, deployed: Deployed) -> None:
    stage.say(
        "MiniStack ignores ReservedConcurrentExecutions in templates: set again through put_function_concurrency, as deployed"
    )
    wanted, got = deployed.functions_with_reserve(), deployed.reserve()
    stage.promise("the deployed reserved concurrency is in force", bool(wanted) and wanted == got, _listed(got))


def _schema(stage: Stage, machine: Machine) -> None:
    """The migration ran as a custom resource; what it left is asked of the database itself."""
    history = machine.server.execute("SELECT name FROM schema_migrations ORDER BY version", machine.pooler.database)
    stage.promise("the deployment created the schema", bool(history), ", ".join(name for (name,) in history))
    role = machine.server.execute(
        f"SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = '{APPLICATION_USER}'"  # noqa: S608 - a constant
    )
    modest = role == [(False, False, False)]
    stage.promise("functions log in as a role without privileges beyond rows", modest, f"{APPLICATION_USER}: {role}")


def _listed(reserved: Mapping[str, int]) -> str:
    return ", ".join(f"{name.split('-', 1)[-1]} {executions}" for name, executions in sorted(reserved.items()))
