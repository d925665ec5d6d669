"""A value that nobody can read is found out or said: some rules' examples a day, all of them by ``benchmarks/hidden_values.py``."""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks.hidden_values import silences
from constructs_lib.rules import all_rules

PARTS = 8
#: By the day, so that a run of the suite stays short and a week of runs covers everything; the ids tell which rules a run looked at.
TODAY = [rule.code for index, rule in enumerate(all_rules()) if index % PARTS == date.today().toordinal() % PARTS]  # noqa: DTZ011
#: Rules whose examples once hid a value in silence: their words and switches are looked at every time.
ALWAYS = ["PP209", "PP213", "PP502"]


@pytest.mark.parametrize("code", sorted({*TODAY, *ALWAYS}))
def test_no_value_is_hidden_without_a_word(code: str) -> None:
    assert [str(silence) for silence in silences(code)] == []


@pytest.mark.parametrize("code", ["PP103", "PP213", "PP702"])
def test_no_argument_of_a_plan_is_known_after_apply_without_a_word(code: str) -> None:
    """Declarations, logins and policies of plans: those once were."""
    assert [str(silence) for silence in silences(code, terraform=True)] == []
