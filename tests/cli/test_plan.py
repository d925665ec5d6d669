"""The plan from a file: numbers, reasons, every problem at once with its line, exit codes, and lines that really can be pasted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.check import check
from constructs_lib.cli.program import run
from constructs_lib.model.finding import Severity
from constructs_lib.model.profile import AURORA_ENGINES, ENGINES
from constructs_lib.model.verdict import Verdict
from constructs_lib.readers.sources import read

ROOT = Path(__file__).parents[2]
ORDERS = """\
stores:
  orders: {engine: postgres, engine_version: "17.5", borrow_timeout: 5s}
function_profiles:
  order-api: {store: orders, trigger: http-api, peak_requests_per_second: 100, duration: 200ms, hold: 50ms, timeout: 10s}
  idempotency: {store: key-value, peak_requests_per_second: 400, duration: 50ms}
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str) -> str:
    Path("profiles.yaml").write_text(text, encoding="utf-8")
    return "profiles.yaml"


def plan_of(text: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    assert run(["plan", written(text), "--format", "json"]) == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_numbers_of_a_small_service_with_their_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", written(ORDERS)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "orders: postgres 17.5, through a proxy"
    shown = "\n".join(lines)
    for words in (
        "class                     db.t4g.micro",
        "max_connections           23",
        "MaxConnectionsPercent     35 (a pool of 8)",
        "ConnectionBorrowTimeout   5 s",
        "100 requests/s × (0.2 s + 1 × 0.001 s of waiting)",
        "5 connections are busy on average at the peak, at most 70 % of the pool: 8",
        "at worst 0.1 s (proven)",
        "idempotency (key-value): 20",
        "the plan fits: 41 of 900 reservable executions",
    ):
        assert words in shown


def test_json_has_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of(ORDERS, capsys)
    (store,) = plan["stores"]
    assert plan["schema_version"] == 1
    assert plan["fits"] is True
    assert store["pool"] == {"connections": 8, "percent": 35, "borrow_timeout_seconds": 5}
    assert (store["instance_class"], store["max_connections"], store["burstable"]) == ("db.t4g.micro", 23, True)
    assert store["expected"]["longest_wait_seconds"] == 0.1
    assert store["expected"]["utilisation"] == 0.625
    assert store["alternatives"][1]["instance_class"] == "db.t4g.small"
    assert {
        entry["function"]: entry["reserved_concurrency"] for entry in [*store["functions"], *plan["functions"]]
    } == {
        "order-api": 21,
        "idempotency": 20,
    }
    assert plan["account"] == {"reserved": 41, "reservable": 900}


@pytest.mark.parametrize(
    ("engine", "serverless"), [*((engine, False) for engine in ENGINES), *((engine, True) for engine in AURORA_ENGINES)]
)
def test_pasted_cloudformation_passes_the_check(
    engine: str, serverless: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ORDERS.replace("postgres", engine).replace(', engine_version: "17.5"', f", serverless: {serverless}".lower())
    (store,) = plan_of(text, capsys)["stores"]
    template = Path("template.yaml")
    template.write_text(store["paste"]["cloudformation"], encoding="utf-8")
    reading = read([str(template)], {})
    assert reading.unread == ()
    report = check(reading.fleet)
    (budget,) = report.budget.stores
    assert budget.verdict is Verdict.FITS
    assert [pool.verdict for pool in budget.pools] == [Verdict.FITS]
    assert report.at_or_above(Severity.ERROR) == ()


def test_the_repositorys_own_profiles_have_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(ROOT / "profiles.yaml")]) == 0
    assert "the plan fits" in capsys.readouterr().out


