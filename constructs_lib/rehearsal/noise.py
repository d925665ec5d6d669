"""What this machine adds to the seconds that were asked of it.

A wait is a sum of holds. As many holds in a row as the last client waits for are measured while nobody waits; what the slowest client
needs beyond them is what the machine adds to such a wait. The longest stall of a single hold, or of the program itself, may come on top.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING

from constructs_lib.rehearsal.sessions import Session

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_ROUNDS = 8
FEWEST_ROUNDS = 3
_TICK_SECONDS = 0.01


async def added_seconds(sessions: Sequence[Session], hold_seconds: float, rounds: int) -> tuple[float, float]:
    """Seconds beyond ``rounds`` holds in a row, and beyond one, that the slowest of the sessions needs; nobody waits meanwhile.

    At most 8 rounds are measured and scaled to ``rounds``.
    """
    measured = max(FEWEST_ROUNDS, min(rounds, MOST_ROUNDS))
    beyond = await asyncio.gather(*(_in_a_row(each.transaction, hold_seconds, measured) for each in sessions))
    slowest = max((sum(each) for each in beyond), default=0.0)
    return slowest * rounds / measured, max((max(each) for each in beyond), default=0.0)


async def _in_a_row(transaction: Callable[[float], Awaitable[object]], hold: float, rounds: int) -> list[float]:
    ends = [time.time()]
    for _ in range(rounds):
        await transaction(hold)
        ends.append(time.time())
    return [after - before - hold for before, after in pairwise(ends)]


class StallWatch:
    """The longest time, in seconds, that this program's event loop did not get around to a task that was due."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK_SECONDS)
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - before - _TICK_SECONDS)
