"""Instance classes: virtual CPUs and memory. Source and date in ``data/instance_classes.csv``."""

from __future__ import annotations

from functools import lru_cache

from constructs_lib.facts._tables import rows

MEBIBYTE = 1024 * 1024


@lru_cache(maxsize=1)
def _by_name() -> dict[str, tuple[int, int]]:
    return {row["class"]: (int(row["vcpu"]), int(row["memory_mib"])) for row in rows("instance_classes")}


def vcpus(instance_class: str) -> int | None:
    """Virtual CPUs of a class such as ``db.r6g.large``; ``None`` when the class is not in the table."""
    entry = _by_name().get(instance_class)
    return None if entry is None else entry[0]


def memory_bytes(instance_class: str) -> int | None:
    """Nominal memory in bytes; ``None`` when the class is not in the table."""
    entry = _by_name().get(instance_class)
    return None if entry is None else entry[1] * MEBIBYTE


def offered(*, aurora: bool) -> tuple[str, ...]:
    """Classes to propose for a new PostgreSQL, MySQL or MariaDB instance, smallest memory first, then fewest virtual CPUs.

    Of classes of one size the family that comes first in ``data/instance_families.csv`` leads. Previous generations, and classes
    that RDS only has for other engines or for Multi-AZ DB clusters, are left out.
    """
    column = "aurora" if aurora else "rds"
    ranks = _ranks()
    names = [row["class"] for row in rows("instance_classes") if row[column] == "yes" and _plain(row["class"], ranks)]
    return tuple(sorted(names, key=lambda name: (_by_name()[name][1], _by_name()[name][0], ranks[family(name)])))


def family(instance_class: str) -> str:
    """The family of a class: ``r6g`` of ``db.r6g.large``; empty for anything that is no class."""
    parts = instance_class.split(".")
    return parts[1] if len(parts) > 2 else ""


def is_burstable(instance_class: str) -> bool:
    """Whether the class spends CPU credits above a baseline (the T families)."""
    return family(instance_class).startswith("t")


def _plain(name: str, ranks: dict[str, int]) -> bool:
    """Whether a class is one of the sizes of a proposed family: no bare metal, no preconfigured class of Oracle's."""
    return family(name) in ranks and name.count(".") == 2 and "metal" not in name


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    return {row["family"]: rank for rank, row in enumerate(rows("instance_families")) if row["proposed"] == "yes"}
