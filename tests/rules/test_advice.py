"""Advice fits the store: RDS Proxy and parameter groups are for databases of RDS, others get a pooler and a larger size."""

from __future__ import annotations

import pytest

from constructs_lib.check import check
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Store
from constructs_lib.model.quantity import Quantity


@pytest.mark.parametrize(
    ("store", "advised", "not_advised"),
    [
        (Store("Orders", "rds-instance", "postgres", max_connections=Quantity.exact(100)), "a proxy", "a pooler"),
        (Store("Orders", "mongodb-atlas-cluster", "mongodb", preset="mongodb-atlas:m0"), "a pooler", "max_connections"),
        (Store("Orders", "external", "postgres", preset="neon:0.25cu"), "a pooler", "max_connections"),
    ],
    ids=lambda value: value.kind if isinstance(value, Store) else "",
)
@pytest.mark.parametrize("reserved", [None, 60, 600])
def test_what_can_stand_before_a_store(store: Store, advised: str, not_advised: str, reserved: int | None) -> None:
    client = Consumer("Api", reserved_concurrency=None if reserved is None else Quantity.exact(reserved))
    report = check(Fleet(stores=(store,), consumers=(client,), connections=(Connection("Api", "Orders"),)))
    fixes = [found.fix for found in report.findings if found.code in ("PP101", "PP102", "PP107")]
    assert fixes or reserved == 60
    assert all(f"connect through {advised}" in fix and not_advised not in fix for fix in fixes)
