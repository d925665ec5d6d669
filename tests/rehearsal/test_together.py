from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from constructs_lib.rehearsal.together import together


async def _client(number: int, ended: list[int], seconds: float = 0.0) -> int:
    try:
        await asyncio.sleep(seconds)
        if number < 0:
            raise ValueError(f"client {number}")
        return number * 10
    finally:
        ended.append(number)


def test_results_come_in_order() -> None:
    ended: list[int] = []
    assert asyncio.run(together((_client(n, ended, 0.03 - n / 100) for n in range(3)), 5)) == [0, 10, 20]
    assert ended == [2, 1, 0]


def test_nobody_is_done_at_once() -> None:
    assert asyncio.run(together([], 5)) == []


def test_late_clients_are_cancelled_and_waited_for() -> None:
    ended: list[int] = []
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(together([_client(1, ended), _client(2, ended, 60)], 0.05))
    assert ended == [1, 2]


def test_the_first_failure_ends_everybody() -> None:
    ended: list[int] = []
    with pytest.raises(ValueError, match="client -1"):
        asyncio.run(together([_client(-1, ended), _client(2, ended, 60)], 5))
    assert ended == [-1, 2]


def test_a_cancelled_caller_leaves_no_client_behind() -> None:
    ended: list[int] = []

    async def call_off() -> None:
        caller = asyncio.ensure_future(together([_client(1, ended, 60), _client(2, ended, 60)], 60))
        await asyncio.sleep(0.05)
        caller.cancel()
        await caller

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call_off())
    assert sorted(ended) == [1, 2]


def test_whoever_takes_one_calling_off_for_an_answer_is_called_off_again() -> None:
    """As ``asyncio.wait_for`` does before Python 3.12 when the answer comes in the same moment."""
    asked = 0

    async def stubborn() -> None:
        nonlocal asked
        while asked < 3:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            asked += 1

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(together([stubborn()], 0.01), 20))
    assert asked == 3
