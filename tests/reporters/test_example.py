"""The template whose report is the README's picture still shows what the picture shows."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.check import check
from constructs_lib.model.verdict import Verdict
from constructs_lib.readers.sources import read

SHOP = Path(__file__).parents[2] / "examples" / "report" / "shop.yaml"


def test_the_pool_fits_and_the_database_does_not() -> None:
    reading = read([SHOP])
    report = check(reading.fleet)
    (orders,) = report.budget.stores
    (pool,) = orders.pools
    assert not reading.unread
    assert (orders.verdict, pool.verdict) == (Verdict.EXCEEDS, Verdict.FITS)
    assert (str(orders.opened), str(orders.capacity.usable), str(pool.clients)) == ("180", "106", "80")
    assert {connection.store for connection in reading.fleet.connections} == {"Orders", "Sessions"}
