from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from constructs_lib.cli.program import run
from constructs_lib.reporters import json as report_json
from tests.rules.hcl_plan import plan_of

DATA = Path(__file__).parents[1] / "readers" / "data" / "parity"
ACCOUNT = str(DATA / "account.json")
#: The account's names, as a stack and as a plan that gives them.
STACK = "cloudformation.list_stack_resources"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this repository, and no credentials of whoever runs the tests."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / ".git").mkdir()
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def account(folder: Path, **answers: Any) -> str:
    """The recorded account with other answers."""
    body = json.loads(Path(ACCOUNT).read_text())
    body["answers"].update({name.replace("__", "."): value for name, value in answers.items()})
    path = folder / "account.json"
    path.write_text(json.dumps(body))
    return str(path)


def json_report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    run(["audit", "--format", "json", *arguments])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, dict(report_json.schema()))
    return report


def test_what_is_deployed_is_judged_like_a_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--from-recording", ACCOUNT, "--fail-on", "never"]) == 0
    shown = capsys.readouterr().out

    assert "db:orders-db: postgres 16.4 on db.t4g.medium" in shown
    assert "fits: 8 clients for 100 connections, nobody waits" in shown
    assert "drift" not in shown


def test_too_much_is_found_and_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = account(tmp_path, lambda__get_function_concurrency={"direct": 400, "proxied": 20})

    assert run(["audit", "--from-recording", path]) == 1
    assert "error PP101 connections-over-budget: db:orders-db" in capsys.readouterr().out


def test_the_concurrency_of_the_account_is_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = account(tmp_path, lambda__get_account_settings={"ConcurrentExecutions": 20})

    assert run(["audit", "--from-recording", path]) == 1
    assert "PP401" in capsys.readouterr().out


def test_no_drift_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    text = (
        (DATA / "main.tf").read_text().replace("engine_version       =", 'identifier = "orders-db"\n  engine_version =')
    )
    plan.write_text(plan_of(text))

    run(["audit", "--from-recording", ACCOUNT, "--plan", str(plan)])

    assert "none: what is deployed has the numbers of the plan" in capsys.readouterr().out


def test_numbers_that_differ_from_the_plan_are_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    text = (
        (DATA / "main.tf").read_text().replace("engine_version       =", 'identifier = "orders-db"\n  engine_version =')
    )
    changes = {"= 20\n": "= 60\n", "= 50\n": "= 80\n", "timeout    = 5": "timeout = 9", '"200"': '"300"'}
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    plan.write_text(plan_of(text))

    report = json_report(capsys, "--from-recording", ACCOUNT, "--plan", str(plan))

    found = {
        (item["subject"], item["setting"]): (item["planned"], item["deployed"])
        for item in report["drift"]["differences"]
    }
    assert found == {
        ("function:proxied", "ReservedConcurrentExecutions"): ("60", "20"),
        ("db-proxy:orders", "MaxConnectionsPercent"): ("80", "50"),
        ("db-proxy:orders", "ConnectionBorrowTimeout"): ("9", "5"),
        ("db:orders-db", "max_connections"): ("300", "200"),
    }
    assert all(item["certain"] for item in report["drift"]["differences"])
    assert report["drift"]["not_compared"] == []


