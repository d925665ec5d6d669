"""Patterns of IAM actions, against the standard library's matching of file names, which has the same two signs."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.actions import any_covers

words = st.text("abA:*?", max_size=8)


@given(st.lists(words, max_size=4), st.lists(st.text("abA:", max_size=8), max_size=3))
def test_a_pattern_means_what_a_file_name_pattern_does_whatever_the_capitals(
    patterns: list[str], actions: list[str]
) -> None:
    expected = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns for action in actions)

    assert any_covers(tuple(patterns), tuple(actions)) is expected


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "dynamodb:GetItem", True),
        ("dynamodb:*", "dynamodb:GetItem", True),
        ("DynamoDB:get*", "dynamodb:GetItem", True),
        ("dynamodb:?etItem", "dynamodb:GetItem", True),
        ("dynamodb:*Item", "dynamodb:GetItem", True),
        ("dynamodb:*Item", "dynamodb:GetItems", False),
        ("dynamodb:Get", "dynamodb:GetItem", False),
        ("dynamodb:[G]etItem", "dynamodb:GetItem", False),
        ("rds-data:*", "rds-db:connect", False),
    ],
)
def test_the_signs_of_iam(pattern: str, action: str, expected: bool) -> None:
    assert any_covers((pattern,), (action,)) is expected
