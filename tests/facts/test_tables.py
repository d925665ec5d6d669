"""The tables themselves: every row says where it comes from and when it was read; look-ups find what they should."""

from __future__ import annotations

import csv
import datetime
from importlib import resources

import pytest

from constructs_lib.facts import classes, defaults, limits
from constructs_lib.facts.reserved import engine_slots

TABLES = sorted(
    entry.name
    for entry in resources.files("constructs_lib.facts").joinpath("data").iterdir()
    if entry.name.endswith(".csv")
)


def rows_of(table: str) -> list[dict[str, str]]:
    text = resources.files("constructs_lib.facts").joinpath("data").joinpath(table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_source_and_a_date(table: str) -> None:
    rows = rows_of(table)
    assert rows
    for number, row in enumerate(rows, start=2):
        assert None not in row, f"{table}:{number} has more cells than the header"
        assert all(value is not None for value in row.values()), f"{table}:{number} has fewer cells than the header"
        assert row["source"].strip(), f"{table}:{number} has no source"
        assert datetime.date.fromisoformat(row["retrieved"]), f"{table}:{number} has no date"


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_there_twice(table: str) -> None:
    rows = [tuple(row.values()) for row in rows_of(table)]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    ("name", "vcpus", "gibibytes"), [("db.t4g.micro", 2, 1), ("db.r6g.large", 2, 16), ("db.m7g.4xlarge", 16, 64)]
)
def test_instance_classes(name: str, vcpus: int, gibibytes: int) -> None:
    assert classes.vcpus(name) == vcpus
    assert classes.memory_bytes(name) == gibibytes * 1024**3


def test_an_unlisted_class_is_unknown() -> None:
    assert classes.vcpus("db.r9x.large") is None
    assert classes.memory_bytes("db.r9x.large") is None


@pytest.mark.parametrize(
    ("engine", "version", "slots"),
    [
        ("postgres", "17.0", 5),
        ("postgres", "17.1", 9),
        ("postgres", "16.4", 5),
        ("postgres", "16.5", 9),
        ("postgres", "16.10", 9),
        ("postgres", "15.8", 5),
        ("postgres", "15.9", 9),
        ("postgres", "14.13", 5),
        ("postgres", "14.14", 9),
        ("postgres", "13.16", 5),
        ("postgres", "13.17", 9),
        ("postgres", "12.20", 5),
        ("postgres", "12.21", 9),
        ("postgres", "11.22", 5),
        ("postgres", "18.0", 9),
        ("postgres", "18", 9),
        ("postgres", "16", 9),
        ("postgres", "11", 5),
        ("postgres", None, 9),
        ("aurora-postgresql", "16.6", 8),
        ("aurora-postgresql", None, 8),
        ("mysql", "8.0.40", 0),
        ("oracle-se2", "19", 0),
        (None, None, 0),
    ],
)
def test_engine_slots_by_version(engine: str | None, version: str | None, slots: int) -> None:
    assert engine_slots(engine, version).connections == slots


def test_slots_say_what_they_are() -> None:
    assert "4 rds.rds_reserved_connections" in engine_slots("postgres", "17.2").note
    assert engine_slots("mysql", "8.0").note == "no reserve documented for mysql"
    assert engine_slots(None, None).note == "engine unknown"


@pytest.mark.parametrize(
    ("engine", "version", "name", "low", "high"),
    [
        ("postgres", "16.8", "db.t4g.micro", 79, 112),
        ("mysql", "8.0.40", "db.t4g.micro", 60, 85),
        ("mariadb", "10.11", "db.t4g.micro", 30, 42),
        ("mariadb", "10.4", "db.t4g.micro", 60, 85),
        ("postgres", "16.8", "db.r6g.16xlarge", 5000, 5000),
        ("mysql", "8.0.40", "db.r6i.32xlarge", 16000, 16000),
        ("aurora-mysql", "8.0", "db.r6g.large", 1000, 1000),
    ],
)
def test_default_bounds(engine: str, version: str, name: str, low: int, high: int) -> None:
    memory = classes.memory_bytes(name)
    assert memory is not None
    assert defaults.bounds(engine, version, name, memory) == (low, high)


def test_bounds_never_turn_around() -> None:
    for engine in ("postgres", "aurora-postgresql", "mysql", "mariadb"):
        for name in classes.offered(aurora=engine.startswith("aurora")):
            memory = classes.memory_bytes(name)
            assert memory is not None
            found = defaults.bounds(engine, None, name, memory)
            assert found is not None
            assert 0 <= found[0] <= found[1]


@pytest.mark.parametrize(
    ("engine", "acu", "capped", "expected"),
    [
        ("aurora-postgresql", 1, False, (189, 189)),
        ("aurora-postgresql", 256, False, (5000, 5000)),
        ("aurora-postgresql", 64, True, (2000, 2000)),
        ("aurora-mysql", 100, False, (4000, 5000)),
        ("aurora-mysql", 256, True, (6000, 6000)),
        ("aurora-postgresql", 0.5, False, (0, 189)),
        ("aurora-postgresql", 300, False, (5000, 5000)),
    ],
)
def test_serverless_bounds(engine: str, acu: float, capped: bool, expected: tuple[int, int]) -> None:
    assert defaults.serverless_bounds(engine, acu, capped=capped) == expected  # type: ignore[arg-type]


def test_limits_are_found_by_name_only() -> None:
    assert limits.lambda_limit("account concurrency, default") == 1000
    assert limits.proxy_default("ConnectionBorrowTimeout") == 120
    with pytest.raises(KeyError, match="no such limit"):
        limits.lambda_limit("no such limit")
