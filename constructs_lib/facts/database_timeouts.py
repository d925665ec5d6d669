"""What ends a statement, an idle transaction or an idle session at the database. Sources in ``data/database_timeouts.csv``."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from constructs_lib.facts._tables import rows, version_tuple
from constructs_lib.regex import regex

_FAMILIES = {
    "postgres": "postgres", "aurora-postgresql": "postgres", "mysql": "mysql", "aurora-mysql": "mysql", "mariadb": "mariadb",
}  # fmt: skip
#: Parameters are 32-bit integers at most; an exponent would be a number of any length in a few characters.
_NUMBER = regex(r"\+?[0-9]{1,15}(?:\.[0-9]{0,9})?")


class TimeoutParameter(NamedTuple):
    """A parameter that ends something. ``default_seconds`` is what applies where nobody set it, 0 for "never"; ``unit`` is ms or s."""

    name: str
    unit: str
    default_seconds: Fraction

    def seconds(self, written: str) -> Fraction | None:
        """The value of a parameter group in seconds; ``None`` for text that is no plain number of 0 or more, or one no database takes."""
        match = _NUMBER.fullmatch(written.strip())
        return _seconds(match[0], self.unit) if match is not None else None


def timeout_parameters(engine: str | None, version: str | None, ends: str) -> tuple[TimeoutParameter, ...]:
    """The parameters of an engine that end a ``statement``, an ``idle transaction`` or an ``idle session``; none where it has none.

    Without a version the newest one counts.
    """
    family = _FAMILIES.get(engine or "")
    found = [row for row in rows("database_timeouts") if (row["family"], row["ends"]) == (family, ends)]
    return tuple(
        TimeoutParameter(row["parameter"], row["unit"], _seconds(row["default"], row["unit"]))
        for row in found
        if _there(row["from_version"], version)
    )


def _seconds(default: str, unit: str) -> Fraction:
    return Fraction(default) / (1000 if unit == "ms" else 1)


def _there(since: str, version: str | None) -> bool:
    return not since or not version or version_tuple(version) >= version_tuple(since)
