"""Every rule is shown as Bad and Good in each language that people write: CloudFormation or SAM, CDK and Terraform."""

from __future__ import annotations

import pytest

from constructs_lib.rules import Rule, all_rules
from constructs_lib.rules._page import page_of

#: What cannot be shown, with the reason. A rule that is listed here and shows the language after all fails too.
EXCEPTIONS: dict[tuple[str, str], str] = {
    (
        "PP214",
        "terraform",
    ): "its provider registers the target again while an instance is being created, and does not wait for it",
}
WRITTEN_AS = {"cloudformation": "template", "sam": "template", "cdk": "cdk", "terraform": "terraform"}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
@pytest.mark.parametrize("kind", ["bad", "good"])
def test_a_rule_is_shown_in_every_language(rule: Rule, kind: str) -> None:
    shown = {WRITTEN_AS[example.language] for example in page_of(rule).examples if example.kind == kind}
    excepted = {language for code, language in EXCEPTIONS if code == rule.code}

    assert shown == {"template", "cdk", "terraform"} - excepted


def test_exceptions_are_about_rules_that_exist_and_have_a_reason() -> None:
    codes = {rule.code for rule in all_rules()}

    assert all(code in codes and reason.strip() for (code, _), reason in EXCEPTIONS.items())
