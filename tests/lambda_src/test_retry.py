"""Retries and what makes them: never past the deadline, never more than allowed, never in step."""

from __future__ import annotations

import pytest
from datastores.deadline import Deadline
from datastores.failures import Failure, classify
from datastores.retry import RetryPolicy
from hypothesis import given
from hypothesis import strategies as st


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class DownError(Exception):
    pass


@given(
    st.integers(0, 8),
    st.floats(0, 10),
    st.floats(0, 3),
    st.floats(0.001, 5),
    st.floats(0, 1),
)
def test_no_pause_ends_after_the_deadline(
    retries: int, time_left: float, attempt_seconds: float, first: float, chance: float
) -> None:
    clock = Clock()
    attempts: list[float] = []

    def attempt() -> None:
        attempts.append(clock.now)
        clock.now += attempt_seconds
        raise DownError

    policy = RetryPolicy(
        retries, first, 20.0, sleep=clock.sleep, uniform=lambda least, most: least + chance * (most - least)
    )
    with pytest.raises(DownError):
        policy.run(attempt, again=lambda _: True, deadline=Deadline(time_left, clock))
    assert 1 <= len(attempts) <= retries + 1
    assert all(begun < time_left for begun in attempts[1:])
    assert all(pause <= min(20.0, first * 2**number) for number, pause in enumerate(clock.slept))


@given(st.integers(0, 6), st.integers(0, 6))
def test_it_ends_with_the_first_success(failures: int, retries: int) -> None:
    clock = Clock()
    runs = []

    def attempt() -> int:
        runs.append(1)
        if len(runs) <= failures:
            raise DownError
        return len(runs)

    policy = RetryPolicy(retries, sleep=clock.sleep)
    if failures <= retries:
        assert policy.run(attempt, again=lambda _: True, deadline=Deadline(1e9, clock)) == failures + 1
    else:
        with pytest.raises(DownError):
            policy.run(attempt, again=lambda _: True, deadline=Deadline(1e9, clock))
    assert len(clock.slept) == min(failures, retries)


def test_what_must_not_be_repeated_is_not() -> None:
    clock, runs = Clock(), []

    def attempt() -> None:
        runs.append(1)
        raise DownError

    with pytest.raises(DownError):
        RetryPolicy(sleep=clock.sleep).run(attempt, again=lambda _: False, deadline=Deadline(1e9, clock))
    assert (len(runs), clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("sqlstate", "text", "lost", "meaning"),
    [
        ("53300", "too many connections", False, Failure.CONNECTION),
        ("53400", "", False, Failure.CONNECTION),
        ("57P01", "terminating connection", True, Failure.CONNECTION),
        ("57P03", "the database system is starting up", True, Failure.CONNECTION),
        ("57P05", "idle-session timeout", True, Failure.CONNECTION),
        ("08006", "", False, Failure.CONNECTION),
        ("08P01", "query_wait_timeout", True, Failure.BORROW),
        (None, "FATAL: query_wait_timeout", True, Failure.BORROW),
        ("08P01", "Timed-out waiting to acquire database connection", True, Failure.BORROW),
        (None, "This RDS proxy has no credentials for the role app", True, Failure.CONFIGURATION),
        ("28000", "This RDS Proxy requires TLS connections", True, Failure.CONFIGURATION),
        (None, "the request failed: too many competing requests", True, Failure.CONNECTION),
        ("28P01", "password authentication failed", True, Failure.CREDENTIALS),
        (None, 'FATAL: password authentication failed for user "app"', True, Failure.CREDENTIALS),
        (None, 'PAM authentication failed for user "app"', True, Failure.CREDENTIALS),
        (None, "no more connections allowed (max_client_conn)", True, Failure.CONNECTION),
        (
            None,
            "server login has been failing, cached error: connect failed (server_login_retry)",
            True,
            Failure.CONNECTION,
        ),
        (None, "Connection refused", True, Failure.CONNECTION),
        ("0A000", "feature not supported: RDS Proxy", True, Failure.CONFIGURATION),
        ("25006", "cannot execute INSERT in a read-only transaction", False, Failure.WRONG_NODE),
        ("40001", "", False, Failure.TRANSACTION),
        ("40P01", "deadlock detected", False, Failure.TRANSACTION),
        ("55P03", "lock timeout", False, Failure.TRANSACTION),
        ("57014", "statement timeout", False, Failure.CANCELLED),
        ("25P03", "idle-in-transaction timeout", True, Failure.CANCELLED),
        ("25P04", "transaction timeout", True, Failure.CANCELLED),
        ("23505", "duplicate key: query_wait_timeout", False, Failure.OTHER),
        ("42601", "syntax error", False, Failure.OTHER),
        (None, "anything", False, Failure.OTHER),
    ],
)
def test_failures_are_told_apart(sqlstate: str | None, text: str, lost: bool, meaning: Failure) -> None:
    assert classify(sqlstate, text, lost=lost) is meaning


@given(st.one_of(st.none(), st.text(max_size=5)), st.text(), st.booleans())
def test_every_failure_means_something(sqlstate: str | None, text: str, lost: bool) -> None:
    meaning = classify(sqlstate, text, lost=lost)
    assert meaning in Failure
    if lost:
        assert meaning is not Failure.OTHER
