from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_rds as rds
from constructs import Construct

from constructs_lib import ConnectionBudgetChecks, RelationalStore
from constructs_lib.readers.cdk_assembly import ACKNOWLEDGED
from tests.cdk.conftest import ISOLATED, make_app, make_database, make_function, make_vpc

pytestmark = pytest.mark.cdk


class PlainApp:
    """What an existing app looks like: aws-cdk-lib only, a function that is handed the database's address."""

    def __init__(self, reserved: int | None, outdir: Path, **context: Any) -> None:
        self.app = make_app(outdir, **context)
        self.stack = cdk.Stack(self.app, "Shop")
        vpc = make_vpc(self.stack)
        self.database = make_database(self.stack, vpc)
        self.function = make_function(
            self.stack,
            "Api",
            vpc,
            reserved_concurrent_executions=reserved,
            environment={"DB_HOST": self.database.db_instance_endpoint_address},
        )
        self.function.connections.allow_to_default_port(self.database)
        cdk.Validations.of(self.app).add_plugins(ConnectionBudgetChecks())

    def synth(self) -> str:
        """The folder's path; CDK's whole report is in the error when it refuses."""
        return self.app.synth().directory

    def acknowledge(self, where: Construct, reason: str, code: str = "PP101") -> None:
        cdk.Validations.of(where).acknowledge(cdk.Acknowledgment(id=f"poolproof::{code}", reason=reason))


def report_in(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "connection-budget.json").read_text()))


