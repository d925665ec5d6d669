from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from constructs_lib import (
    ConnectionDashboard,
    ProvisionedCluster,
    RelationalStore,
    Role,
    ServerlessCluster,
    StoreFunction,
    Via,
)
from tests.cdk.conftest import ISOLATED, make_app, make_database, make_function, make_vpc

pytestmark = pytest.mark.cdk


def build(outdir: Path) -> Path:
    """Everything this room makes, in one stack."""
    app = make_app(outdir)
    stack = cdk.Stack(app, "Everything")
    vpc = make_vpc(stack)
    orders = RelationalStore(stack, "Orders", vpc=vpc, vpc_subnets=ISOLATED)
    aurora = RelationalStore(
        stack,
        "Aurora",
        vpc=vpc,
        vpc_subnets=ISOLATED,
        database=ProvisionedCluster(ec2.InstanceType("r6g.large")),
    )
    serverless = RelationalStore(
        stack, "Serverless", vpc=vpc, vpc_subnets=ISOLATED, database=ServerlessCluster(), data_api=True, pool=None
    )
    api = StoreFunction(stack, "Api", entry="order_api", vpc=vpc, vpc_subnets=ISOLATED)
    orders.connect(api, concurrency=40)
    orders.connect_owner(make_function(stack, "Migration", vpc, timeout=300))
    aurora.connect(make_function(stack, "Reads", vpc), role=Role.READER)
    serverless.connect(make_function(stack, "Http"), via=Via.DATA_API)
    existing = RelationalStore.from_existing(stack, "Existing", database=make_database(stack, vpc), max_connections=79)
    existing.add_proxy(vpc=vpc, vpc_subnets=ISOLATED)
    existing.connect(make_function(stack, "Old", vpc), concurrency=20)
    ConnectionDashboard(stack, "Dashboard", store=orders, functions={"Api": api})
    return Path(app.synth().directory) / "Everything.template.json"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("out"))


def test_cfn_lint_finds_no_error(template: Path) -> None:
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    options = ["--non-zero-exit-code", "error", "--format", "parseable"]
    command = [sys.executable, "-c", program, *options, str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ":E" in line]
    assert errors == [], done.stderr
    assert done.returncode == 0


def test_the_same_app_gives_the_same_template_from_any_folder(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    again = build(tmp_path / "again")
    assert json.loads(again.read_text()) == json.loads(template.read_text())
    for name in ("connection-budget.json", "RUNBOOK.md"):
        assert (again.parent / name).read_text() == (template.parent / name).read_text()


def test_no_partition_account_or_region_is_written_down(template: Path) -> None:
    text = template.read_text()
    assert "arn:aws:" not in text
    assert "us-east-1" not in text


def test_what_was_planned_is_what_the_checker_finds(template: Path) -> None:
    report = json.loads((template.parent / "connection-budget.json").read_text())
    assert [item["code"] for item in report["findings"] if item["severity"] == "error"] == []
    assert report["unread"] == []
    limits = {store["id"]: store["max_connections"] for store in report["stores"] if store["kind"] != "external"}
    assert all("exact" in limit for name, limit in limits.items() if not name.startswith("Database")), limits
