"""Trying again: a few times, ever longer apart, never in step with others, never past the deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from datastores.deadline import Deadline

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """``retries`` after the first attempt; pauses are random between 0 and a bound that doubles (full jitter).

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter". ``sleep`` and ``uniform`` are there for tests.
    """

    retries: int = 3
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 2.0
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform

    def pause_seconds(self, retry: int) -> float:
        """A random pause before the ``retry``-th retry, counted from 0."""
        return self.uniform(0.0, min(self.longest_pause_seconds, self.first_pause_seconds * 2.0**retry))

    def run(self, attempt: Callable[[], T], *, again: Callable[[Exception], bool], deadline: Deadline) -> T:
        """The result of the first attempt that succeeds.

        Raises what the last attempt raised: when ``again`` says no, the retries are used up, or a pause would pass the deadline.
        """
        for retry in range(self.retries):
            try:
                return attempt()
            except Exception as error:
                pause = self.pause_seconds(retry)
                if not again(error) or pause >= deadline.remaining:
                    raise
            self.sleep(pause)
        return attempt()
