"""``poolproof rehearse`` with real servers: what fits passes for real, what does not is refused for real."""

from __future__ import annotations

import builtins
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.cli.program import run
from constructs_lib.rehearsal.planning import ANY_HOLD

Template = dict[str, Any]
Write = Callable[[str, Template], str]
_ROOT = str(Path(__file__).resolve().parents[2])


def template(  # noqa: PLR0917 - a fleet has that many numbers
    reserved: int = 7,
    limit: object = "30",
    engine: tuple[str, str] = ("postgres", "17.2"),
    percent: int | None = None,
    borrow: int = 5,
    connection: dict[str, Any] | None = None,
) -> Template:
    """One function, one database; through a proxy where a percentage is given. The engine keeps 9 of PostgreSQL's connections."""
    declared = {"store": "Orders", "via": "direct", "hold_seconds": 0.05, "hold_enforced": True, **(connection or {})}
    resources = {
        "Limits": _resource(
            "RDS::DBParameterGroup", Family="f", Description="d", Parameters={"max_connections": limit}
        ),
        "Orders": _resource(
            "RDS::DBInstance",
            Engine=engine[0],
            EngineVersion=engine[1],
            DBInstanceClass="db.r6g.large",
            DBParameterGroupName={"Ref": "Limits"},
        ),
        "Api": _resource("Lambda::Function", ReservedConcurrentExecutions=reserved, Timeout=15),
    }
    if percent is not None:
        declared |= {"via": "proxy", "pool": "Proxy"}
        resources["Proxy"] = _resource("RDS::DBProxy", DBProxyName="p", EngineFamily="POSTGRESQL")
        resources["Group"] = _resource(
            "RDS::DBProxyTargetGroup",
            DBProxyName={"Ref": "Proxy"},
            DBInstanceIdentifiers=[{"Ref": "Orders"}],
            TargetGroupName="default",
            ConnectionPoolConfigurationInfo={"MaxConnectionsPercent": percent, "ConnectionBorrowTimeout": borrow},
        )
    resources["Api"]["Metadata"] = {"poolproof:connections": [declared]}
    return {"Resources": resources}


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLPROOF_DEBUG", raising=False)

    def to_file(name: str, content: Template) -> str:
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        return name

    return to_file


