"""What a store offers: which limit is in force, what is kept back, and whose class binds."""

from __future__ import annotations

from dataclasses import replace

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
    pinned = replace(
        POSTGRES, max_connections=Quantity.exact(60), max_connections_origin=Origin("orders.template.json", 12)
    )
    capacity = capacity_of(pinned, Settings())
    assert capacity.max_connections == Quantity.exact(60)
    assert capacity.pinned
    assert capacity.usable == Quantity.exact(60 - 9 - 5)
    assert str(capacity.terms[0]) == "max_connections, pinned: 60  [orders.template.json:12]"
    assert capacity.default is not None
    assert capacity.default.low == 79


def test_a_declared_limit_comes_before_a_pinned_one() -> None:
    pinned = replace(POSTGRES, max_connections=Quantity.exact(60))
    assert limit(pinned, Settings(declared_max_connections={"Orders": 50})) == Quantity.exact(50)


def test_the_default_formula_written_out_is_the_default() -> None:
    written = replace(POSTGRES, max_connections_expression="LEAST({DBInstanceClassMemory/9531392}, 5000)")
    assert (limit(written).low, limit(written).high) == (79, 112)


def test_another_formula_over_memory_is_bounded_too() -> None:
    halved = limit(replace(POSTGRES, max_connections_expression="{DBInstanceClassMemory/19062784}"))
    assert (halved.low, halved.high) == (39, 56)


def test_an_expression_nobody_can_evaluate_is_unknown_and_says_which() -> None:
    other = replace(POSTGRES, max_connections_expression="{Sometimes/3}")
    capacity = capacity_of(other, Settings())
    assert capacity.max_connections.is_unknown
    assert "{Sometimes/3}" in capacity.max_connections.reason
    assert "declare max_connections of 'Orders'" in capacity.declare


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        (replace(POSTGRES, instances=(Instance("Orders", "db.r9x.large"),)), "unknown instance class 'db.r9x.large'"),
        (replace(POSTGRES, engine=None), "engine of 'Orders' is unknown"),
        (replace(POSTGRES, engine="sqlserver-ex"), "no default max_connections is published for engine 'sqlserver-ex'"),
        (replace(POSTGRES, instances=()), "'Orders' has no instance whose class could be read"),
        (replace(POSTGRES, instances=(Instance("Orders", None, class_reason="a parameter"),)), "a parameter"),
        (replace(AURORA, instances=(Instance("Writer", "db.serverless"),)), "no maximum capacity is set"),
        (
            replace(AURORA, engine="aurora-mysql", instances=(Instance("Writer", "db.r8gd.large"),)),
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
    alone = replace(AURORA, instances=AURORA.instances[:1])
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
    store = replace(
        AURORA,
        engine=engine,
        instances=(Instance("Writer", "db.serverless"),),
        serverless_min=Quantity.exact(minimum),
        serverless_max=Quantity.exact(maximum),
    )
    assert limit(store) == Quantity.exact(expected)


def test_serverless_between_two_rows_of_the_table_is_bounded_by_them() -> None:
    store = replace(
        AURORA,
        instances=(Instance("Writer", "db.serverless"),),
        serverless_min=Quantity.exact(1),
        serverless_max=Quantity.exact(6),
    )
    assert (limit(store).low, limit(store).high) == (823, 1669)


def test_everybody_else_on_the_database_is_subtracted() -> None:
    store = replace(
        POSTGRES,
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
    assert capacity_of(replace(POSTGRES, max_connections=Quantity.exact(6)), Settings()).usable == Quantity.exact(0)
