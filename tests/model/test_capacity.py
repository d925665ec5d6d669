"""What a store offers: which limit is in force, what is kept back, and whose class binds."""

from __future__ import annotations

import pytest

from constructs_lib.model.capacity import capacity_of
from constructs_lib.model.fleet import Instance, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

POSTGRES = Store(
    "Orders", "rds-instance", "postgres", engine_version="16.8", instances=(Instance("Orders", "db.t4g.micro"),)
)
AURORA = Store(
    "Ledger",
    "aurora-cluster",
    "aurora-postgresql",
    engine_version="16.6",
    instances=(
        Instance("Writer", "db.r6g.large", "writer"),
        Instance("Reader", "db.t4g.medium", "reader", promotion_tier=15),
    ),
)


def limit(store: Store, settings: Settings | None = None) -> Quantity:
    return capacity_of(store, settings or Settings()).max_connections


def test_a_default_is_bounded_by_conservative_and_nominal_memory() -> None:
    capacity = capacity_of(POSTGRES, Settings())
    assert (capacity.max_connections.low, capacity.max_connections.high) == (79, 112)
    assert "db.t4g.micro" in capacity.max_connections.reason
    assert not capacity.pinned
    assert capacity.reserved == Quantity.exact(9)
    assert (capacity.usable.low, capacity.usable.high) == (79 - 9 - 5, 112 - 9 - 5)
    assert capacity.vcpus == Quantity.exact(2)


def test_a_pinned_limit_is_exact_and_keeps_its_origin() -> None:
    pinned = POSTGRES._replace(
        max_connections=Quantity.exact(60), max_connections_origin=Origin("orders.template.json", 12)
    )
    capacity = capacity_of(pinned, Settings())
    assert capacity.max_connections == Quantity.exact(60)
    assert capacity.pinned
    assert capacity.usable == Quantity.exact(60 - 9 - 5)
    assert str(capacity.terms[0]) == "max_connections, pinned: 60  [orders.template.json:12]"
    assert capacity.default is not None
    assert capacity.default.low == 79


def test_a_declared_limit_comes_before_a_pinned_one() -> None:
    pinned = POSTGRES._replace(max_connections=Quantity.exact(60))
    assert limit(pinned, Settings(declared_max_connections={"Orders": 50})) == Quantity.exact(50)


def test_the_default_formula_written_out_is_the_default() -> None:
    written = POSTGRES._replace(max_connections_expression="LEAST({DBInstanceClassMemory/9531392}, 5000)")
    assert (limit(written).low, limit(written).high) == (79, 112)


def test_another_formula_over_memory_is_bounded_too() -> None:
    halved = limit(POSTGRES._replace(max_connections_expression="{DBInstanceClassMemory/19062784}"))
    assert (halved.low, halved.high) == (39, 56)


def test_an_expression_nobody_can_evaluate_is_unknown_and_says_which() -> None:
    other = POSTGRES._replace(max_connections_expression="{Sometimes/3}")
    capacity = capacity_of(other, Settings())
    assert capacity.max_connections.is_unknown
    assert "{Sometimes/3}" in capacity.max_connections.reason
    assert "declare max_connections of 'Orders'" in capacity.declare


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        (POSTGRES._replace(instances=(Instance("Orders", "db.r9x.large"),)), "unknown instance class 'db.r9x.large'"),
        (POSTGRES._replace(engine=None), "engine of 'Orders' is unknown"),
        (POSTGRES._replace(engine="sqlserver-ex"), "no default max_connections is published for engine 'sqlserver-ex'"),
        (POSTGRES._replace(instances=()), "'Orders' has no instance whose class could be read"),
        (POSTGRES._replace(instances=(Instance("Orders", None, class_reason="a parameter"),)), "a parameter"),
        (AURORA._replace(instances=(Instance("Writer", "db.serverless"),)), "no maximum capacity is set"),
        (
            AURORA._replace(engine="aurora-mysql", instances=(Instance("Writer", "db.r8gd.large"),)),
            "no documented max_connections for 'db.r8gd.large'",
        ),
    ],
)
def test_what_cannot_be_known_is_unknown_with_a_reason(store: Store, reason: str) -> None:
    capacity = capacity_of(store, Settings())
    assert capacity.max_connections.is_unknown
    assert reason in capacity.max_connections.reason
    assert capacity.usable.low == 0
    assert capacity.declare


def test_the_smallest_instance_that_may_become_writer_binds() -> None:
    reader = capacity_of(AURORA, Settings(), "reader")
    assert limit(AURORA).low == reader.max_connections.low
    alone = AURORA._replace(instances=AURORA.instances[:1])
    assert limit(AURORA).low < limit(alone).low


@pytest.mark.parametrize(
    ("engine", "minimum", "maximum", "expected"),
    [
        ("aurora-postgresql", 2, 8, 1669),
        ("aurora-postgresql", 0.5, 32, 2000),
        ("aurora-postgresql", 0, 128, 2000),
        ("aurora-postgresql", 1, 32, 5000),
        ("aurora-mysql", 0.5, 64, 4000),
        ("aurora-mysql", 1, 1, 90),
    ],
)
def test_serverless_capacity_follows_the_maximum(engine: str, minimum: float, maximum: float, expected: int) -> None:
    store = AURORA._replace(
        engine=engine,
        instances=(Instance("Writer", "db.serverless"),),
        serverless_min=Quantity.exact(minimum),
        serverless_max=Quantity.exact(maximum),
    )
    assert limit(store) == Quantity.exact(expected)


def test_serverless_between_two_rows_of_the_table_is_bounded_by_them() -> None:
    store = AURORA._replace(
        instances=(Instance("Writer", "db.serverless"),),
        serverless_min=Quantity.exact(1),
        serverless_max=Quantity.exact(6),
    )
    assert (limit(store).low, limit(store).high) == (823, 1669)


