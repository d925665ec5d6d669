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
    """Classes that RDS (or Aurora) lists, ordered by memory, then virtual CPUs, then name."""
    column = "aurora" if aurora else "rds"
    names = [row["class"] for row in rows("instance_classes") if row[column] == "yes"]
    return tuple(sorted(names, key=lambda name: (_by_name()[name][1], _by_name()[name][0], name)))
