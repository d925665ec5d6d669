"""``assert_within_budget``: a stack that fits passes, one that does not fails with its sum."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize(("concurrency", "fits"), [(3, True), (80, False)])
def test_a_stack_is_held_to_its_budget(concurrency: int, fits: bool) -> None:
    import aws_cdk as cdk

    from constructs_lib.testing import assert_within_budget

    stack = cdk.Stack(cdk.App(), "Orders")
    cdk.CfnResource(
        stack,
        "Database",
        type="AWS::RDS::DBInstance",
        properties={"Engine": "postgres", "EngineVersion": "17.2", "DBInstanceClass": "db.t4g.micro"},
    )
    cdk.CfnResource(
        stack,
        "Api",
        type="AWS::Lambda::Function",
        properties={
            "ReservedConcurrentExecutions": concurrency,
            "Environment": {"Variables": {"PGHOST": cdk.Fn.get_att("Database", "Endpoint.Address")}},
        },
    )
    if fits:
        assert_within_budget(stack)
        return
    with pytest.raises(AssertionError, match="160 connections may be opened, usable: 65 to 98"):
        assert_within_budget(stack)


def test_importing_it_starts_no_node() -> None:
    script = "import sys, constructs_lib.testing; sys.exit('aws_cdk' in sys.modules or 'jsii' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
