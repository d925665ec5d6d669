"""Step c, first half: the local stage is deployed by the real CDK command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from demo.cdk_command import Command, must, run, start
from demo.cloud import ACCOUNT, REGION, Cloud
from demo.deployed import Deployed, read_deployed
from demo.machine import APPLICATION_USER, Machine
from demo.paths import Paths
from demo.stage import Stage


def begin_bootstrap(cloud: Cloud, paths: Paths, folder: Path) -> Command:
    """Start the CDK's bootstrap in the background; `folder` must not be a CDK app, so that no app is synthesized for it."""
    arguments = ["bootstrap", f"aws://{ACCOUNT}/{REGION}"]
    return Command(arguments, environment=cloud.environment(), folder=folder, log=paths.logs / "bootstrap.log")


def begin_local_synth(cloud: Cloud, machine: Machine, paths: Paths) -> Command:
    """Start the synthesis of the local stage in the background: the same app, told where its database is."""
    context = ["-c", "poolproof:stage=local", "-c", f"poolproof:local={machine.context()}"]
    arguments = ["synth", "--quiet", "--output", str(paths.local), *context]
    return start("synth-local", arguments, environment=cloud.environment(), log_folder=paths.logs)


def deploy(stage: Stage, cloud: Cloud, machine: Machine, begun: Mapping[str, Command], paths: Paths) -> Deployed:
    """Wait for what was begun, deploy, and tell the cloud the limits that it does not read from templates."""
    for what, command in begun.items():
        with stage.busy(what):
            must(command.wait(), what)
    with stage.busy("cdk deploy"):
        deploying = run("deploy", _arguments(paths), environment=cloud.environment(), log_folder=paths.logs)
        finished = must(deploying, "cdk deploy")
    deployed = read_deployed(cloud, paths.local)
    count = len(deployed.physical)
    stage.promise(
        "the CDK command line deploys the local stage", count > 0, f"{count} resources in {finished.seconds:.0f} s"
    )
    _reserve(stage, deployed)
    _schema(stage, machine)
    return deployed


def _arguments(paths: Paths) -> list[str]:
    return ["deploy", "--app", str(paths.local), "--require-approval", "never", "--progress", "events"]


def _reserve(stage: Stage, deployed: Deployed) -> None:
    stage.say(
        "MiniStack ignores ReservedConcurrentExecutions in templates: set again through put_function_concurrency, as deployed"
    )
    wanted, got = deployed.functions_with_reserve(), deployed.reserve()
    listed = ", ".join(sorted(f"{deployed.path_of(name)} {executions}" for name, executions in got.items()))
    stage.promise("the deployed reserved concurrency is in force", bool(wanted) and wanted == got, listed)


def _schema(stage: Stage, machine: Machine) -> None:
    """The migration ran as a custom resource; what it left is asked of the database itself."""
    history = machine.server.execute("SELECT name FROM schema_migrations ORDER BY version", machine.pooler.database)
    stage.promise("the deployment created the schema", bool(history), ", ".join(name for (name,) in history))
    ((superuser, creates_databases, creates_roles),) = machine.server.execute(
        f"SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = '{APPLICATION_USER}'"  # noqa: S608 - a constant
    )
    modest = not (superuser or creates_databases or creates_roles)
    evidence = f"role {APPLICATION_USER}: superuser {superuser}, creates databases {creates_databases}, creates roles {creates_roles}"
    stage.promise("functions log in as a role that only reads and writes rows", modest, evidence)