def test_all_problems_of_a_file_at_once_with_lines(capsys: pytest.CaptureFixture[str]) -> None:
    text = """\
stores:
  orders: {engine: postgrs, borrow_timeout: 10min, utilisation: 100%}
  fast: {engine: mysql, serverless: true, via: direct, borrow_timeout: 5s, instance_class: db.t4g.micro}
  key-value: {kind: relational, engine: postgres}
  files: {kind: analytical, engine: mysql}
function_profiles:
  api: {store: order, duration: soon, average_hold: 0}
"""
    assert run(["plan", written(text)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.removeprefix("poolproof: profiles.yaml:") for line in shown.err.splitlines()] == [
        (
            "2: engine of 'orders' must be one of postgres, mysql, mariadb, aurora-postgresql, aurora-mysql "
            "(did you mean 'postgres'?), got 'postgrs'"
        ),
        "2: borrow_timeout of 'orders' must be whole seconds from 1 to 300, got '10min'",
        "2: utilisation of 'orders' must be a whole percentage from 5% to 95%, got '100%'",
        "3: store 'fast' asks for Serverless v2, which needs aurora-postgresql or aurora-mysql, got mysql",
        "3: store 'fast' is serverless and names the class db.t4g.micro; choose one of them",
        "3: store 'fast' has a borrow_timeout, but no proxy: via is direct",
        "4: store 'key-value' has the name of another kind than its own, relational; give it a name of its own",
        "5: store 'files' is analytical: only a relational one has an engine, a class or a proxy",
        (
            "7: store of 'api' must be one of relational, key-value, document, analytical, orders, fast, files "
            "(did you mean 'orders'?), got 'order'"
        ),
        "7: duration of 'api' must be a duration above 0 such as 200ms, 2s, 5min or 1h, got 'soon'",
        "7: average_hold of 'api' must be a duration above 0 such as 200ms, 2s, 5min or 1h, got '0'",
    ]


@pytest.mark.parametrize("number", ["1e400", "1e999999999", "1e-999999999", "9" * 400])
def test_a_number_beyond_any_meaning_is_refused_at_once(capsys: pytest.CaptureFixture[str], number: str) -> None:
    """Written out in full, 1e999999999 fills the memory."""
    profile = f"api: {{store: relational, peak_requests_per_second: {number}, duration: 2s, hold: 1s, timeout: 20s}}"
    assert run(["plan", written(f"function_profiles:\n  {profile}\n")]) == 2
    said = capsys.readouterr().err
    assert f"peak_requests_per_second of 'api' must be from 0.000000001 to 1,000,000,000, got '{number[:9]}" in said


@pytest.mark.parametrize(
    ("profiles", "constraint", "words"),
    [
        (
            "api: {store: relational, concurrency_limit: 50%}",
            "nothing-to-size",
            "'api' asks for a share, which depends on a pool",
        ),
        ("api: {store: relational}", "nothing-to-size", "'api' has no peak to size for"),
        (
            "api: {store: relational, peak_requests_per_second: 5, duration: 4s, hold: 40s, timeout: 20s}",
            "timeout",
            "'api' cannot end in time even without waiting",
        ),
        (
            "api: {store: relational, peak_requests_per_second: 5000, duration: 1s, hold: 1s}",
            "account-concurrency",
            "5,000 concurrent executions, 4,100 more than the 900",
        ),
        (
            (
                "api: {store: relational, peak_requests_per_second: 500, duration: 1s, hold: 1s}\n"
                "  table: {store: key-value, peak_requests_per_second: 500, duration: 1s}"
            ),
            "account-concurrency",
            "more than the 900",
        ),
    ],
)
def test_what_binds_is_said_and_the_exit_code_is_1(
    profiles: str, constraint: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(f"function_profiles:\n  {profiles}\n", capsys, code=1)
    assert plan["fits"] is False
    assert [item["constraint"] for item in plan["obstacles"]] == [constraint]
    assert words in plan["obstacles"][0]["message"]
    assert run(["plan", "profiles.yaml"]) == 1
    shown = capsys.readouterr().out
    assert f"[{constraint}]" in shown
    assert "no plan: 1 constraint not met" in shown


def test_settings_count_and_what_was_assumed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".poolproof.toml").write_text("account_concurrency = 10000\nconnections_per_vcpu = 4\n", encoding="utf-8")
    text = """\
function_profiles:
  api: {store: relational, trigger: rest-api, peak_requests_per_second: 20, duration: 1s, timeout: 1min}
  slow: {store: relational, access_pattern: single-key lookup, peak_requests_per_second: 1, hold: 100ms}
"""
    plan = plan_of(text, capsys)
    assert plan["account"]["reservable"] == 9900
    (store,) = plan["stores"]
    assert store["vcpus"] * 4 >= store["pool"]["connections"]
    assert plan["assumed"] == [
        "timeout of 'api' lowered from 60 to 29 s: rest-api waits no longer",
        (
            "'api' names no hold, the longest that the database lets a transaction last: nobody may wait then, so the pool must have "
            "a connection for every environment"
        ),
        "'slow' names no timeout: 30 s are proposed",
        "'slow' names no duration: its transactions alone are taken for it",
    ]
    assert [item["better"] for item in plan["advice"]] == ["key-value"]


def test_a_store_that_nobody_uses_is_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", written(ORDERS.replace("stores:\n", "stores:\n  unused: {engine: mysql}\n"))]) == 0
    assert "profiles.yaml:2: no function uses the store 'unused'" in capsys.readouterr().err


def test_the_plan_goes_where_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", written(ORDERS), "--output", "plan.txt"]) == 0
    assert capsys.readouterr().out == ""
    assert Path("plan.txt").read_text(encoding="utf-8").startswith("orders: postgres 17.5")


@pytest.mark.parametrize("name", ["missing.yaml", "folder"])
def test_an_unreadable_file_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    assert run(["plan", name]) == 2
    assert f"{name}: profiles cannot be read" in capsys.readouterr().err
