"""What the packs, cfn-lint and poolproof itself say about both stages."""

from __future__ import annotations

import pytest
from cfnlint.api import lint_file

from tests.reference.conftest import Assembly

pytestmark = pytest.mark.cdk
PACKS = ("AwsSolutions", "Serverless")


@pytest.fixture(params=["aws", "local"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


@pytest.mark.parametrize("pack", PACKS)
def test_no_finding_of_a_pack_is_left_open(stage: Assembly, pack: str) -> None:
    report = stage.reports[pack]
    assert report["conclusion"] == "success"
    assert [violation["ruleName"] for violation in report["violations"]] == []


def test_poolproof_finds_the_budget_kept(stage: Assembly) -> None:
    assert [finding["message"] for finding in stage.budget["findings"] if finding["severity"] == "error"] == []
    assert stage.budget["unread"] == []


def test_every_acknowledgement_is_about_something_and_says_why(stage: Assembly) -> None:
    accepted = [violation for pack in PACKS for violation in stage.reports[pack]["suppressedViolations"]]
    assert {(one["acknowledgedAt"], one["acknowledgedId"]) for one in accepted} == _ours(stage)
    assert all(len(one["reason"].split()) >= 6 for one in accepted)


def test_no_acknowledgement_covers_the_whole_stack_or_app(stage: Assembly) -> None:
    assert {path for path, _ in _ours(stage) if "/" not in path} == set()


def test_cfn_lint_reports_no_error(stage: Assembly) -> None:
    found = lint_file(stage.folder / "Poolproof.template.json")
    assert [str(match) for match in found if match.rule.severity == "error"] == []


def _ours(stage: Assembly) -> set[tuple[str, str]]:
    """Acknowledgements of the packs' rules; the CDK makes some of its own validation."""
    return {(path, rule) for path, rule in stage.acknowledged if rule.split("::")[0] in PACKS}
