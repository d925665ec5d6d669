"""How long the work of one invocation may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

ANSWER_SECONDS = 0.5
"""Kept back of Lambda's own limit, so that the function can still say what went wrong."""


class InvocationContext(Protocol):
    """The part of Lambda's context object that the runtime reads."""

    @property
    def function_name(self) -> str:
        """The function's name."""
        ...

    @property
    def function_version(self) -> str:
        """Its version, ``$LATEST`` when it has none."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        ...


@dataclass(frozen=True)
class Deadline:
    """A moment on a monotonic clock, in seconds."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @staticmethod
    def after(seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """The moment ``seconds`` from now."""
        return Deadline(clock() + seconds, clock)

    @staticmethod
    def of(context: InvocationContext, answer_seconds: float = ANSWER_SECONDS) -> Deadline:
        """The end of an invocation, less the time needed to answer."""
        return Deadline.after(context.get_remaining_time_in_millis() / 1000 - answer_seconds)

    @property
    def remaining(self) -> float:
        """Seconds left; negative when the moment has passed."""
        return self.at - self.clock()

    @property
    def passed(self) -> bool:
        return self.remaining <= 0
