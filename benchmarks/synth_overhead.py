"""What the policy plugin adds to ``app.synth()`` of a stack with 300 functions, a third of them on one database.

    python benchmarks/synth_overhead.py [rounds]

Every synth runs in a process of its own, as ``cdk synth`` does, one with and one without the plugin by turns (in changing order). The
fastest of each are compared: the others shared the processor with somebody. Synths of seconds still differ by more than the plugin
takes, so its own time inside them, from CDK's call to the answer, is printed beside it and decides. The app is what ``cdk.App()`` and
``lambda_.Function`` make by default, with timeouts, so that there is little to find: CDK itself takes some milliseconds to report each
finding. CDK's limit of 500 resources a stack is lifted, because each function brings a role. Starting Python and building the
constructs is not measured.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds

from constructs_lib import ConnectionBudgetChecks

FUNCTIONS = 300
BUDGET_PERCENT = 3.0


def app(folder: Path, *, checked: bool) -> cdk.App:
    """A VPC, a database and 300 functions; every third is handed the database's address, and sits where it can reach it."""
    made = cdk.App(outdir=str(folder), context={"@aws-cdk/core:stackResourceLimit": 0})
    stack = cdk.Stack(made, "Benchmark")
    isolated = ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, max_azs=2, subnet_configuration=[isolated])
    database = rds.DatabaseInstance(
        stack,
        "Database",
        engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_6),
        instance_type=ec2.InstanceType("r6g.2xlarge"),
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    )
    group = ec2.SecurityGroup(stack, "Clients", vpc=vpc)
    database.connections.allow_default_port_from(group)
    placed: dict[str, Any] = {
        "vpc": vpc,
        "vpc_subnets": ec2.SubnetSelection(subnets=vpc.isolated_subnets),
        "security_groups": [group],
    }
    for index in range(FUNCTIONS):
        lambda_.Function(
            stack,
            f"Function{index}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context): return None"),
            reserved_concurrent_executions=1,
            timeout=cdk.Duration.seconds(10),
            environment={"DB_HOST": database.db_instance_endpoint_address} if index % 3 == 0 else {},
            **(placed if index % 3 == 0 else {}),
        )
    if checked:
        cdk.Validations.of(made).add_plugins(ConnectionBudgetChecks())
    return made


def synth_once(*, checked: bool) -> tuple[float, float]:
    """Seconds of one synth in a folder of its own, and of the plugin inside it."""
    inside = 0.0
    validate = ConnectionBudgetChecks.validate

    def timed(self: ConnectionBudgetChecks, context: Any) -> cdk.PolicyValidationPluginReport:
        nonlocal inside
        started = time.perf_counter()
        report = validate(self, context)
        inside += time.perf_counter() - started
        return report

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(ConnectionBudgetChecks, "validate", timed):
        made = app(Path(folder), checked=checked)
        gc.collect()
        started = time.perf_counter()
        made.synth()
        return time.perf_counter() - started, inside


def measured(*, checked: bool) -> tuple[float, float]:
    """The same in a fresh process."""
    command = [sys.executable, __file__, "--once", "checked" if checked else "plain"]
    # Bytecode is kept, as an installer leaves it: compiling the plugin is no part of a synth.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(Path(__file__).resolve().parents[1] / "build" / "bytecode")
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=kept)
    seconds, inside = done.stdout.split()[-2:]
    return float(seconds), float(inside)


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when the plugin costs more than its budget."""
    if arguments[:1] == ["--once"]:
        print(*synth_once(checked=arguments[1] == "checked"))
        return 0
    rounds = int(arguments[0]) if arguments else 7
    runs: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for index in range(rounds):
        for checked in (index % 2 == 0, index % 2 == 1):
            runs[checked].append(measured(checked=checked))
    plain, with_plugin = (min(seconds for seconds, _ in runs[checked]) for checked in (False, True))
    own = statistics.median(inside for _, inside in runs[True])
    share = own / plain * 100
    print(f"app.synth(), {FUNCTIONS} functions, {rounds} processes each")
    for name, checked, fastest in (("without", False, plain), ("with", True, with_plugin)):
        median = statistics.median(seconds for seconds, _ in runs[checked])
        print(f"{name} the plugin".ljust(20), f"{fastest:7.3f} s at best, {median:.3f} s median")
    print(f"difference at best   {(with_plugin / plain - 1) * 100:7.1f} %")
    print(
        f"plugin's own time    {own:7.3f} s median, {share:.1f} % of the best synth without it (budget {BUDGET_PERCENT:.0f} %)"
    )
    return 0 if share <= BUDGET_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
