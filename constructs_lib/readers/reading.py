"""What a reader hands back: the fleet it could read and the inputs it could not."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.fleet import Fleet


class Unread(NamedTuple):
    """An input, or a part of one, that could not be read: file, one-based line when known, and why."""

    path: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.reason}"


class Reading(NamedTuple):
    """A fleet and what is missing from it because an input was unreadable."""

    fleet: Fleet
    unread: tuple[Unread, ...] = ()


class UnreadableError(Exception):
    """Text that is no readable document; ``line`` is one-based when known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
