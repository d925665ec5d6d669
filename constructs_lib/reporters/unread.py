"""What a reporter must know about an input that could not be read."""

from __future__ import annotations

from typing import Protocol


class Unread(Protocol):
    """A path that was given, or a part of it, its one-based line where known, and why it could not be read."""

    @property
    def path(self) -> str: ...

    @property
    def line(self) -> int | None: ...

    @property
    def reason(self) -> str: ...


def place_of(item: Unread) -> str:
    """``file:line``, or the file where no line is known."""
    return f"{item.path}:{item.line}" if item.line else item.path
