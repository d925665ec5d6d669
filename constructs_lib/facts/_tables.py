"""Reads the CSV tables that ship inside the package."""

from __future__ import annotations

import csv
import pkgutil
from functools import cache


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """All rows of ``data/<table>.csv`` as dictionaries of strings."""
    # importlib.resources would do the same and load thirty modules that a short-lived check does not need.
    data = pkgutil.get_data("constructs_lib.facts", f"data/{table}.csv")
    if data is None:
        raise FileNotFoundError(f"the table '{table}' is not in the installed package")
    return tuple(csv.DictReader(data.decode("utf-8").splitlines()))


def version_tuple(version: str) -> tuple[int, ...]:
    """``"16.5"`` → ``(16, 5)``; stops at the first part that is no number (``"8.0.mysql_aurora.3.04"`` → ``(8, 0)``)."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
