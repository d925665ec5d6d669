"""A rule's page by code and by name, the list of all, and help for who mistypes."""

from __future__ import annotations

import pytest

from constructs_lib.cli.program import run
from constructs_lib.rules import Rule, all_rules
from constructs_lib.rules._page import HEADINGS, page_of


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_has_a_page_by_code_and_by_name(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", rule.code.lower()]) == 0
    by_code = capsys.readouterr().out
    assert run(["explain", rule.name]) == 0
    assert capsys.readouterr().out == by_code
    assert by_code.splitlines()[0] == f"{rule.code} {rule.name}  {rule.severity.value}, since {rule.since}"
    assert [line for line in by_code.splitlines() if line in HEADINGS] == list(HEADINGS)
    assert "```" not in by_code
    for example in page_of(rule).examples:
        assert example.code.splitlines()[0] in by_code


def test_without_a_rule_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [[r.code, r.name, r.severity.value] for r in all_rules()]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("conections-over-budget", "did you mean PP101 connections-over-budget"),
        ("PP10", "did you mean PP101 connections-over-budget or PP102"),
        ("queue-out", "did you mean PP501 queue-outruns-function?"),
        ("nothing like it at all", "'poolproof explain' lists all rules"),
        ("", "'poolproof explain' lists all rules"),
    ],
)
def test_an_unknown_rule_is_a_usage_error_with_what_is_close(
    wanted: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", wanted]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"unknown rule '{wanted}'" in shown.err
    assert hint in shown.err
