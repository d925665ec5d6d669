"""Timeouts of databases as parameter groups write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from constructs_lib.facts.database_timeouts import timeout_parameters

(STATEMENT,) = (item for item in timeout_parameters("postgres", "17", "statement") if item.name == "statement_timeout")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30000", Fraction(30)),
        (" 1500 ", Fraction(3, 2)),
        ("0", Fraction(0)),
        ("2.5", Fraction(1, 400)),
        ("2147483647", Fraction(2147483647, 1000)),
    ],
)
def test_milliseconds_are_seconds(written: str, seconds: Fraction) -> None:
    assert STATEMENT.seconds(written) == seconds


@pytest.mark.parametrize("written", ["", "-1", "30s", "1/2", "1e3", "1e20000000", "9" * 400, "0x10", "nan"])
def test_what_is_no_plain_number_is_not_known(written: str) -> None:
    assert STATEMENT.seconds(written) is None
