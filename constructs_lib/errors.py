"""Every exception of this library.

PoolproofError
├── InputError        an input cannot be read or makes no sense; lists every problem of it (exit code 2)
├── ConnectError      a construct was asked to connect what cannot be connected
└── RehearsalError    a real server or pooler could not be started or driven

Messages name the subject, what is wrong, the value got, what is allowed and the next step; lower-case, no final period.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class PoolproofError(Exception):
    """Anything this library raises on purpose: shown to the user without a traceback."""


class Problem(NamedTuple):
    """One thing wrong with an input: where (file, one-based line) and what, with what is allowed."""

    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class InputError(PoolproofError):
    """All problems of one input together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConnectError(PoolproofError):
    """A function cannot be connected to a store as asked."""


class RehearsalError(PoolproofError):
    """A real server could not be started, stopped or driven."""
