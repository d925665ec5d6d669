from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.cadence import Cadence, cadence, duration

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("expression", "shortest", "longest"),
    [
        ("rate(1 minute)", MINUTE, MINUTE),
        ("rate(15 minutes)", 15 * MINUTE, 15 * MINUTE),
        (" rate( 7 days ) ", 7 * DAY, 7 * DAY),
        ("cron(0 1 * * ? *)", DAY, DAY),
        ("cron(0/15 * * * ? *)", 15 * MINUTE, 15 * MINUTE),
        ("cron(/10 * * * ? *)", 10 * MINUTE, 10 * MINUTE),
        ("cron(0 12 ? * MON-FRI *)", DAY, 3 * DAY),
        ("cron(0 8,17 * * ? *)", 9 * HOUR, 15 * HOUR),
        ("cron(0/30 8-9 ? * MON *)", 30 * MINUTE, 7 * DAY - 90 * MINUTE),
        ("cron(0 0 1 * ? *)", 28 * DAY, 31 * DAY),
        ("cron(0 0 L * ? *)", 28 * DAY, 31 * DAY),
        ("cron(0 0 ? * 2#1 *)", 28 * DAY, 35 * DAY),
        ("cron(0 0 ? * 6L *)", 28 * DAY, 35 * DAY),
        ("cron(0 0 ? * FRI-MON *)", DAY, 4 * DAY),
        ("cron(50/5 * * * ? *)", 5 * MINUTE, 55 * MINUTE),
        ("cron(0 0 1 JAN,JUL ? *)", 181 * DAY, 184 * DAY),
    ],
)
def test_expressions(expression: str, shortest: int, longest: int) -> None:
    assert cadence(expression) == Cadence(shortest, longest)


@pytest.mark.parametrize("day", ["15W", "1W", "LW", "31W", "L-2"])
def test_working_days_of_a_month_come_about_monthly(day: str) -> None:
    found = cadence(f"cron(0 0 {day} * ? *)")

    assert found is not None
    assert 25 * DAY <= found.shortest_seconds <= found.longest_seconds <= 62 * DAY


@pytest.mark.parametrize(
    "expression",
    [
        "", "rate(0 minutes)", "rate(5 seconds)", "rate( hours)", "at(2026-12-01T00:00:00)", "cron(0 1 * * ?)", "cron(61 * * * ? *)",
        "cron(a * * * ? *)", "cron(*/0 * * * ? *)", "cron(0 0 30 FEB ? *)", "cron(0 0 1 1 ? 2027)", "every hour",
    ],
)  # fmt: skip
def test_what_runs_once_or_is_no_expression_has_no_cadence(expression: str) -> None:
    assert cadence(expression) is None


@given(st.integers(1, 59), st.integers(1, 23))
def test_the_least_and_the_most_are_those_of_the_starts_one_by_one(minutes: int, hours: int) -> None:
    begin = datetime(2027, 1, 1, tzinfo=timezone.utc)
    starts = [
        moment
        for offset in range(3 * 24 * 60)
        if (moment := begin + timedelta(minutes=offset)).minute % minutes == 0 and moment.hour % hours == 0
    ]
    gaps = [int((later - earlier).total_seconds()) for earlier, later in pairwise(starts)]

    assert cadence(f"cron(*/{minutes} */{hours} * * ? *)") == Cadence(min(gaps), max(gaps))


def test_seconds_are_shown_in_the_largest_unit_that_divides_them() -> None:
    assert [duration(seconds) for seconds in (30, 90, 900, 3_600, DAY, 7 * DAY, 0)] == [
        "30 s", "90 s", "15 min", "1 h", "24 h", "7 days", "0 s",
    ]  # fmt: skip
    assert str(Cadence(900, 900)) == "15 min"
    assert str(Cadence(DAY, 3 * DAY)) == "24 h to 3 days"