def test_a_template_is_matched_by_the_stack_that_made_the_resources(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    physical = {"Direct": "direct", "Proxied": "proxied", "Database": "orders-db", "Proxy": "orders"}
    made = [{"LogicalResourceId": name, "PhysicalResourceId": given} for name, given in physical.items()]
    path = account(tmp_path, **{STACK: {"shop-production": made}})
    template = tmp_path / "orders.yaml"
    template.write_text((DATA / "template.yaml").read_text().replace("Executions: 10", "Executions: 11"))

    report = json_report(capsys, "--from-recording", path, "--plan", str(template))

    assert [(item["subject"], item["planned"]) for item in report["drift"]["differences"]] == [
        ("function:direct", "11")
    ]


def test_what_cannot_be_matched_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    report = json_report(capsys, "--from-recording", ACCOUNT, "--plan", str(DATA / "template.yaml"))

    assert report["drift"]["not_compared"] == ["Database", "Direct", "Proxied"]


def test_what_is_planned_and_not_there_is_drift(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(plan_of('resource "aws_lambda_function" "new" {\n  function_name = "new"\n}\n'))

    run(["audit", "--from-recording", ACCOUNT, "--plan", str(plan)])

    assert "function:new: planned as aws_lambda_function.new, not deployed" in capsys.readouterr().out


def test_a_plan_that_cannot_be_read_is_2_and_the_account_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--from-recording", ACCOUNT, "--plan", "no-such.json", "--fail-on", "never"]) == 2
    shown = capsys.readouterr()

    assert "no-such.json: there is no such file" in shown.out
    assert "db:orders-db" in shown.out


def test_what_cloudwatch_saw_stands_beside_what_may_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maxima = {
        "db:orders-db": {"DatabaseConnections": 87.0},
        "db-proxy:orders": {"DatabaseConnections": 40.0, "ClientConnections": 12.0},
        "function:direct": {"ConcurrentExecutions": 9.0},
    }
    path = account(tmp_path, cloudwatch__get_metric_data={"days": 14, "maxima": maxima})

    run(["audit", "--from-recording", path])
    shown = capsys.readouterr().out

    assert "highest values of the last 14 days" in shown
    assert "db:orders-db: DatabaseConnections 87 of max_connections 200" in shown
    assert "db-proxy:orders: DatabaseConnections 40 of a pool of 100" in shown
    assert "function:direct: ConcurrentExecutions 9 of 10 reserved" in shown
    assert json_report(capsys, "--from-recording", path)["observed"] == {"days": 14, "maxima": maxima}


@pytest.mark.parametrize("form", ["sarif", "github", "html"])
def test_other_forms_hold_the_report_and_say_the_drift_beside(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["audit", "--from-recording", ACCOUNT, "--plan", str(DATA / "template.yaml"), "--format", form])
    shown = capsys.readouterr()

    assert "drift from the plan" not in shown.out
    assert "Database: its deployed name is not in the plan" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from-recording", "gone.json"], "gone.json: cannot be read"),
        (["--from-recording", ACCOUNT, "--region", "eu-west-1"], "--from-recording reads no account"),
        (["--from-recording", ACCOUNT, "--observe", "0"], "--observe"),
        (["--profile", "nobody"], "nobody"),
        ([], "no AWS region is set"),
    ],
)
def test_what_stops_an_audit_is_a_message_and_2(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert run(["audit", *arguments]) == 2
    error = capsys.readouterr().err

    assert message in error
    assert "Traceback" not in error
    assert "this is a bug" not in error


def test_without_credentials_nothing_is_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert run(["audit", "--region", "eu-west-1"]) == 2
    assert "Unable to locate credentials" in capsys.readouterr().err


def test_a_live_account_is_recorded_and_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto import mock_aws

    from tests.readers.live import account as made

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr("constructs_lib.readers.live.collect.Asking", made.MotoAsking)
    path = tmp_path / "account.json"
    with mock_aws():
        made.make_account()
        run(["audit", "--region", made.REGION, "--record", str(path), "--observe", "7"])
    live = capsys.readouterr().out

    assert "fits: 8 clients for 100 connections, nobody waits" in live
    run(["audit", "--from-recording", str(path)])
    assert capsys.readouterr().out == live.replace(f"aws:123456789012:{made.REGION}", str(path))


def test_the_permissions_it_needs_are_printed_as_a_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--permissions"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]

    assert statement["Effect"] == "Allow"
    assert {"lambda:ListFunctions", "rds:DescribeDBProxyTargetGroups", "apigateway:GET"} <= set(statement["Action"])
    assert "secretsmanager:GetSecretValue" not in statement["Action"]
    assert statement["Action"] == sorted(set(statement["Action"]))
