"""SARIF: what code scanning needs of a log, and what must not change between two runs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from constructs_lib.check import Report
from constructs_lib.model.origin import Origin
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import sarif
from constructs_lib.rules import all_rules

VALIDATOR = Path(__file__).parent / "validator" / "node_modules" / "@microsoft"

Sample = tuple[str, Report, tuple[Unread, ...]]


def test_every_rule_has_help_and_a_level(sample: Sample) -> None:
    _, report, unread = sample
    log = json.loads(sarif.render(report, unread))
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert "## How to fix" in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_results_point_at_rules_lines_and_reasons(sample: Sample) -> None:
    _, report, unread = sample
    run = sarif.document(report, unread)["runs"][0]
    assert len(run["results"]) == len(report.findings)
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding.code
        assert result["properties"]["arithmetic"] == list(finding.arithmetic)
        assert ("suppressions" in result) == (finding.acknowledged is not None)
        place = result["locations"][0].get("physicalLocation", {})
        assert place.get("region", {}).get("startLine") == finding.origin.line
    assert run["invocations"][0]["executionSuccessful"] == (not unread)


def test_fingerprints_differ_from_each_other_and_survive_moved_lines(sample: Sample) -> None:
    _, report, _ = sample
    moved = replace(report, findings=tuple(f._replace(origin=Origin("other.yaml", 999)) for f in report.findings))
    prints = [[r["partialFingerprints"] for r in sarif.document(x)["runs"][0]["results"]] for x in (report, moved)]
    assert prints[0] == prints[1]
    assert len({entry["poolproof/v1"] for entry in prints[0]}) == len(report.findings)


def test_paths_become_addresses(sample: Sample) -> None:
    _, report, _ = sample
    unread = (Unread("/odd dir/a#b.yaml", None, "r"), Unread("a b%.yaml", 2, "r"))
    notes = sarif.document(report, unread)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    uris = [note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for note in notes]
    assert uris == ["file:///odd%20dir/a%23b.yaml", "a%20b%25.yaml"]


def test_the_official_schema_and_the_rules_of_code_scanning_are_met(sample: Sample, tmp_path: Path) -> None:
    """The validator of the SARIF SDK; of its rule sets only code scanning's, because the general one asks the network for links."""
    name, report, unread = sample
    log, verdict = tmp_path / f"{name}.sarif", tmp_path / "verdict.sarif"
    log.write_text(sarif.render(report, unread), encoding="utf-8")
    program = next(VALIDATOR.glob("*/Sarif.Multitool"))
    schema = program.with_name("sarif-2.1.0.json")
    command = [program, "validate", log, "--json-schema", schema, "--rule-kind", "Ghas", "--output", verdict]
    subprocess.run([*command, "--level", "Error;Warning;Note"], check=True, capture_output=True)

    run = json.loads(verdict.read_text(encoding="utf-8-sig"))["runs"][0]
    assert [result["message"] for result in run.get("results", [])] == []


def test_the_validator_refuses_what_is_no_sarif(tmp_path: Path) -> None:
    log, verdict = tmp_path / "wrong.sarif", tmp_path / "verdict.sarif"
    log.write_text(
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": [{"level": "fatal"}]}]}', encoding="utf-8"
    )
    program = next(VALIDATOR.glob("*/Sarif.Multitool"))
    command = [program, "validate", log, "--json-schema", program.with_name("sarif-2.1.0.json"), "--output", verdict]
    subprocess.run([*command, "--rule-kind", "Ghas"], check=False, capture_output=True)

    found = [result["ruleId"] for result in json.loads(verdict.read_text(encoding="utf-8-sig"))["runs"][0]["results"]]
    assert sorted(found) == [
        "JSON1002",
        "JSON1002",
        "JSON1019",
    ]  # two missing properties, one value that is not allowed