def rehearsed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the one rehearsal of the JSON form."""
    code = run(["rehearse", *arguments, "--format", "json", "--seconds", "1"])
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["not_decided"] == []
    (result,) = document["rehearsals"]
    return code, result


def agrees(code: int, result: dict[str, Any]) -> bool:
    """Whether proof and reality agree in all that is not time: how fast a busy machine is, is for `make reality` to say."""
    slow = [
        text for text in result["disagreements"] if text.endswith("longer than proven and the machine's noise together")
    ]
    return result["disagreements"] == slow and code == (1 if slow else 0)


@pytest.mark.servers
def test_a_fleet_that_fits_is_served_for_real(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    # 7 environments of two versions, 5 kept for operators: 19 of 21 connections
    code, result = rehearsed(capsys, write("fits.json", template(7)))
    assert (code, result["proof"], result["passed"]) == (0, "fits", True)
    assert result["connections"] == {"available": 21, "asked": 19, "peak": 19}
    assert result["refused"] == {"predicted": False, "too_many": 0, "measured": 0}
    assert (result["direct"]["clients"], result["direct"]["gave_up"]) == (14, 0)
    assert result["direct"]["transactions"] >= 14


@pytest.mark.servers
def test_a_fleet_over_its_budget_is_refused_for_real(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = rehearsed(capsys, write("over.json", template(20)))
    assert (code, result["proof"], result["passed"]) == (1, "exceeds", False)
    assert result["refused"]["too_many"] == 24
    # 21 connections, 5 of them taken: 16 get in, and 24 are refused at each of 4 attempts
    assert result["direct"]["gave_up"] == 24
    assert result["direct"]["failures"] == {"refused": 96}
    assert result["refused"]["measured"] == 96  # by the server's own log: SQLSTATE 53300
    assert result["connections"]["peak"] <= 21
    assert result["disagreements"] == []


@pytest.mark.servers
def test_behind_a_pool_everybody_waits_and_nobody_in_vain(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = rehearsed(capsys, write("pool.json", template(40, limit="100", percent=10)))
    assert agrees(code, result)
    assert result["proof"] == "fits"
    (pool,) = result["pools"]
    assert (pool["connections"], pool["clients"], pool["gave_up"]) == (10, 40, 0)
    assert pool["longest_wait"]["predicted"] == 0.15  # 30 others behind 10 connections: three rounds of 0.05 s
    assert pool["longest_wait"]["measured"] >= 0.1
    assert pool["throughput"]["predicted"] == 200
    assert result["connections"]["peak"] <= 15


@pytest.mark.servers
def test_a_borrow_timeout_that_is_too_short_shows(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    slow = template(16, limit="100", percent=2, borrow=1, connection={"hold_seconds": 0.4})
    code, result = rehearsed(capsys, write("slow.json", slow))
    assert (code, result["proof"]) == (1, "exceeds")
    (pool,) = result["pools"]
    assert pool["outwaited"]["predicted"]
    assert pool["outwaited"]["measured"] > 0
    assert result["refused"]["measured"] == 0


@pytest.mark.servers
def test_pinned_sessions_leave_less_for_the_others(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    document = template(12, limit="100", percent=10)
    document["Resources"]["Batch"] = {
        **_resource("Lambda::Function", ReservedConcurrentExecutions=3, Timeout=15),
        "Metadata": {
            "poolproof:connections": [
                {
                    "store": "Orders",
                    "via": "proxy",
                    "pool": "Proxy",
                    "hold_seconds": 0.05,
                    "hold_enforced": True,
                    "pins_session": True,
                }
            ]
        },
    }
    code, result = rehearsed(capsys, write("pinned.json", document))
    (pool,) = result["pools"]
    # during a deploy 6 of 10 connections are pinned: 12 clients share 4
    assert agrees(code, result)
    assert (pool["pinned"], pool["longest_wait"]["predicted"]) == (6, 0.1)
    assert pool["longest_wait"]["measured"] >= 0.08


@pytest.mark.servers
def test_mariadb_stands_for_the_mysql_engines(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = rehearsed(capsys, write("my.json", template(24, limit="60", engine=("mysql", "8.0.40"), percent=10)))
    assert agrees(code, result)
    assert result["engine"] == "mysql"
    assert result["server"].startswith("MariaDB ")
    (pool,) = result["pools"]
    assert (pool["connections"], pool["gave_up"], pool["longest_wait"]["predicted"]) == (6, 0, 0.15)
    assert pool["longest_wait"]["measured"] >= 0.1

    code, result = rehearsed(capsys, write("over.json", template(20, engine=("mariadb", "10.11.8"))))
    assert (code, result["proof"]) == (1, "exceeds")
    assert result["direct"]["gave_up"] == 15  # 30 connections, 5 taken, 40 clients
    assert result["refused"]["measured"] >= 60


@pytest.mark.servers
def test_a_large_fleet_is_scaled_down_and_says_so(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("large.json", template(800, limit="1000", percent=10))
    code, result = rehearsed(capsys, path, "--max-clients", "90")
    assert agrees(code, result)
    assert result["scale"] == 9
    (pool,) = result["pools"]
    assert (pool["connections"], pool["clients"]) == (11, 88)
    assert any("divided by 9" in note for note in result["notes"])


@pytest.mark.servers
def test_the_text_shows_both_columns_and_what_was_assumed(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("fits.json", template(3, connection={"hold_seconds": None}))
    assert run(["rehearse", path, "--seconds", "0.5"]) == 0
    shown = capsys.readouterr()
    assert "predicted  measured" in shown.out
    assert "6  Api (3 environments × 1 connection (assumed) × 2 versions during a deploy): 0.05 s" in shown.out
    assert f"hold_seconds of Api is not declared: {float(ANY_HOLD):g} s; nobody waits" in shown.out
    assert "proof:   fits" in shown.out
    assert "reality: nobody was refused, nobody waited in vain" in shown.out
    assert shown.err == "poolproof: rehearsing Orders (writer) with 6 clients\n"


def test_a_hold_that_decides_must_be_declared(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("nohold.json", template(40, limit="100", percent=10, connection={"hold_seconds": None}))
    assert run(["rehearse", path]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert (
        shown.err == "poolproof: not rehearsed: Api: hold_seconds of Api is not declared; "
        "declare it for 'Api', or give --hold SECONDS\n"
    )
    assert run(["rehearse", path, "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["rehearsals"] == []
    assert document["not_decided"][0]["subject"] == "Api"


def test_a_limit_nobody_knows_must_be_declared(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", write("unknown.json", template(limit={"Fn::ImportValue": "elsewhere"}))]) == 2
    message = capsys.readouterr().err
    assert message.startswith("poolproof: not rehearsed: Orders: ")
    assert "max_connections" in message


@pytest.mark.parametrize(
    ("document", "arguments", "message"),
    [
        (
            {"Resources": {"Table": _resource("DynamoDB::Table")}},
            (),
            "no relational store is in what was read: rehearsed are aurora-mysql, aurora-postgresql, mariadb, mysql, postgres",
        ),
        (template(), ("--store", "Other"), "--store 'Other' is no relational store of the fleet; there is Orders"),
        (
            {"Resources": {"Orders": template()["Resources"]["Orders"], "Limits": template()["Resources"]["Limits"]}},
            (),
            "nobody connects to 'Orders' as far as the documents show: declare it under poolproof:connections of the function",
        ),
        (
            template(limit="13"),
            (),
            "of max_connections 13 of 'Orders' 4 are left by the engine, and 5 are kept for others: no client has a place",
        ),
    ],
)
def test_what_cannot_be_rehearsed_is_named(
    document: Template, arguments: tuple[str, ...], message: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rehearse", write("a.json", document), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_what_would_take_too_long_is_refused(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("slow.json", template(connection={"hold_seconds": 2000}))
    assert run(["rehearse", path]) == 2
    assert "may take 2,000 s, more than the 900 s" in capsys.readouterr().err


@pytest.mark.servers
def test_a_missing_pooler_says_how_to_install_it(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("constructs_lib.rehearsal.pgbouncer.shutil.which", lambda *_, **__: None)
    assert run(["rehearse", write("pool.json", template(40, limit="100", percent=10))]) == 2
    assert "install it with 'apt-get install pgbouncer'" in capsys.readouterr().err


def test_missing_drivers_say_how_to_install_them(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "constructs_lib.rehearsal.rehearse":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return genuine(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert run(["rehearse", write("fits.json", template())]) == 2
    assert "driver 'psycopg', which is not installed: pip install 'poolproof[rehearsal]'" in capsys.readouterr().err


@pytest.mark.servers
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_after_a_signal(number: signal.Signals, write: Write) -> None:
    path = write("pool.json", template(40, limit="100", percent=10))
    # A test run in the background of a shell ignores SIGINT, and so would its children.
    signals = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); signal.signal(signal.SIGTERM, signal.SIG_DFL)"
    start = (
        f"{signals}; import sys; from constructs_lib.cli import main; sys.argv = ['poolproof', *sys.argv[1:]]; main()"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", start, "rehearse", path, "--seconds", "60"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": _ROOT},
    )
    deadline = time.monotonic() + 60
    while len(servers := _children(program.pid)) < 2:  # PostgreSQL and PgBouncer
        assert program.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(1)
    program.send_signal(number)
    assert program.wait(30) == 128 + number
    for server in servers:
        with pytest.raises(ProcessLookupError):
            os.kill(server, 0)


def _children(parent: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


@pytest.mark.servers
def test_a_store_that_cannot_be_rehearsed_does_not_keep_others_from_it(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    full, fitting = write("full.json", template(limit="13")), write("fits.json", template(3))
    assert run(["rehearse", full, fitting, "--format", "json", "--seconds", "0.5"]) == 2
    shown = capsys.readouterr()
    (result,) = json.loads(shown.out)["rehearsals"]
    assert (result["store"], result["passed"]) == ("fits/Orders", True)
    assert "of max_connections 13 of 'full/Orders' 4 are left by the engine" in shown.err


def test_an_unreadable_document_is_named(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", "absent.json"]) == 2
    assert "absent.json" in capsys.readouterr().err
