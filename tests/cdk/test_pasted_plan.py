"""What a plan says to paste into an app is an app that synthesizes, with the plan's numbers and nothing found."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds

import constructs_lib
from constructs_lib.check import check
from constructs_lib.model.finding import Severity
from constructs_lib.model.plan import plan
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.readers.profiles import profiles_in
from constructs_lib.readers.sources import read
from constructs_lib.reporters.plan.paste import cdk_lines
from tests.cdk.conftest import make_app, make_function

pytestmark = pytest.mark.cdk

PROFILES = """\
stores:
  orders: {engine: %s, other_connections: 3}
function_profiles:
  order-api: {store: orders, peak_requests_per_second: 100, duration: 200ms, hold: 500ms, average_hold: 20ms, timeout: 15s}
  import: {store: orders, peak_requests_per_second: 2, duration: 5s, hold: 100ms, transactions: 4, timeout: 15s}
"""


@pytest.mark.parametrize("engine", ["postgres", "aurora-postgresql", "aurora-postgresql, serverless: true"])
def test_pasted_lines_synthesize_with_the_plans_numbers(engine: str, tmp_path: Path) -> None:
    profiles = profiles_in(PROFILES % engine)
    (sizing,) = plan(profiles.profiles, profiles.stores, Settings()).sizings
    lines = cdk_lines(sizing)
    assert lines is not None
    app = make_app(tmp_path / "cdk.out")
    stack = cdk.Stack(app, "Stack")
    kinds = (ec2.SubnetType.PUBLIC, ec2.SubnetType.PRIVATE_WITH_EGRESS, ec2.SubnetType.PRIVATE_ISOLATED)
    subnets = [ec2.SubnetConfiguration(name=kind.name.title(), subnet_type=kind) for kind in kinds]
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, subnet_configuration=subnets)
    names = {name: getattr(constructs_lib, name) for name in constructs_lib.__all__}
    functions = {name: make_function(stack, name, vpc) for name in ("order_api", "import_")}
    exec(lines, {**names, **functions, "cdk": cdk, "ec2": ec2, "rds": rds, "stack": stack, "vpc": vpc})
    app.synth()
    report = check(read([str(tmp_path / "cdk.out")], {}).fleet)
    assert report.at_or_above(Severity.ERROR) == ()
    (budget,) = report.budget.stores
    assert (budget.verdict, [pool.verdict for pool in budget.pools]) == (Verdict.FITS, [Verdict.FITS])
    template = json.dumps(json.loads((tmp_path / "cdk.out" / "Stack.template.json").read_text(encoding="utf-8")))
    assert sizing.host is not None
    assert f'"max_connections": "{sizing.host.pin.max_connections}"' in template
    assert [f'"ReservedConcurrentExecutions": {count}' in template for count in sizing.concurrency] == [True, True]
