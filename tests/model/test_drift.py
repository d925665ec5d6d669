from __future__ import annotations

from typing import Any

from constructs_lib.model.drift import drift
from constructs_lib.model.fleet import Consumer, Fleet, Instance, Pool, Provisioned, Store
from constructs_lib.model.quantity import Quantity

exact = Quantity.exact


def fleet(**values: Any) -> Fleet:
    store = {"id": "db", "kind": "rds-instance", "engine": "postgres", **values.get("store", {})}
    pool = {"id": "proxy", "store": "db", **values.get("pool", {})}
    return Fleet((Store(**store),), (Pool(**pool),), (Consumer("api", **values.get("consumer", {})),))


SAME = {"api": "api", "proxy": "proxy", "db": "db"}


def test_a_setting_left_to_aws_is_its_default() -> None:
    written = {"percent": exact(100), "borrow_timeout_seconds": exact(120), "idle_client_timeout_seconds": exact(1800)}

    assert drift(fleet(), fleet(pool=written), SAME) == ()


def test_what_was_reserved_by_hand_is_drift() -> None:
    (found,) = drift(fleet(), fleet(consumer={"reserved_concurrency": exact(5)}), SAME)

    assert str(found) == "api: ReservedConcurrentExecutions is 5, planned not set"
    assert found.certain


def test_an_unknown_number_is_said_and_is_no_certain_drift() -> None:
    hidden = {"reserved_concurrency": Quantity.unknown("not allowed")}

    (found,) = drift(fleet(consumer={"reserved_concurrency": exact(5)}), fleet(consumer=hidden), SAME)

    assert not found.certain
    assert "cannot be compared" in str(found)


def test_two_unknown_numbers_are_not_alike() -> None:
    hidden = {"consumer": {"reserved_concurrency": Quantity.unknown("not allowed")}}

    assert [item.certain for item in drift(fleet(**hidden), fleet(**hidden), SAME)] == [False]


def test_a_formula_a_class_and_provisioned_environments_are_compared() -> None:
    planned = fleet(
        store={
            "max_connections_expression": "LEAST({DBInstanceClassMemory/9531392},5000)",
            "instances": (Instance("a", "db.r6g.large"),),
        },
        consumer={"provisioned": (Provisioned("v1", exact(2)), Provisioned("v2", exact(3)))},
    )
    deployed = fleet(
        store={"max_connections": exact(200), "instances": (Instance("a", "db.r6g.xlarge"),)},
        consumer={"provisioned": (Provisioned("any", exact(5)),)},
    )

    assert {(item.setting, item.deployed) for item in drift(planned, deployed, SAME)} == {
        ("max_connections", "200"),
        ("DBInstanceClass", "db.r6g.xlarge"),
    }


def test_what_has_no_counterpart_is_left_alone() -> None:
    assert drift(fleet(), fleet(consumer={"reserved_concurrency": exact(5)}), {}) == ()
