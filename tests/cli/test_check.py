"""``poolproof check`` on real documents: what it prints, where, and with which exit code."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.cli.program import run
from constructs_lib.reporters.json import schema

Template = dict[str, Any]
Write = Callable[[str, object], str]


def template(reserved: object = 20, instance_class: str = "db.t4g.micro", limit: object = "79") -> Template:
    return {
        "Parameters": {"Concurrency": {"Type": "Number"}},
        "Resources": {
            "Limits": {
                "Type": "AWS::RDS::DBParameterGroup",
                "Properties": {"Family": "postgres17", "Description": "d", "Parameters": {"max_connections": limit}},
            },
            "Orders": {
                "Type": "AWS::RDS::DBInstance",
                "Properties": {
                    "Engine": "postgres",
                    "EngineVersion": "17.2",
                    "DBInstanceClass": instance_class,
                    "DBParameterGroupName": {"Ref": "Limits"},
                },
            },
            "Api": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Timeout": 10,
                    "ReservedConcurrentExecutions": reserved,
                    "Environment": {"Variables": {"PGHOST": {"Fn::GetAtt": ["Orders", "Endpoint.Address"]}}},
                },
            },
        },
    }


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLPROOF_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    def to_file(name: str, content: object) -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return name

    return to_file


def codes(text: str) -> dict[str, str]:
    return {finding["code"]: finding["severity"] for finding in json.loads(text)["findings"]}


def test_a_fleet_that_fits_is_0_and_shows_its_sum(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", write("orders.json", template(5))]) == 0
    shown = capsys.readouterr()
    assert "fits: at most 10 of 65 usable connections may be opened" in shown.out
    assert shown.out.splitlines()[-1].startswith("1 store, 1 consumer: 0 errors, 0 warnings")
    assert shown.err == ""


def test_a_fleet_that_does_not_fit_is_1_and_says_what_would(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", write("orders.json", template(80))]) == 1
    shown = capsys.readouterr().out
    assert "error PP101 connections-over-budget: Orders" in shown
    assert "reserve at most 32 for Api" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("reserved", "fail_on", "code"),
    [(80, "never", 0), (80, "error", 1), (80, "warning", 1), (20, "error", 0), (20, "warning", 1), (5, "warning", 0)],
)
def test_the_threshold_decides_between_0_and_1(reserved: int, fail_on: str, code: int, write: Write) -> None:
    # 20 environments on two vCPUs are a warning, 80 do not fit.
    assert run(["check", write("orders.json", template(reserved)), "--fail-on", fail_on]) == code


def test_a_likely_error_is_a_finding_too(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    unpinned = template(80)
    del unpinned["Resources"]["Orders"]["Properties"]["DBParameterGroupName"]
    write(".poolproof.toml", "deploy_overlap = 1")
    assert run(["check", write("orders.json", unpinned), "--format", "json"]) == 1
    (found,) = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["severity"] == "error"]
    assert (found["code"], found["confidence"]) == ("PP101", "likely")


def test_json_is_the_published_shape_and_notes_go_to_the_other_stream(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write("orders.json", template(80)), write("broken.yaml", "a: [\n"), "gone.yaml"]
    assert run(["check", *paths, "--format", "json"]) == 2
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    jsonschema.validate(document, schema())
    assert {store["id"] for store in document["stores"]} == {"Orders"}
    assert [item["path"] for item in document["unread"]] == ["broken.yaml", "gone.yaml"]
    assert "poolproof: broken.yaml:2: not valid YAML" in shown.err
    assert "poolproof: gone.yaml: there is no such file" in shown.err
    assert "1 error" in shown.err


@pytest.mark.parametrize("fail_on", ["error", "never"])
def test_unreadable_input_is_2_and_the_rest_is_still_reported(
    fail_on: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", write("orders.json", template(80)), "gone.yaml", "--fail-on", fail_on]) == 2
    shown = capsys.readouterr().out
    assert "PP101" in shown
    assert "gone.yaml: there is no such file" in shown
    assert shown.splitlines()[-1].endswith("1 not read")


def test_several_templates_are_one_fleet(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    network, service = template(20), template(20)
    network["Outputs"] = {
        "Address": {"Value": {"Fn::GetAtt": ["Orders", "Endpoint.Address"]}, "Export": {"Name": "OrdersAddress"}}
    }
    service["Resources"] = {"Worker": service["Resources"]["Api"]}
    service["Resources"]["Worker"]["Properties"]["Environment"] = {
        "Variables": {"PGHOST": {"Fn::ImportValue": "OrdersAddress"}}
    }
    run(["check", write("data.template.json", network), write("app.template.json", service), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert [(link["consumer"], link["store"]) for link in document["connections"]] == [
        ("app/Worker", "data/Orders"),
        ("data/Api", "data/Orders"),
    ]


def test_output_goes_to_a_file_and_a_line_to_the_person(
    write: Write, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", write("orders.json", template(80)), "--output", "report.txt"]
    assert run(arguments) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("poolproof: 1 store, 1 consumer: 1 error, 1 warning")
    assert "PP101" in (folder / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["no/such/folder/report.txt", ".git", "a\0b"])
def test_an_output_that_cannot_be_written_is_2(target: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", write("orders.json", template(5)), "--output", target]) == 2
    assert "cannot write the report to" in capsys.readouterr().err


def test_parameters_are_given_by_name(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("orders.json", template({"Ref": "Concurrency"}))
    run(["check", path, "--format", "json"])
    (consumer,) = json.loads(capsys.readouterr().out)["consumers"]
    assert "unknown" in consumer["reserved_concurrency"]
    assert run(["check", path, "--parameters", "Concurrency=80", "--format", "json"]) == 1
    (consumer,) = json.loads(capsys.readouterr().out)["consumers"]
    assert consumer["reserved_concurrency"] == {"exact": 80}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--parameters", "Concurrency"], "--parameters needs KEY=VALUE, got 'Concurrency'"),
        (["--parameters", "=5"], "--parameters needs KEY=VALUE, got '=5'"),
        (["--parameters", "A=1", "--parameters", "A=2"], "--parameters gives 'A' twice: '1' and '2'"),
    ],
)
def test_wrong_parameters_are_usage(
    given: list[str], message: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", write("orders.json", template()), *given]) == 2
    assert message in capsys.readouterr().err


def test_settings_count(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("orders.json", template(30))
    write(".poolproof.toml", "deploy_overlap = 1\n[stores.Orders]\nother_connections = { reports = 40 }\n")
    assert run(["check", path, "--format", "json"]) == 1
    assert codes(capsys.readouterr().out)["PP101"] == "error"
    assert run(["check", path, "--config", write("other.toml", "deploy_overlap = 1")]) == 0


def test_wrong_settings_are_2_before_anything_is_judged(
    write: Write, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("orders.json", template())
    write(".poolproof.toml", "deploy_overlap = 0\nnonsense = 1\n")
    assert run(["check", path]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    places = [line.split(": ")[1].removeprefix(str(folder)) for line in shown.err.splitlines()]
    assert places == ["/.poolproof.toml:1", "/.poolproof.toml:2"]


def test_an_ignore_with_a_reason_counts_one_without_is_reported(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("orders.json", template(80))
    write(".poolproof.toml", '[[ignore]]\nrule = "PP101"\nsubject = "Orders"\nreason = "until the move in May"\n')
    assert run(["check", path]) == 0
    shown = capsys.readouterr().out
    assert "PP101 connections-over-budget: Orders (error): until the move in May" in shown
    assert "1 acknowledged" in shown
    write(".poolproof.toml", '[[ignore]]\nrule = "PP101"\n[[ignore]]\nrule = "PP999"\nreason = "gone"\n')
    assert run(["check", path]) == 1
    shown = capsys.readouterr().out
    assert "the ignore of PP101 gives no reason" in shown
    assert "the ignore of PP999 matches no finding" in shown
    assert run(["check", path, "--format", "json"]) == 1
    assert "poolproof: the ignore of PP999 matches no finding" in capsys.readouterr().err


def test_a_declared_store_that_is_not_there_is_noted(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(".poolproof.toml", "[stores.Ordres]\nmax_connections = 500\n")
    assert run(["check", write("orders.json", template(5))]) == 0
    assert "settings declare the store 'Ordres'" in capsys.readouterr().err


def test_a_folder_of_templates_is_read(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("stacks/orders.template.json", template(80))
    assert run(["check", "stacks"]) == 1
    assert "orders.template.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\0\0",
        "[1, 2]",
        "null",
        '{"Resources": 3}',
        '{"Resources": {"A": null}}',
        "{" * 4000,
        "- &a [*a]",
        "a: !!python/object:os.system {}",
    ],
)
@pytest.mark.parametrize("name", ["odd.json", "odd.yaml"])
def test_no_document_makes_a_traceback(
    name: str, content: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", write(name, content)]) in (0, 2)
    shown = capsys.readouterr()
    assert "this is a bug" not in shown.err
    assert shown.out


ODD = st.sampled_from(
    [
        None,
        "",
        "x",
        -1,
        0,
        1e308,
        True,
        [],
        {},
        {"Ref": "Orders"},
        {"Ref": "Nobody"},
        {"Fn::GetAtt": []},
        {"Fn::If": 1},
        [[]],
    ]
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, value in entries for found in ((*path, key), *places(value, (*path, key)))]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_template_with_odd_values_makes_a_bug(
    data: st.DataObject, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copy.deepcopy(template())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(document) or [("Resources",)]))
        node: Any = document
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = copy.deepcopy(data.draw(ODD))
    (folder / "odd.json").write_text(json.dumps(document), encoding="utf-8")
    assert run(["check", "odd.json", "--format", "json"]) in (0, 1, 2)
    shown = capsys.readouterr()
    assert "this is a bug" not in shown.err
    jsonschema.validate(json.loads(shown.out), schema())
