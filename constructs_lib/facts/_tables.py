"""Reads the CSV tables that ship inside the package."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """All rows of ``data/<table>.csv`` as dictionaries of strings."""
    text = resources.files("constructs_lib.facts").joinpath("data").joinpath(f"{table}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def version_tuple(version: str) -> tuple[int, ...]:
    """``"16.5"`` → ``(16, 5)``; stops at the first part that is no number (``"8.0.mysql_aurora.3.04"`` → ``(8, 0)``)."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
