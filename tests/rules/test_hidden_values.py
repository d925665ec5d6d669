"""A value that nobody can read is found out or said, for every value of every rule's examples."""

from __future__ import annotations

import pytest

from benchmarks.hidden_values import silences
from constructs_lib.rules import all_rules


@pytest.mark.parametrize("code", [rule.code for rule in all_rules()])
def test_no_value_is_hidden_without_a_word(code: str) -> None:
    assert [str(silence) for silence in silences(code)] == []


@pytest.mark.parametrize("code", [rule.code for rule in all_rules()])
def test_no_argument_of_a_plan_is_known_after_apply_without_a_word(code: str) -> None:
    assert [str(silence) for silence in silences(code, terraform=True)] == []
