"""Databases and poolers outside AWS by a short name. Sources, dates and how sure they are in ``data/presets.csv``.

Names are ``<service>`` or ``<service>:<size>``, such as ``neon:0.25cu``, ``supabase-pooler:micro`` or ``pgbouncer``. Numbers change with
plans and sizes: an explicit limit beside a preset always outweighs it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from constructs_lib.facts._tables import rows


class Preset(NamedTuple):
    """What a service publishes about one of its sizes; ``None`` where it publishes nothing.

    ``connections`` are those of the database itself, or those a pooler opens to it; ``kept`` of them the service keeps for itself;
    ``clients`` is how many a pooler admits, ``borrow_timeout_seconds`` how long it lets them wait.
    """

    name: str
    kind: Literal["database", "pooler"]
    engine: str | None
    connections: int | None
    kept: int | None
    clients: int | None
    borrow_timeout_seconds: int | None
    note: str
    source: str

    @property
    def limit(self) -> int | None:
        """How many a client sees: connections of a database, clients of a pooler."""
        return self.clients if self.kind == "pooler" else self.connections


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Preset]:
    return {row["preset"]: _preset(row) for row in rows("presets")}


def _preset(row: dict[str, str]) -> Preset:
    return Preset(
        name=row["preset"],
        kind="pooler" if row["kind"] == "pooler" else "database",
        engine=row["engine"] or None,
        connections=_number(row["max_connections"]),
        kept=_number(row["kept_by_service"]),
        clients=_number(row["clients"]),
        borrow_timeout_seconds=_number(row["borrow_timeout_seconds"]),
        note=row["note"],
        source=row["source"],
    )


def _number(text: str) -> int | None:
    return int(text) if text else None


def preset(name: str) -> Preset | None:
    """The preset of that name, in any case; ``None`` when there is none."""
    return _by_name().get(name.strip().lower())


def names() -> tuple[str, ...]:
    """All names, in the order of the table."""
    return tuple(_by_name())


def unknown(name: str) -> str:
    """Why a name is no preset, with what may have been meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong name needs it

    close = get_close_matches(name.strip().lower(), names(), n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"such as '{names()[0]}'"
    return f"there is no preset '{name}' ({hint})"
