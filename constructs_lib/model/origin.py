"""Where a value came from, so that a finding can point at it."""

from __future__ import annotations

from typing import NamedTuple


class Origin(NamedTuple):
    """A place in a source: file and one-based line, logical id, and construct path, Terraform address or ARN."""

    file: str | None = None
    line: int | None = None
    logical_id: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.file and self.line:
            place = f"{self.file}:{self.line}"
        named = self.path or self.logical_id or ""
        return f"{place} ({named})" if place and named else place or named


NOWHERE = Origin()
