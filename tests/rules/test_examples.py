"""Every fenced example of every page is read by the reader of its language: Bad yields exactly this rule, Good yields nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.check import Report, check
from constructs_lib.model.finding import Severity
from constructs_lib.readers.sources import read
from constructs_lib.rules import Rule, all_rules
from constructs_lib.rules._page import Example, page_of
from tests.rules.hcl_plan import plan_of


def examples(*, cdk: bool) -> list[Any]:
    return [
        pytest.param(rule, example, id=f"{rule.name}: {example.kind} {example.language}")
        for rule in all_rules()
        for example in page_of(rule).examples
        if (example.language == "cdk") is cdk
    ]


def report_on(path: Path) -> Report:
    reading = read([path])
    assert not reading.unread, [str(item) for item in reading.unread]
    return check(reading.fleet)


def assert_shows_its_rule(rule: Rule, example: Example, report: Report) -> None:
    """Nothing but the rule's own findings, whatever their severity; what other rules only inform of is no fault of an example."""
    shown = [
        (finding.code, finding.message)
        for finding in report.findings
        if finding.acknowledged is None and (finding.code == rule.code or finding.severity is not Severity.INFO)
    ]

    assert {code for code, _ in shown} == ({rule.code} if example.kind == "bad" else set()), shown


@pytest.mark.parametrize(("rule", "example"), examples(cdk=False))
def test_a_template_shows_its_rule(rule: Rule, example: Example, tmp_path: Path) -> None:
    terraform = example.language == "terraform"
    document = tmp_path / ("plan.json" if terraform else "template.yaml")
    document.write_text(plan_of(example.code) if terraform else example.code, encoding="utf-8")

    report = report_on(document)

    assert_shows_its_rule(rule, example, report)
    assert all(finding.origin.line for finding in report.findings if finding.code == rule.code)


@pytest.mark.cdk
@pytest.mark.parametrize(("rule", "example"), examples(cdk=True))
def test_a_cdk_stack_shows_its_rule(rule: Rule, example: Example, tmp_path: Path) -> None:
    from aws_cdk import App, Stack

    app = App(outdir=str(tmp_path), analytics_reporting=False, builtin_cloud_formation_validation=False)
    exec(compile(example.code, f"{rule.name}.py", "exec"), {"stack": Stack(app, "Shop")})
    app.synth()

    assert_shows_its_rule(rule, example, report_on(tmp_path))
