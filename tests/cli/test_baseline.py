"""``--baseline`` and ``--write-baseline``: known findings pass, new ones fail, vanished ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.cli.program import run

OVER = """
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.2", DBInstanceClass: db.t4g.micro}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: 80
      Environment: {Variables: {PGHOST: !GetAtt Database.Endpoint.Address}}
"""


@pytest.fixture(autouse=True)
def over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text(OVER, encoding="utf-8")


def test_known_findings_pass_even_when_their_numbers_and_lines_move() -> None:
    assert run(["check", "t.yaml"]) == 1
    assert run(["check", "t.yaml", "--write-baseline", "known.json", "--fail-on", "warning"]) == 0
    Path("t.yaml").write_text("# moved\n" + OVER.replace("80", "90"), encoding="utf-8")
    assert run(["check", "t.yaml", "--baseline", "known.json", "--fail-on", "warning"]) == 0


def test_a_new_finding_fails() -> None:
    assert run(["check", "t.yaml", "--write-baseline", "known.json"]) == 0
    Path("t.yaml").write_text(OVER.replace("      ReservedConcurrentExecutions: 80\n", ""), encoding="utf-8")
    assert run(["check", "t.yaml", "--baseline", "known.json"]) == 1


def test_a_vanished_finding_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "t.yaml", "--write-baseline", "known.json"]) == 0
    Path("t.yaml").write_text(OVER.replace("80", "3"), encoding="utf-8")
    assert run(["check", "t.yaml", "--baseline", "known.json"]) == 0
    assert "no longer found: PP101 Database; take it out of the baseline known.json" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "known": [1]}', "[" * 100_000])
def test_a_broken_baseline_is_trouble(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.json").write_text(text, encoding="utf-8")
    assert run(["check", "t.yaml", "--baseline", "known.json"]) == 2
    assert "known.json" in capsys.readouterr().err


def test_a_missing_baseline_and_a_place_nobody_can_write_to_are_trouble() -> None:
    assert run(["check", "t.yaml", "--baseline", "gone.json"]) == 2
    assert run(["check", "t.yaml", "--write-baseline", "gone/known.json"]) == 2
