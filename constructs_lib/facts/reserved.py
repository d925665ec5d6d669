"""Connection slots an application's role cannot use. Sources and dates in ``data/engine_reserved_connections.csv``.

Up to PostgreSQL 15 RDS calls ``reserved_connections`` by its own name, ``rds.rds_superuser_reserved_connections``.
"""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.facts._tables import rows, version_tuple


class EngineSlots(NamedTuple):
    """Connections the engine keeps for administrators and AWS, and the sum in words."""

    connections: int
    note: str


def engine_slots(engine: str | None, version: str | None) -> EngineSlots:
    """The slots kept back from an application role; none for engines without a documented reserve."""
    kept = [
        (int(row["connections"]), row["parameter"])
        for row in rows("engine_reserved_connections")
        if row["engine"] == engine and _applies(row["from_versions"], version)
    ]
    if not kept:
        return EngineSlots(0, f"no reserve documented for {engine}" if engine else "engine unknown")
    return EngineSlots(sum(count for count, _ in kept), " + ".join(f"{count} {name}" for count, name in kept))


def _applies(from_versions: str, version: str | None) -> bool:
    """Whether a version has a parameter that came with one minor release of each major version.

    Without a version, or with a major version only, the newest minor release is what AWS would deploy: the parameter applies.
    """
    if not from_versions or not version:
        return True
    given = version_tuple(version)
    minors = {version_tuple(text)[0]: version_tuple(text) for text in from_versions.split()}
    if len(given) < 2:
        return not given or given[0] >= min(minors)
    first = minors.get(given[0])
    return given >= first if first else given[0] > max(minors)
