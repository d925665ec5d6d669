"""The largest number of environments behind a pool is exactly the edge of the proof."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Pool, Store
from constructs_lib.model.headroom import largest_through_pool
from constructs_lib.model.pools import Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

STORE = Store("Orders", "rds-instance", "postgres", max_connections=Quantity.exact(100))
POOL = Pool("Proxy", "Orders", percent=Quantity.exact(20), borrow_timeout_seconds=Quantity.exact(5))


def fleet(reserved: int, others: int, hold: float) -> Fleet:
    names = {"Api": reserved, "Other": others}
    return Fleet(
        (STORE,),
        (POOL,),
        tuple(
            Consumer(name, reserved_concurrency=Quantity.exact(size), timeout_seconds=Quantity.exact(30))
            for name, size in names.items()
        ),
        tuple(
            Connection(
                name,
                "Orders",
                via="proxy",
                pool="Proxy",
                connections_per_environment=Quantity.exact(1),
                hold_seconds=Quantity.exact(hold),
                hold_enforced=True,
            )
            for name in names
        ),
    )


def largest(reserved: int, others: int, hold: float, ceiling: int = 900) -> int:
    item = judge(fleet(reserved, others, hold), Settings()).of("Orders")
    assert item is not None
    pool = item.pools[0]
    return largest_through_pool(pool, item.capacity, pool.demands[0], ceiling)


def verdict(reserved: int, others: int, hold: float) -> Verdict:
    return judge(fleet(reserved, others, hold), Settings()).pools[0][1].verdict


@given(st.integers(1, 400), st.integers(0, 150), st.sampled_from([0.1, 0.25, 1, 2.5]))
def test_the_edge_fits_and_one_more_does_not(reserved: int, others: int, hold: float) -> None:
    edge = largest(reserved, others, hold)
    assert edge == 0 or verdict(edge, others, hold) is Verdict.FITS
    assert edge == 900 or verdict(edge + 1, others, hold) is not Verdict.FITS


def test_the_ceiling_ends_the_search() -> None:
    assert largest(5, 0, 0.001, ceiling=50) == 50
    assert largest(5, 0, 0.001, ceiling=0) == 0


def test_nothing_fits_a_pool_that_others_fill() -> None:
    assert largest(5, 200, 1) == 0
