"""Advice fits the store: RDS Proxy and parameter groups are for databases of RDS, others get a pooler and a larger size."""

from __future__ import annotations

import pytest

from constructs_lib.check import check
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Store
from constructs_lib.model.quantity import Quantity


@pytest.mark.parametrize(
    ("store", "tight", "advised", "not_advised"),
    [
        (Store("Orders", "rds-instance", "postgres", max_connections=Quantity.exact(100)), 60, "a proxy", "a pooler"),
        (
            Store("Orders", "mongodb-atlas-cluster", "mongodb", preset="mongodb-atlas:m0"),
            300,
            "a pooler",
            "max_connections",
        ),
        (Store("Orders", "external", "postgres", preset="neon:0.25cu"), 60, "a pooler", "max_connections"),
    ],
    ids=lambda value: value.kind if isinstance(value, Store) else "",
)
def test_what_can_stand_before_a_store(store: Store, tight: int, advised: str, not_advised: str) -> None:
    """``tight`` fits, but not twice, as during a deploy."""
    for reserved, code in ((None, "PP102"), (tight, "PP107"), (600, "PP101")):
        client = Consumer("Api", reserved_concurrency=None if reserved is None else Quantity.exact(reserved))
        report = check(Fleet(stores=(store,), consumers=(client,), connections=(Connection("Api", "Orders"),)))
        (fix,) = (found.fix for found in report.findings if found.code == code)
        assert f"connect through {advised}" in fix
        assert not_advised not in fix


def test_of_an_unknown_limit_nothing_is_said_to_be_used_up() -> None:
    store = Store("Orders", "external", None)
    report = check(Fleet(stores=(store,), consumers=(Consumer("Api"),), connections=(Connection("Api", "Orders"),)))
    (fix,) = (found.fix for found in report.findings if found.code == "PP102")
    assert fix == "reserve concurrency for Api, and declare max_connections of Orders to learn how much fits"


@pytest.mark.parametrize(
    ("kind", "engine", "pins"), [("rds-instance", "postgres", True), ("documentdb-cluster", "docdb", False)]
)
def test_a_limit_is_only_to_be_pinned_where_it_can_be(kind: str, engine: str, pins: bool) -> None:
    store = Store("Orders", kind, engine, instances=(Instance("Orders", "db.r5.large"),))
    client = Consumer("Api", reserved_concurrency=Quantity.exact(40))
    report = check(Fleet(stores=(store,), consumers=(client,), connections=(Connection("Api", "Orders"),)))
    (fix,) = (found.fix for found in report.findings if found.code == "PP104")
    assert ("pin max_connections" in fix) is pins
    assert "a class with 5 vCPUs or more" in fix
