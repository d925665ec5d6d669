"""Databases and poolers outside AWS: names, numbers and what to say when a name is none of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from constructs_lib.facts import defaults, presets, stores


@pytest.mark.parametrize(
    ("name", "connections", "kept", "clients", "limit"),
    [
        ("neon:0.25cu", 104, 7, None, 104),
        ("NEON:56CU", 4000, 7, None, 4000),
        ("neon-pooler:1cu", 377, None, 10_000, 10_000),
        ("supabase:micro", 60, None, None, 60),
        ("supabase-pooler:nano", None, None, 200, 200),
        ("pgbouncer", 20, None, 100, 100),
        ("mongodb-atlas:M0", 500, 10, None, 500),
        ("postgrest", 10, None, None, None),
        ("planetscale", None, None, None, None),
    ],
)
def test_a_preset_has_the_published_numbers(
    name: str, connections: int | None, kept: int | None, clients: int | None, limit: int | None
) -> None:
    found = presets.preset(name)

    assert found is not None
    assert (found.connections, found.kept, found.clients, found.limit) == (connections, kept, clients, limit)


def test_an_unknown_name_says_what_may_have_been_meant() -> None:
    assert presets.preset("neon:0.26cu") is None
    assert "did you mean 'neon:0.25cu'?" in presets.unknown("neon:0.26cu")
    assert "such as 'neon:0.25cu'" in presets.unknown("zzz")


def test_every_pooler_of_neon_opens_nine_tenths_of_its_database() -> None:
    for name in presets.names():
        service, _, size = name.partition(":")
        pooler = presets.preset(f"{service}-pooler:{size}") if service == "neon" else None
        if pooler is not None:
            database = presets.preset(name)
            assert database is not None
            assert database.connections is not None
            assert pooler.connections == database.connections * 9 // 10


@pytest.mark.parametrize(
    ("low", "high", "bounds"), [("0.5", "2", (250, 1000)), ("3", "5", (1000, 4000)), ("16", "256", (8000, 60_000))]
)
def test_serverless_documentdb_follows_its_capacity(low: str, high: str, bounds: tuple[int, int]) -> None:
    assert stores.documentdb_serverless(Fraction(low), Fraction(high)) == bounds


def test_only_aurora_dsql_limits_the_rate_of_new_connections() -> None:
    assert stores.connection_rate("dsql-cluster") == stores.ConnectionRate(100, 1000)
    assert stores.connection_rate("rds-instance") is None


def test_the_memory_for_a_number_of_connections_carries_it_and_no_less_does() -> None:
    for connections in (1, 79, 500, 20_000):
        memory = defaults.memory_carrying("postgres", "17.5", connections)
        assert memory is not None
        carried = defaults.carried_by_memory("postgres", "17.5", memory)
        below = defaults.carried_by_memory("postgres", "17.5", memory - 2**20)
        assert carried is not None
        assert below is not None
        assert below[0] < connections <= carried[0]


@pytest.mark.parametrize(
    ("engine", "version", "settable"),
    [
        ("postgres", "17.5", (6, 262_143)),
        ("aurora-mysql", "8.0.mysql_aurora.3.08", (1, 16_000)),
        ("aurora-mysql", "8.4.10", (1, 50_000)),
        ("aurora-mysql", None, (1, 50_000)),
        ("oracle-ee", "19", None),
    ],
)
def test_what_aws_accepts_in_a_parameter_group(
    engine: str, version: str | None, settable: tuple[int, int] | None
) -> None:
    assert defaults.settable(engine, version) == settable