def test_eighty_direct_connections_on_a_micro_instance_are_refused_with_the_arithmetic(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as refusal:
        PlainApp(80, tmp_path).synth()
    said = str(refusal.value)
    for part in (
        "rule PP101 connections-over-budget (poolproof)",
        "80 environments",
        "160",
        "Shop/Database/Resource",
        "db.t4g.micro",
    ):
        assert part in said
    (finding,) = [item for item in report_in(tmp_path)["findings"] if item["code"] == "PP101"]
    assert (finding["severity"], finding["confidence"]) == ("error", "certain")
    assert finding["acknowledged"] is None
    assert any("80 environments" in line for line in finding["arithmetic"])
    assert "reserve at most 32 for ApiF70053CD" in finding["fix"]


def test_twenty_pass(tmp_path: Path) -> None:
    folder = Path(PlainApp(20, tmp_path).synth())
    assert report_in(folder)["connections"][0]["connections"] == {"exact": 40}
    assert "20" in (folder / "RUNBOOK.md").read_text()


@pytest.mark.parametrize("where", ["app", "stack", "database"])
def test_an_acknowledged_finding_passes_and_leaves_a_trail(tmp_path: Path, where: str) -> None:
    plain = PlainApp(80, tmp_path)
    plain.acknowledge(getattr(plain, where), "the function is being retired")
    folder = Path(plain.synth())
    (finding,) = [item for item in report_in(folder)["findings"] if item["code"] == "PP101"]
    assert finding["acknowledged"] == "the function is being retired"
    trail = json.loads((folder / "validation-report.json").read_text())
    suppressed = [item for plugin in trail["pluginReports"] for item in plugin.get("suppressedViolations") or []]
    assert [(item["ruleName"], item["reason"]) for item in suppressed] == [("PP101", "the function is being retired")]


def test_an_acknowledgement_elsewhere_or_of_another_rule_changes_nothing(tmp_path: Path) -> None:
    plain = PlainApp(80, tmp_path)
    plain.acknowledge(plain.database, "not this one", code="PP999")
    with pytest.raises(RuntimeError, match="poolproof"):
        plain.synth()


def test_warnings_stop_nothing_unless_the_app_is_strict(tmp_path: Path) -> None:
    PlainApp(5, tmp_path / "usual").synth()
    severities = {item["severity"] for item in report_in(tmp_path / "usual")["findings"]}
    assert "warning" in severities
    assert "error" not in severities
    with pytest.raises(RuntimeError, match="Acknowledge with 'poolproof::PP105'"):
        PlainApp(5, tmp_path / "strict", strict="true").synth()


def test_strict_apps_acknowledge_warnings_too(tmp_path: Path) -> None:
    plain = PlainApp(5, tmp_path, strict=True)
    codes = {"PP105"}
    for code in codes:
        plain.acknowledge(plain.stack, "a default is fine here", code=code)
    plain.synth()


def test_settings_come_from_the_context(tmp_path: Path) -> None:
    PlainApp(30, tmp_path / "once", deploy_overlap="1").synth()
    with pytest.raises(RuntimeError, match="60"):
        PlainApp(30, tmp_path / "reserved", operator_reserve=60).synth()


def test_wrong_settings_are_named_all_at_once_and_never_as_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as refusal:
        PlainApp(5, tmp_path, account_concurrency="many", operator_reserve=-3, strict="maybe").synth()
    said = str(refusal.value)
    assert "context 'poolproof:account_concurrency' must be a whole number from 1 up, got 'many'" in said
    assert "context 'poolproof:operator_reserve' must be a whole number from 0 up, got -3" in said
    assert "context 'poolproof:strict' must be true or false, got 'maybe'" in said
    assert "Traceback" not in said


def test_a_failure_of_ours_is_a_failing_violation_that_names_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("constructs_lib.cdk.plugin.check", broken)
    with pytest.raises(RuntimeError, match=r"failed with ZeroDivisionError: division by zero \(test_plugin.py:\d+\)"):
        PlainApp(5, tmp_path).synth()


def test_constructs_register_the_checks_once_and_a_second_plugin_repeats_nothing(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    stack = cdk.Stack(app, "Shop")
    vpc = make_vpc(stack)
    for name in ("First", "Second"):
        store = RelationalStore(stack, name, vpc=vpc, vpc_subnets=ISOLATED)
        store.connect(make_function(stack, f"{name}Api", vpc), concurrency=500)
    cdk.Validations.of(app).add_plugins(ConnectionBudgetChecks())
    with pytest.raises(RuntimeError) as refusal:
        app.synth()
    shown = [finding for finding in report_in(tmp_path)["findings"] if finding["severity"] != "info"]
    assert str(refusal.value).count("(poolproof)") == len(shown)


def test_a_second_synth_into_the_same_folder_changes_no_file_it_finds(tmp_path: Path) -> None:
    for concurrency in (5, 6):
        app = cdk.App(
            builtin_cloud_formation_validation=False,
            confirm_validation_plugins_do_not_mutate=True,
            outdir=str(tmp_path),
            context={"aws:cdk:bundling-stacks": []},
        )
        stack = cdk.Stack(app, "Shop")
        vpc = make_vpc(stack)
        store = RelationalStore(stack, "Orders", vpc=vpc, vpc_subnets=ISOLATED)
        store.connect(make_function(stack, "Api", vpc), concurrency=concurrency)
        app.synth()
        (consumer,) = report_in(tmp_path)["consumers"]
        assert consumer["reserved_concurrency"] == {"exact": concurrency}


def test_stages_are_judged_as_one_fleet(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    stage = cdk.Stage(app, "Prod")
    stores, clients = cdk.Stack(stage, "Stores"), cdk.Stack(stage, "Clients")
    vpc = make_vpc(stores)
    store = RelationalStore(stores, "Orders", vpc=vpc, vpc_subnets=ISOLATED)
    store.connect(make_function(clients, "Api", vpc), concurrency=400)
    with pytest.raises(RuntimeError, match="PP202|outwait|wait") as refusal:
        app.synth()
    assert "Prod/" in str(refusal.value)


def test_the_plugin_introduces_itself() -> None:
    from constructs_lib import __version__

    plugin = ConnectionBudgetChecks()
    assert (plugin.name, plugin.version) == ("poolproof", __version__)
    assert {"PP101", "PP102", "PP201", "PP401"} <= set(plugin.rule_ids)


def test_a_token_is_not_decided_and_said_so(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    stack = cdk.Stack(app, "Shop")
    vpc = make_vpc(stack)
    database = make_database(stack, vpc)
    parameter = cdk.CfnParameter(stack, "Concurrency", type="Number")
    api = make_function(
        stack,
        "Api",
        vpc,
        reserved_concurrent_executions=parameter.value_as_number,
        environment={"DB_HOST": database.db_instance_endpoint_address},
    )
    database.connections.allow_default_port_from(api)
    cdk.Validations.of(app).add_plugins(ConnectionBudgetChecks())
    app.synth()
    report = report_in(tmp_path)
    assert [item["code"] for item in report["findings"] if item["severity"] == "error"] == []
    assert any("Api" in item["subject"] or "Concurrency" in item["missing"] for item in report["not_decided"])


def test_an_imported_database_hides_nothing_silently(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    stack = cdk.Stack(app, "Shop")
    database = rds.DatabaseInstance.from_database_instance_attributes(
        stack,
        "Imported",
        instance_endpoint_address="db.example.org",
        port=5432,
        instance_identifier="legacy",
        security_groups=[],
    )
    make_function(stack, "Api", environment={"DB_HOST": database.db_instance_endpoint_address})
    cdk.Validations.of(app).add_plugins(ConnectionBudgetChecks())
    app.synth()
    assert (tmp_path / "connection-budget.json").is_file()


def test_cdk_still_writes_acknowledgements_under_the_key_that_is_read() -> None:
    assert cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY == ACKNOWLEDGED