def test_everybody_else_on_the_database_is_subtracted() -> None:
    store = POSTGRES._replace(
        max_connections=Quantity.exact(100),
        operator_reserve=10,
        other_connections=(("reports", Quantity.exact(7)),),
    )
    capacity = capacity_of(store, Settings(declared_consumers={"Orders": (("replication", 3),)}))
    assert capacity.usable == Quantity.exact(100 - 9 - 10 - 7 - 3)
    assert [str(term) for term in capacity.terms[-2:]] == [
        "declared client reports: 7",
        "declared client replication: 3",
    ]


def test_a_limit_smaller_than_the_reserves_leaves_nothing() -> None:
    assert capacity_of(POSTGRES._replace(max_connections=Quantity.exact(6)), Settings()).usable == Quantity.exact(0)


def serverless(engine: str, low: Quantity | None, high: float, pin: int | None = None) -> Store:
    return Store(
        "Ledger",
        "documentdb-cluster" if engine == "docdb" else "aurora-cluster",
        engine,
        instances=(Instance("Writer", "db.serverless"),),
        serverless_min=low,
        serverless_max=Quantity.exact(high),
        max_connections=None if pin is None else Quantity.exact(pin),
    )


@pytest.mark.parametrize(
    ("low", "bounds"),
    [
        (Quantity.exact(0), (2000, 2000)),
        (Quantity.exact(0.5), (2000, 2000)),
        (Quantity.exact(1), (3000, 3000)),
        (Quantity.unknown("a parameter"), (2000, 3000)),
        (None, (2000, 3000)),
    ],
)
def test_a_small_minimum_caps_what_aurora_postgresql_pins(low: Quantity | None, bounds: tuple[int, int]) -> None:
    found = limit(serverless("aurora-postgresql", low, 64, pin=3000))
    assert (found.low, found.high) == bounds
    assert limit(serverless("aurora-mysql", low, 64, pin=3000)) == Quantity.exact(3000)


def test_serverless_documentdb_is_judged_between_its_lowest_and_highest_capacity() -> None:
    found = limit(serverless("docdb", Quantity.exact(0.5), 16))
    assert (found.low, found.high) == (250, 8000)
    assert "follows the current capacity" in found.reason


def test_a_provisioned_member_binds_a_mixed_documentdb_cluster() -> None:
    store = serverless("docdb", Quantity.exact(8), 256)
    mixed = store._replace(instances=(*store.instances, Instance("Reader", "db.t4g.medium", "reader")))
    assert (limit(mixed).low, limit(mixed).high) == (1000, 1000)


def test_serverless_documentdb_without_a_range_is_unknown() -> None:
    assert limit(serverless("docdb", None, 16)).is_unknown


def test_a_preset_offers_its_limit_and_keeps_what_its_service_keeps() -> None:
    store = Store("Neon", "external", "postgres", preset="neon:0.25cu")
    capacity = capacity_of(store, Settings())
    assert capacity.max_connections == Quantity.exact(104)
    assert capacity.reserved == Quantity.exact(7)
    assert capacity.pinned
    assert "neon:0.25cu" in str(capacity.terms[0])


def test_a_preset_of_the_settings_counts_and_an_explicit_limit_outweighs_it() -> None:
    store = Store("Neon", "external", "postgres")
    presets = {"Neon": "supabase-pooler:nano"}
    assert limit(store, Settings(declared_presets=presets)) == Quantity.exact(200)
    assert capacity_of(store, Settings(declared_presets=presets)).reserved == Quantity.exact(0)
    assert limit(store, Settings(declared_presets=presets, declared_max_connections={"Neon": 9})) == Quantity.exact(9)
    assert limit(store._replace(max_connections=Quantity.exact(30), preset="neon:1cu")) == Quantity.exact(30)


@pytest.mark.parametrize(
    ("name", "why"), [("neon:0.26cu", "did you mean 'neon:0.25cu'?"), ("planetscale", "no limit is published")]
)
def test_a_preset_without_a_number_is_unknown_with_the_reason(name: str, why: str) -> None:
    found = limit(Store("Neon", "external", None, preset=name))
    assert found.is_unknown
    assert why in found.reason


@pytest.mark.parametrize(
    ("kind", "instance_class", "connections"),
    [
        ("dsql-cluster", None, 10_000),
        ("elasticache-cluster", "cache.t4g.micro", 65_000),
        ("elasticache-serverless", None, 65_000),
        ("memorydb-cluster", "db.t4g.small", 65_000),
        ("neptune-cluster", "db.t4g.medium", 512),
        ("neptune-cluster", "db.r6g.12xlarge", 32_768),
        ("redshift-cluster", "dc2.large", 500),
        ("redshift-cluster", "ra3.xlplus", 2_000),
        ("redshift-workgroup", None, 2_000),
        ("documentdb-cluster", "db.t4g.medium", 1_000),
    ],
)
def test_every_store_that_holds_connections_has_its_documented_limit(
    kind: str, instance_class: str | None, connections: int
) -> None:
    instances = () if instance_class is None else (Instance("One", instance_class),)
    assert limit(Store("S", kind, None, instances=instances)) == Quantity.exact(connections)


@pytest.mark.parametrize(("kind", "pins"), [("rds-instance", True), ("aurora-cluster", True), ("external", False)])
def test_only_what_has_a_parameter_group_can_be_pinned(kind: str, pins: bool) -> None:
    advice = capacity_of(Store("Orders", kind, None), Settings()).declare
    assert advice.startswith("declare max_connections of 'Orders'")
    assert ("parameter group" in advice) is pins
