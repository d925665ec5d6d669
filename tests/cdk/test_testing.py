"""``assert_within_budget``: a stack that fits passes, one that does not fails with its sum."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cdk


@pytest.mark.parametrize(("concurrency", "fits"), [(3, True), (80, False)])
def test_a_stack_is_held_to_its_budget(concurrency: int, fits: bool) -> None:
    import aws_cdk as cdk

    from constructs_lib.testing import assert_within_budget

    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Orders")
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


_A_USERS_TESTS = """
import aws_cdk as cdk
import pytest


def stacks(concurrency):
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    data, api = cdk.Stack(app, "Data"), cdk.Stack(app, "Api")
    database = cdk.CfnResource(
        data,
        "Database",
        type="AWS::RDS::DBInstance",
        properties={"Engine": "postgres", "EngineVersion": "17.2", "DBInstanceClass": "db.t4g.micro"},
    )
    cdk.CfnResource(
        api,
        "Function",
        type="AWS::Lambda::Function",
        properties={
            "ReservedConcurrentExecutions": concurrency,
            "Environment": {"Variables": {"PGHOST": database.get_att("Endpoint.Address")}},
        },
    )
    return data, api


def test_fits(assert_within_budget):
    assert_within_budget(*stacks(3))


def test_does_not_fit(assert_within_budget):
    with pytest.raises(AssertionError, match="Api/Function .80 environments"):
        assert_within_budget(*stacks(80))


def test_settings_of_the_project_count(assert_within_budget):
    with pytest.raises(AssertionError, match="operator reserve"):
        assert_within_budget(*stacks(35))
"""


def test_the_fixture_comes_with_the_package_and_judges_stacks_together(tmp_path: Path) -> None:
    (tmp_path / "test_budget.py").write_text(_A_USERS_TESTS, encoding="utf-8")
    (tmp_path / ".poolproof.toml").write_text("operator_reserve = 40\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_no_stack_is_no_pass() -> None:
    from constructs_lib.testing import assert_within_budget

    with pytest.raises(ValueError, match="was given no stack"):
        assert_within_budget()
